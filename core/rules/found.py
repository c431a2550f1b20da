"""What a rule found in a text, and what takes its place where it is masked."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class What(StrEnum):
    """`value` is how it is spoken of: never what it was."""

    PRIVATE_KEY = "a private key"
    KEY = "a key or token"
    PASSWORD = "a password"
    CARD = "a card number"
    ACCOUNT = "an account number"
    WORDS = "a listed word"
    PATTERN = "a text of a certain form"

    @property
    def mask(self) -> str:
        return MASKS[self]


MASKS = {
    What.PRIVATE_KEY: "[private key removed]",
    What.KEY: "[key removed]",
    What.PASSWORD: "[password removed]",
    What.CARD: "[card number removed]",
    What.ACCOUNT: "[account number removed]",
    What.WORDS: "[removed]",
    What.PATTERN: "[removed]",
}
_MASK = re.compile("|".join(map(re.escape, sorted(set(MASKS.values())))))


@dataclass(frozen=True, slots=True)
class Found:
    start: int
    end: int
    what: What


def pieces(text: str) -> Iterator[tuple[int, str]]:
    """The text between masks, each piece with its place: what takes a secret's place is not looked through again."""
    at = 0
    for mask in _MASK.finditer(text):
        yield at, text[at : mask.start()]
        at = mask.end()
    yield at, text[at:]


def masked(text: str, found: Iterable[Found]) -> str:
    """With masks in place of what was found; what overlaps or touches goes as one."""
    parts: list[str] = []
    at, end, what = 0, -1, What.KEY
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if one.start <= end:
            end = max(end, one.end)
            continue
        if end >= 0:
            parts.append(what.mask)
            at = end
        parts.append(text[at : one.start])
        end, what = one.end, one.what
    if end >= 0:
        parts.append(what.mask)
        at = end
    return "".join(parts) + text[at:]


def line_of(text: str, place: int) -> int:
    """Counted from 1."""
    return text.count("\n", 0, place) + 1
