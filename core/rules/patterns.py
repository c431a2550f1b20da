"""Patterns that people write. RE2 matches in a time that grows with the text alone, whatever the pattern, so none can
hold up a message; what it can't do in that time, like looking ahead or back references, it does not have.
"""

import time
from collections.abc import Iterator
from typing import Any

import re2

from core.errors import Invalid
from core.rules.found import Found, What
from core.rules.places import Placed

MAX_PATTERN = 500
MOST_STEPS = 4_000
"""Of the program that RE2 makes of a pattern: at worst each is looked at for each character of a text."""
PATIENCE = 0.05
"""Seconds that a pattern may take for the longest text on a quiet machine."""
LONGEST_TEXT = 10_000
REASONS = {
    "missing )": "a bracket that is opened is not closed",
    "missing ]": "a set that is opened with [ is not closed",
    "unexpected )": "a bracket is closed that was not opened",
    "no argument for repetition operator": "there is nothing in front of it to repeat",
    "bad repetition operator": "one repetition stands directly behind another",
    "invalid repetition size": "it repeats too often: up to 1,000 times, also of repetitions in repetitions",
    "invalid character class range": "the range runs backwards",
    "invalid character class": "that set is not known",
    "invalid escape sequence": "that is not known; a reference to what was found before is not possible",
    "invalid perl operator": "looking ahead or behind, and this kind of group, is not possible",
    "invalid named capture group": "that name of a group can't be used",
    "trailing \\": "there is nothing behind the last \\",
    "invalid UTF-8": "it has half of a character",
}


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 8 << 20
    return options


OPTIONS = _options()


class Pattern:
    """Raises Invalid, with the reason and the place, for one that can't be used."""

    def __init__(self, text: str) -> None:
        try:
            self._compiled: Any = re2.compile(text, OPTIONS)
        except re2.error as error:
            raise Invalid(_told(text, error)) from None

    @property
    def steps(self) -> int:
        return int(self._compiled.programsize)

    def find(self, placed: Placed) -> Iterator[Found]:
        for found in self._compiled.finditer(placed.text):
            if found.end() > found.start():
                yield Found(*placed.span(found.start(), found.end()), What.PATTERN)

    def finds_nothing_at_all(self) -> bool:
        """Whether it is satisfied with no text, and so found everywhere."""
        return any(found.start() == found.end() for text in ("", "a 1.") for found in self._compiled.finditer(text))


def checked_pattern(text: str) -> Pattern:
    """One that a rule may have. Raises Invalid."""
    if not text:
        raise Invalid("Write a pattern first.")
    if len(text) > MAX_PATTERN:
        raise Invalid(f"A pattern may have up to {MAX_PATTERN:,} characters; this has {len(text):,}.")
    pattern = Pattern(text)
    if pattern.finds_nothing_at_all():
        raise Invalid(
            "This pattern is also found where nothing stands, so in every message. Have it ask for something."
        )
    if pattern.steps > MOST_STEPS:
        raise Invalid(
            f"This pattern would be too slow: it comes to {pattern.steps:,} steps for each character, and up to "
            f"{MOST_STEPS:,} are allowed. Repeat less, or make several rules of it."
        )
    if (took := _slowest(pattern, text)) > PATIENCE:
        raise Invalid(
            f"This pattern is too slow: a message of {LONGEST_TEXT:,} characters took {took * 1000:,.0f} ms, and up to "
            f"{PATIENCE * 1000:,.0f} ms are allowed."
        )
    return pattern


def _slowest(pattern: Pattern, text: str) -> float:
    """Seconds, over texts that make most of the pattern's own characters."""
    letters = [one for one in dict.fromkeys(text) if one.isalnum()][:3] or ["a"]
    words = "The quick brown fox jumps over 13 lazy dogs. "
    samples = ["".join(letters), *letters, words]
    return max(_time(pattern, sample) for sample in samples)


def _time(pattern: Pattern, sample: str) -> float:
    """The better one of two: a machine may be busy."""
    placed = Placed((sample * LONGEST_TEXT)[:LONGEST_TEXT], None, None)
    times = []
    for _ in range(2):
        began = time.perf_counter()
        for _found in pattern.find(placed):
            if time.perf_counter() - began > 4 * PATIENCE:
                break
        times.append(time.perf_counter() - began)
    return min(times)


def _told(text: str, error: Exception) -> str:
    """RE2 names the reason and the piece of the pattern that it is about."""
    raw = error.args[0] if error.args else b""
    said = raw.decode(errors="replace") if isinstance(raw, bytes) else str(raw)
    reason, _, piece = said.partition(": ")
    words = REASONS.get(reason, reason)
    at = text.find(piece) if piece else -1
    if at < 0:
        return f"This pattern can't be used: {words}."
    return f"This pattern can't be used: {words}, at “{piece[:40]}” (character {at + 1:,})."
