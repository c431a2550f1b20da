"""Joining a text that broke off with its continuation, which most services send as a text of its own."""

import unicodedata

CLOSING = frozenset(".,;:!?)]}…%’”»'\"")
OPENING = frozenset("([{“„«/-–\"'`#")


def seam(before: str, after: str) -> str:
    """What belongs between the two: a space between words that would run together, else nothing.

    Whether a word itself was cut cannot be known: most models break off between words.
    """
    if not before or not after or before[-1].isspace() or after[0].isspace():
        return ""
    if before[-1] in OPENING or after[0] in CLOSING or _is_wide(before[-1]) or _is_wide(after[0]):
        return ""
    return " "


def _is_wide(character: str) -> bool:
    """Chinese, Japanese and Korean put no space between words, or have their own."""
    return unicodedata.east_asian_width(character) in ("W", "F")
