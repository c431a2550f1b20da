"""A text without the tricks that Unicode allows, and where each of its characters comes from."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from core.search.words import fold

# Drawn as nothing: between two characters they hide what stands there from whoever looks for it.
_UNSEEN = re.compile("[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
                     "\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e01ef]")  # fmt: skip
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d\u00b7\u2022\u2219]")


@dataclass(frozen=True, slots=True)
class Placed:
    """`text` is looked through; `starts` and `ends` say where each of its characters is in the text as it was typed.
    None where each is in its own place.
    """

    text: str
    starts: list[int] | None
    ends: list[int] | None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """In the text as it was typed, of a piece that is not empty."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]


def plain(text: str) -> Placed:
    """Full-width letters as the usual ones, digits of every script as 0 to 9, dashes as "-"; nothing that is unseen."""
    return Placed(text, None, None) if text.isascii() else _placed(text, _plain_one)


def folded(text: str) -> Placed:
    """As search folds it: without case, accents and forms of the same character."""
    return Placed(text.lower(), None, None) if text.isascii() else _placed(text, _fold_one)


def _placed(text: str, change: Callable[[str], str]) -> Placed:
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end in _characters(text):
        piece = change(text[start:end])
        pieces.append(piece)
        starts += [start] * len(piece)
        ends += [end] * len(piece)
    return Placed("".join(pieces), starts, ends)


def _characters(text: str) -> list[tuple[int, int]]:
    """What is read as one character: a letter with the marks on it, a Korean syllable that was typed in parts."""
    found: list[tuple[int, int]] = []
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or not _continues(text[at]):
            found.append((start, at))
            start = at
    return found


def _continues(character: str) -> bool:
    return character > "\u02ff" and (unicodedata.combining(character) > 0 or "\u1161" <= character <= "\u11ff")


@lru_cache(maxsize=20_000)
def _plain_one(character: str) -> str:
    plain = _UNSEEN.sub("", unicodedata.normalize("NFKC", _UNSEEN.sub("", character)))
    plain = _DASHES.sub("-", plain)
    return "".join(str(unicodedata.decimal(one, one)) for one in plain)


@lru_cache(maxsize=20_000)
def _fold_one(character: str) -> str:
    return fold(_UNSEEN.sub("", character))
