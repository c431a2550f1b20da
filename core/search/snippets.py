"""The piece of a text that shows why it was found."""

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from core.search.query import Query
from core.search.words import PART, Token, accented_stems_of, bare, fold, stems_of, tokens_of

LENGTH = 240
"""Characters shown, about."""
BEFORE = 60
"""Characters shown before the first hit."""
LOOK_ON = 4_000
"""Characters that are looked at behind the first hit, for a place with more of them."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Spans:
    """A text on one line, and where in it the words of a query are."""

    text: str
    spans: tuple[Span, ...]


class Highlighter:
    """Knows the words of a query again in a text."""

    def __init__(self, query: Query) -> None:
        self.whole = {token.text for token in query.words if not token.is_word and not token.is_unspaced}
        self.unspaced = [token.text for token in query.words if token.is_unspaced]
        self.prefixes = tuple(query.prefixes)
        words = {part for token in query.words if not token.is_unspaced for part in (*token.parts, bare(token))}
        self.forms = words | {stemmed for word in words for stemmed in stems_of(word)} | query.forms

    def snippet(self, text: str) -> Spans:
        """The best piece of the text; its beginning where none of the words is in it."""
        line = " ".join(unicodedata.normalize("NFC", text).split())
        found = list(self._found(line))
        start, end = _window(line, found)
        head, tail = "…" if start else "", "…" if end < len(line) else ""
        shift = len(head) - start
        within = [(max(a, start) + shift, min(b, end) + shift) for a, b in found if a < end and b > start]
        return Spans(f"{head}{line[start:end]}{tail}", tuple(_merged(sorted(within))))

    def title(self, text: str) -> Spans:
        """The whole text, on one line."""
        line = " ".join(unicodedata.normalize("NFC", text).split())
        return Spans(line, tuple(_merged(sorted(self._found(line)))))

    def _found(self, line: str) -> Iterator[Span]:
        folded, places = _folded(line)
        last = len(folded)
        for token in tokens_of(folded):
            if token.start > last:
                return
            for start, end in self._in_token(token) if places is None else self._with_accents(token, line, places):
                last = min(last, end + LOOK_ON)
                yield (start, end) if places is None else (places[start], places[end - 1] + 1)

    def _with_accents(self, token: Token, line: str, places: list[int]) -> Iterator[Span]:
        """The same in a text that has accents: a word may also be known by its form with them."""
        start, end = token.start, token.start + len(token.text)
        as_written = line[places[start] : places[end - 1] + 1]
        if token.is_word and not self.forms.isdisjoint(accented_stems_of(as_written)):
            yield start, end
        else:
            yield from self._in_token(token)

    def _in_token(self, token: Token) -> Iterator[Span]:
        if token.is_unspaced:
            for sought in self.unspaced:
                if (at := token.text.find(sought)) >= 0:
                    yield token.start + at, token.start + at + len(sought)
        elif token.text in self.whole or (self.prefixes and token.text.startswith(self.prefixes)):
            yield token.start, token.start + len(token.text)
        else:
            for part in PART.finditer(token.text):
                if self._is_sought(part.group()):
                    yield token.start + part.start(), token.start + part.end()

    def _is_sought(self, word: str) -> bool:
        is_begun = bool(self.prefixes) and word.startswith(self.prefixes)
        return is_begun or word in self.forms or not self.forms.isdisjoint(stems_of(word))


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
