"""Lists of words, looked for in a time that grows with the text, however long the list is."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core.errors import Invalid
from core.rules.found import Found, What
from core.rules.places import Placed
from core.search.words import PART, TOKEN, fold

MOST_WORDS = 5_000
LONGEST_ENTRY = 100


@dataclass(frozen=True, slots=True)
class _Entry:
    """Signs at its edges stand there in the text too: “C++” is not “C”."""

    before: str
    behind: str


class WordList:
    """Words and phrases are found as whole words, whatever stands between those of a phrase; in writing without spaces
    wherever they stand.
    """

    def __init__(self, entries: Iterable[str]) -> None:
        self._phrases: dict[tuple[str, ...], list[_Entry]] = defaultdict(list)
        self._unspaced: set[str] = set()
        lengths: dict[str, set[int]] = defaultdict(set)
        runs: dict[str, set[int]] = defaultdict(set)
        for entry in map(_plain, entries):
            if _is_unspaced(entry):
                self._unspaced.add(entry)
                runs[entry[0]].add(len(entry))
                continue
            parts = list(PART.finditer(entry))
            words = tuple(part.group() for part in parts)
            self._phrases[words].append(_Entry(entry[: parts[0].start()], entry[parts[-1].end() :]))
            lengths[words[0]].add(len(words))
        # By the first word, or character: how long what begins with it may be, the longest first.
        self._lengths = {word: sorted(found, reverse=True) for word, found in lengths.items()}
        self._runs = {first: sorted(found, reverse=True) for first, found in runs.items()}

    def find(self, placed: Placed) -> Iterator[Found]:
        """`placed`: folded."""
        if self._lengths:
            yield from self._words(placed)
        if self._runs:
            yield from self._in_unspaced(placed)

    def _words(self, placed: Placed) -> Iterator[Found]:
        text = placed.text
        parts = [(part.group(), part.start(), part.end()) for part in PART.finditer(text)]
        words = [word for word, _, _ in parts]
        for at, word in enumerate(words):
            for length in self._lengths.get(word, ()):
                entries = self._phrases.get(tuple(words[at : at + length]), ())
                end = parts[min(at + length, len(parts)) - 1][2]
                if spans := [span for one in entries if (span := _with_signs(one, text, parts[at][1], end))]:
                    yield Found(*placed.span(*min(spans)), What.WORDS)
                    break

    def _in_unspaced(self, placed: Placed) -> Iterator[Found]:
        for at, character in enumerate(placed.text):
            for length in self._runs.get(character, ()):
                run = placed.text[at : at + length]  # shorter at the end of the text
                if run in self._unspaced:
                    yield Found(*placed.span(at, at + len(run)), What.WORDS)
                    break


def _with_signs(entry: _Entry, text: str, start: int, end: int) -> tuple[int, int] | None:
    start, until = start - len(entry.before), end + len(entry.behind)
    is_there = start >= 0 and text.startswith(entry.before, start) and text.startswith(entry.behind, end)
    return (start, until) if is_there else None


def checked_words(typed: str) -> list[str]:
    """One a line, each once, as typed but for spaces. Raises Invalid."""
    found: dict[str, str] = {}
    for number, line in enumerate(typed.splitlines(), 1):
        entry = " ".join(line.split())
        if not entry:
            continue
        if len(entry) > LONGEST_ENTRY:
            raise Invalid(f"Line {number:,} is too long: an entry may have up to {LONGEST_ENTRY} characters.")
        if not TOKEN.search(_plain(entry)):
            raise Invalid(f"Line {number:,} has no letter or digit, so nothing could be found by it.")
        found.setdefault(_plain(entry), entry)
    if not found:
        raise Invalid("Write a word first, each on a line of its own.")
    if len(found) > MOST_WORDS:
        raise Invalid(f"A list may have up to {MOST_WORDS:,} entries; this has {len(found):,}. Make two rules of it.")
    return list(found.values())


def _plain(entry: str) -> str:
    return " ".join(fold(entry).split())


def _is_unspaced(entry: str) -> bool:
    """Whether some of it is in writing without spaces between words."""
    return any(found["spaced"] is None for found in TOKEN.finditer(entry))
