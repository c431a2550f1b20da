"""Markdown as Streamlit's page reads it, which is CommonMark with tables, formulas and marks of its own."""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block.fence import make_fence_rule
from markdown_it.rules_inline import StateInline

# What a name of Streamlit's marks may consist of, in any script; it neither begins nor ends anywhere else.
NAME = r"[^\s\x00-,./:-@\[-^`{-\x7f]"
_MARK = re.compile(rf":{NAME}++")
_NO_MARK = re.compile(r"(?<!\\):\Z")
"""What stands before: the second of two colons begins none."""
_ATTRIBUTES = re.compile(r"""\{(?:[^"'{}]|"[^"]*"|'[^']*')*+\}""")
_DOLLARS = re.compile(r"\$+")
MOST_IN_MARK, MOST_NESTED = 1_000, 32
"""Characters between the brackets of a mark, and brackets in brackets: of more it is none."""


class Reader(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 - as the library calls it
        """Streamlit makes a link of any but `javascript:`, also of what begins another program."""
        return True


def reader(*, formulas: bool, marks: bool) -> Reader:
    """`marks`: `:name[…]` and `:name{…}`, out of which no tick begins a piece of code."""
    found = Reader("commonmark")
    found.enable("table")
    if formulas:
        block = make_fence_rule(markers=("$",), token_type="formula", disallow_marker_in_info=("$",), min_markers=2)
        found.block.ruler.before("fence", "formula", block, {"alt": ["paragraph", "reference", "blockquote", "list"]})
        found.inline.ruler.before("backticks", "formula", _formula)
    if marks:
        found.inline.ruler.before("backticks", "mark", _mark)
    return found


def _formula(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - as the library calls it
    """Between as many dollars, as code is between as many ticks."""
    opening = _DOLLARS.match(state.src, state.pos, state.posMax)
    if opening is None:
        return False
    closing = re.compile(rf"(?<!\$)\${{{len(opening[0])}}}(?!\$)").search(state.src, opening.end(), state.posMax)
    if not silent and closing:
        state.push("formula", "", 0).content = state.src[opening.end() : closing.start()]
    elif not silent:
        state.append_pending(opening[0])
    state.pos = (closing or opening).end()
    return True


def _mark(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - as the library calls it
    named = _MARK.match(state.src, state.pos, state.posMax)
    if named is None or named[0][-1] in "-_" or _NO_MARK.search(state.src, max(0, state.pos - 2), state.pos):
        return False
    inside = _bracketed(state.src, named.end(), state.posMax)
    after = named.end() if inside is None else named.end() + len(inside) + 2
    braced = _ATTRIBUTES.match(state.src, after, state.posMax)
    if not silent:
        token = state.push("mark", "", 0)
        token.children = []
        state.md.inline.parse(inside or "", state.md, state.env, token.children)
    state.pos = braced.end() if braced else after
    return True


def _bracketed(text: str, start: int, end: int) -> str | None:
    """What stands in brackets from there on, with others in them."""
    depth, place = 0, start
    while place < min(end, start + MOST_IN_MARK + 2):
        match text[place]:
            case "\\":
                place += 1
            case "[":
                depth += 1
            case "]":
                depth -= 1
        if depth > MOST_NESTED + 1:
            return None
        if depth <= 0:
            return text[start + 1 : place] if place > start else None
        place += 1
    return None
