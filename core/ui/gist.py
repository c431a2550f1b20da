"""What somebody wrote in Markdown, read on one line: last words, and what a reply answers."""

from collections.abc import Iterable, Iterator

from markdown_it.token import Token

from core.lines import one_line
from core.ui.reading import reader
from core.ui.text import as_label

LONGEST = 1_000
"""Characters that are read: more than any line shows."""
NAMELESS = {"fence": "code", "code_block": "code", "image": "image"}
"""What stands for those of which there is nothing to read."""

_reader = reader(formulas=False, marks=False).enable("strikethrough")


def as_gist(text: str, limit: int) -> str:
    """`as_label` of what the text says: its words without the marks around them, as lists of mails show it."""
    return as_label(gist(text), limit)


def gist(text: str) -> str:
    """Plain text on one line, for a page to make harmless. Of code its first line, of links their words; what consists
    of marks alone stays as it is.
    """
    text = text[:LONGEST]
    return one_line(" ".join(_said(_reader.parse(text)))) or one_line(text)


def _said(blocks: Iterable[Token]) -> Iterator[str]:
    for block in blocks:
        if block.type == "inline":
            yield "".join(_words(block.children or ()))
        elif block.type in NAMELESS:
            yield next((line for line in block.content.splitlines() if line.strip()), NAMELESS[block.type])
        elif block.type == "html_block":  # a page shows it as it was typed
            yield block.content


def _words(inside: Iterable[Token]) -> Iterator[str]:
    for token in inside:
        if token.type in ("softbreak", "hardbreak"):
            yield " "
        elif token.type == "image":
            yield token.content or NAMELESS[token.type]
        else:
            yield token.content
