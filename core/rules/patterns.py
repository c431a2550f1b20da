"""Patterns that people write. RE2 matches in a time that grows with the text alone, whatever the pattern, so none can
hold up a message; what it can't do in that time, like looking ahead or back references, it does not have.
"""

import re
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
"""Seconds that a pattern may take for the longest text."""
EACH_FIND = 0.00005
"""Seconds more for each find: telling it takes that, whatever the pattern."""
GIVE_UP = 0.5
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
    "pattern too large - compile failed": "it comes to far too many steps; repeat less",
    "invalid UTF-8": "it has half of a character",
}


_PARTS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()]")
"""What is escaped, sets, and brackets."""


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 8 << 20
    return options


OPTIONS, WITHOUT_GROUPS = _options(), _options()
WITHOUT_GROUPS.never_capture = True


class Pattern:
    """Raises Invalid, with the reason and the place, for one that can't be used."""

    def __init__(self, text: str) -> None:
        try:
            self._once: Any = re2.compile(text, OPTIONS)
            # Finds that touch are one: each that is told costs more than what is looked through between two of them.
            self._compiled: Any = re2.compile(f"(?:{text})+", WITHOUT_GROUPS)
        except re2.error as error:
            raise Invalid(_told(text, error)) from None

    @property
    def steps(self) -> int:
        return int(self._once.programsize)

    def find(self, placed: Placed) -> Iterator[Found]:
        for found in self._compiled.finditer(placed.text):
            if found.end() > found.start():
                yield Found(*placed.span(found.start(), found.end()), What.PATTERN)

    def finds_nothing_at_all(self) -> bool:
        """Whether it is satisfied with no text, and so found everywhere."""
        return any(found.start() == found.end() for text in ("", "a 1.") for found in self._once.finditer(text))


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
            f"This pattern is too slow: a message of {LONGEST_TEXT:,} characters took {took * 1000:,.0f} ms more than "
            f"a simple one, and up to {PATIENCE * 1000:,.0f} ms are allowed."
        )
    return pattern


def _slowest(pattern: Pattern, text: str) -> float:
    """Seconds beyond those for the finds, over texts that make most of the pattern's own characters."""
    letters = [one for one in dict.fromkeys(text) if one.isalnum()][:3] or ["a"]
    words = "The quick brown fox jumps over 13 lazy dogs. "
    samples = ["".join(letters), *letters, *(f"{one} " for one in letters), words]
    return max(_time(pattern, sample) for sample in samples)


def _time(pattern: Pattern, sample: str) -> float:
    """Of this thread alone, however busy the machine is."""
    placed = Placed((sample * LONGEST_TEXT)[:LONGEST_TEXT], None, None)
    began, count = time.thread_time(), 0
    for count, _ in enumerate(pattern.find(placed), 1):
        if time.thread_time() - began > GIVE_UP + count * EACH_FIND:
            break
    return time.thread_time() - began - count * EACH_FIND


def _left_open(text: str) -> int:
    """Where the last bracket is opened that is never closed."""
    opened: list[int] = []
    for found in _PARTS.finditer(text):
        if found.group() == "(":
            opened.append(found.start())
        elif found.group() == ")" and opened:
            opened.pop()
    return opened[-1] if opened else 0


def _told(text: str, error: Exception) -> str:
    """RE2 names the reason and the piece of the pattern that it is about."""
    raw = error.args[0] if error.args else b""
    said = raw.decode(errors="replace") if isinstance(raw, bytes) else str(raw)
    reason, _, piece = said.partition(": ")
    words = REASONS.get(reason, reason)
    at = text.find(piece) if piece else -1
    if reason == "missing )":  # of that RE2 names the whole pattern
        at = _left_open(text)
        piece = text[at:]
    if at < 0:
        return f"This pattern can't be used: {words}."
    return f"This pattern can't be used: {words}, at “{piece[:40]}” (character {at + 1:,})."
