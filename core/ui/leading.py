"""Where Markdown of people and models leads: nowhere without a click, and by one to the web or to an e-mail alone."""

import re
import string
from collections.abc import Iterable, Iterator
from html import unescape

from markdown_it import MarkdownIt
from markdown_it.token import Token

from core.transfer.html import LONGEST_MARKDOWN, SCHEMES
from core.ui.reading import NAME, reader

# Behind the text of a link, in a definition further down, or by itself; on the next line of a quotation as well. What
# follows is only looked at: it may be no address, and hold the beginning of another link.
_DESTINATION = re.compile(r"(?:\]\([\s>]*<?|\]:[\s>]*<?|<)(?=([^\s<>()]{1,500}))")
_ESCAPED = re.compile(r"\\([" + re.escape(string.punctuation) + "])")
_SCHEME = re.compile(r"([a-zA-Z][\w+.\-]*):")
_MARK = re.compile(r"(!(?=\[)|\](?=[(:\[])|<)")
_JOINER = "\u2060"

# Whether a page reads formulas depends on what else stands in the text.
_plain, _marking, _full = (
    reader(formulas=formulas, marks=marks) for formulas, marks in ((False, False), (False, True), (True, True))
)
_HAS_MARKS = re.compile(rf":{NAME}++[\[{{]")


def kept_here(text: str) -> str:
    """Markdown outside code, in which a link to anywhere else is shown as it was written."""
    return _DESTINATION.sub(_led, text)


def checked(text: str) -> str:
    """The same once more as CommonMark reads it, code included: somebody may have deceived whoever told code from the
    rest, with a tick that is escaped, or a fence that ends with its list. Then no such mark stays whole anywhere.
    """
    if _is_harmless(text):
        return text
    return _MARK.sub(rf"\1{_JOINER}", text)


def _led(found: re.Match[str]) -> str:
    # Not by a backslash: one that stands there already would make it say itself.
    whole: str = found.group()
    return whole if _may_be_clicked(found[1]) else f"{whole[0]}{_JOINER}{whole[1:]}"


def _may_be_clicked(address: str) -> bool:
    """As it is once references to characters and backslashes are read. One without a scheme stays on our pages."""
    scheme = _SCHEME.match(_ESCAPED.sub(r"\1", unescape(address)))
    return scheme is None or scheme[1].lower() in SCHEMES


def _is_harmless(text: str) -> bool:
    leads_astray = any(not _may_be_clicked(found[1]) for found in _DESTINATION.finditer(text))
    if "![" not in text and not leads_astray:
        return True
    return len(text) <= LONGEST_MARKDOWN and not _has_astray(text)


def _has_astray(text: str) -> bool:
    """In any of the ways in which a page may read it. A footnote is no definition of a link, which swallows what stands
    in it.
    """
    readers = [_plain]
    if _HAS_MARKS.search(text):
        readers.append(_marking)
    if "$" in text:
        readers.append(_full)
    return any(_leads_astray(way, text.replace("[^", r"\[^")) for way in readers)


def _leads_astray(way: MarkdownIt, text: str) -> bool:
    return any(
        token.type == "image" or (token.type == "link_open" and not _may_be_clicked(str(token.attrs["href"])))
        for token in _every(way.parse(text))
    )


def _every(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _every(token.children or ())
