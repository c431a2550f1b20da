"""The piece of a text that shows why it was found."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from core.search.query import Query
from core.search.words import (
    PART,
    Language,
    Token,
    accented_stems_of,
    fold,
    languages_of,
    stems_in,
    tokens_of,
)

LENGTH = 240
"""Characters shown, about."""
BEFORE = 60
"""Characters shown before the first hit."""
LOOK_ON = 4_000
"""Characters that are looked at behind the first hit, for a place with more of them."""
PIECE = 8_000
"""Characters that are looked at in one go."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Spans:
    """A text on one line, and where in it the words of a query are."""

    text: str
    spans: tuple[Span, ...]


class Highlighter:
    """Knows the words of a query again in a text."""

    def __init__(self, query: Query) -> None:
        self.forms = query.forms
        self.whole = query.whole
        self.unspaced = query.unspaced
        self.prefixes = tuple(query.prefixes)
        self.runs = query.runs

    def snippet(self, text: str) -> Spans:
        """The best piece of the text; its beginning where none of the words is in it."""
        line = " ".join(unicodedata.normalize("NFC", text).split())
        found = self._found(line)
        start, end = _window(line, found)
        head, tail = "…" if start else "", "…" if end < len(line) else ""
        shift = len(head) - start
        within = [(max(a, start) + shift, min(b, end) + shift) for a, b in found if a < end and b > start]
        return Spans(f"{head}{line[start:end]}{tail}", tuple(_merged(within)))

    def title(self, text: str) -> Spans:
        """The whole text, on one line."""
        line = " ".join(unicodedata.normalize("NFC", text).split())
        return Spans(line, tuple(_merged(self._found(line))))

    def _found(self, line: str) -> list[Span]:
        """In order. A long text is read in pieces, to a little behind the first in which something is found."""
        found: list[Span] = []
        start = 0
        while start < len(line):
            end = line.find(" ", start + PIECE) % (len(line) + 1)
            found += [(a + start, b + start) for a, b in self._in_piece(line[start:end])]
            if found and end > found[0][0] + LOOK_ON:
                break
            start = end
        return sorted(found)

    def _in_piece(self, piece: str) -> Iterator[Span]:
        folded, places = _folded(piece)
        tokens = list(tokens_of(folded))
        spoken = languages_of([token.text for token in tokens if token.is_word])
        parts = [part for token in tokens for part in _parts_of(token)]
        spans = chain(
            *(self._in_token(token) for token in tokens),
            *(self._runs(run, parts) for run in self.runs),
            ((at, end) for word, at, end in parts if self._is_sought(word, _raw(piece, places, at, end), spoken)),
        )
        for start, end in spans:
            yield (start, end) if places is None else (places[start], places[end - 1] + 1)

    def _in_token(self, token: Token) -> Iterator[Span]:
        if token.is_unspaced:
            for sought in (*self.unspaced, *self.prefixes):
                for found in re.finditer(re.escape(sought), token.text):
                    yield token.start + found.start(), token.start + found.end()
        elif token.text in self.whole:
            yield token.start, token.start + len(token.text)
        else:
            for prefix in self.prefixes:
                if token.text.startswith(prefix):
                    yield token.start, token.start + len(token.text)

    def _runs(self, run: tuple[str, ...], parts: list[tuple[str, int, int]]) -> Iterator[Span]:
        """Each place where these words stand one behind the other."""
        for at in range(len(parts) - len(run) + 1):
            if all(parts[at + step][0] == word for step, word in enumerate(run)):
                yield parts[at][1], parts[at + len(run) - 1][2]

    def _is_sought(self, word: str, raw: str, spoken: tuple[Language, ...]) -> bool:
        """`spoken`: the languages of the text."""
        if word in self.forms or (self.prefixes and word.startswith(self.prefixes)):
            return True
        if not self.forms.isdisjoint(stems_in(word, spoken)):
            return True
        return not raw.isascii() and not self.forms.isdisjoint(accented_stems_of(raw, spoken))


def _parts_of(token: Token) -> Iterator[tuple[str, int, int]]:
    if token.is_word:
        yield token.text, token.start, token.start + len(token.text)
    elif not token.is_unspaced:
        for part in PART.finditer(token.text):
            yield part.group(), token.start + part.start(), token.start + part.end()


def _raw(piece: str, places: list[int] | None, start: int, end: int) -> str:
    """A word as it is written."""
    return piece[start:end] if places is None else piece[places[start] : places[end - 1] + 1]


def _folded(line: str) -> tuple[str, list[int] | None]:
    """The folded line, and for each of its characters the place it comes from; None where all stay in place."""
    if line.isascii():
        return line.lower(), None
    pieces = [_fold_one(character) for character in line]
    places = [at for at, piece in enumerate(pieces) for _ in piece]
    return "".join(pieces), places


@lru_cache(maxsize=20_000)
def _fold_one(character: str) -> str:
    return fold(character)


def _window(line: str, found: list[Span]) -> Span:
    """Where most hits are close together; never in the middle of a word, if that can be helped."""
    if len(line) <= LENGTH:
        return 0, len(line)
    starts = [start for start, _ in found]
    counts = {start: bisect_right(starts, start + LENGTH - BEFORE) - at for at, start in enumerate(starts)}
    best = max(counts, key=lambda start: (counts[start], -start)) if counts else 0
    end = min(len(line), max(0, best - BEFORE) + LENGTH)
    start = end - LENGTH
    if start and (space := line.find(" ", start, best + 1)) >= 0:
        start = space + 1
    if end < len(line) and (space := line.rfind(" ", start + LENGTH // 2, end)) > 0:
        end = space
    return start, end


def _merged(spans: list[Span]) -> Iterator[Span]:
    """In order, and without overlaps."""
    last: Span | None = None
    for start, end in spans:
        if last and start <= last[1]:
            last = last[0], max(last[1], end)
            continue
        if last:
            yield last
        last = start, end
    if last:
        yield last
