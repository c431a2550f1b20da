"""Where Markdown of people and models leads: nowhere without a click, and by one to the web or to an e-mail alone."""

import re
import string
from collections.abc import Iterable, Iterator
from html import unescape

from markdown_it import MarkdownIt
from markdown_it.token import Token

from core.transfer.html import LONGEST_MARKDOWN, SCHEMES

# Behind the text of a link, in a definition further down, or by itself.
_DESTINATION = re.compile(r"(\]\(\s*<?|\]:\s*<?|<)([^\s<>()]+)")
_ESCAPED = re.compile(r"\\([" + re.escape(string.punctuation) + "])")
_SCHEME = re.compile(r"([a-zA-Z][\w+.\-]*):")
_MARK = re.compile(r"(!(?=\[)|\](?=[(:\[])|<)")
_MATH = re.compile(r"\$\$?.*?\$\$?", re.DOTALL)
_JOINER = "\u2060"


class _Reader(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 - as the library calls it
        """Streamlit makes a link of any but `javascript:`, also of what begins another program."""
        return True


_commonmark = _Reader("commonmark").enable("table")


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
    return whole if _may_be_clicked(found[2]) else f"{whole[0]}{_JOINER}{whole[1:]}"


def _may_be_clicked(address: str) -> bool:
    """As it is once references to characters and backslashes are read. One without a scheme stays on our pages."""
    scheme = _SCHEME.match(_ESCAPED.sub(r"\1", unescape(address)))
    return scheme is None or scheme[1].lower() in SCHEMES


def _is_harmless(text: str) -> bool:
    leads_astray = any(not _may_be_clicked(found[2]) for found in _DESTINATION.finditer(text))
    if "![" not in text and not leads_astray:
        return True
    # What is read as a formula is no code, and a footnote no definition of a link, which swallows what stands in it.
    ways = (text, _MATH.sub("", text))
    return len(text) <= LONGEST_MARKDOWN and not any(map(_has_astray, (way.replace("[^", r"\[^") for way in ways)))


def _has_astray(text: str) -> bool:
    return any(
        token.type == "image" or (token.type == "link_open" and not _may_be_clicked(str(token.attrs["href"])))
        for token in _every(_commonmark.parse(text))
    )


def _every(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _every(token.children or ())
