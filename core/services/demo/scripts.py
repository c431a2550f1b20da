"""Threads and chats as they are written down in `texts/`, read and filled.

A file has blocks, each headed by `#` and the places that it fits; of a chat the title stands behind a `|`. Then a line
for each message: who says it (`A` to `D` for people, `Z` for the assistant; in chats `Q` asks and `A` answers), `:` or,
where it replies to the line before, `>`, and what, with ` || ` between texts of which one is taken. In a text `<a|b>`
is one of them, `{word}` something of `words.py` that stays the same for the whole thread, `{n:3-9}` a number, without a
comma in its thousands if its name begins with a. A line that begins with `+` has the reactions to the line before, one
with `task B 3:` the task that B gets of it, due in three days; `do` has what the assistant does before it answers: the
tool, its arguments as JSON, and what came of it.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Generic, TypeVar

TEXTS = Path(__file__).parent / "texts"
SLOT = re.compile(r"\{([A-Za-z]\w*)(?::(\d+)-(\d+))?\}|<([^<>\n]*\|[^<>\n]*)>")
LINE = re.compile(r"(?P<who>[A-DQZ])(?::|(?P<replies>>)) (?P<text>.*)")
TASK = re.compile(r"task (?P<who>[A-D]) (?P<days>-?\d+): (?P<title>.*)")
DOES = re.compile(r"do (?P<tool>\w+) (?P<arguments>\{.*\}) => (?P<shown>.*)")

SAID_ONCE = frozenset({"thanks", "ok", "later", "done", "sigh"})
"""Whole sentences: another one each time."""

Any_ = TypeVar("Any_")
Lookup = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A task that a line asks for."""

    who: str
    days: int
    title: str


@dataclass(frozen=True, slots=True)
class Act:
    """A call of a tool."""

    tool: str
    arguments: str
    shown: str


@dataclass(slots=True)
class Line:
    who: str
    texts: tuple[str, ...]
    replies: bool = False
    reactions: tuple[str, ...] = ()
    task: Wanted | None = None
    acts: list[Act] = field(default_factory=list)


@dataclass(slots=True)
class Script:
    names: tuple[str, ...]
    """The places that it fits, or who speaks in it."""
    title: str
    lines: list[Line] = field(default_factory=list)
    ranges: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Of its numbers, wherever in it they stand."""

    def fits(self, places: Sequence[str]) -> bool:
        return not set(places).isdisjoint(self.names)

    @property
    def voices(self) -> int:
        """How many people speak."""
        return len({line.who for line in self.lines} - {"Z", "Q"})


@cache
def scripts_of(name: str) -> tuple[Script, ...]:
    """What a file of `texts/` has, in its order."""
    found: list[Script] = []
    acts: list[Act] = []
    for text in (TEXTS / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if found and not text.startswith("# "):
            found[-1].ranges |= {name: (int(low), int(high)) for name, low, high, _ in SLOT.findall(text) if low}
        if text.startswith("# "):
            places, _, title = text[2:].partition(" | ")
            found.append(Script(tuple(places.split()), title))
        elif match := LINE.fullmatch(text):
            texts = tuple(one.replace("\\n", "\n") for one in match["text"].split(" || "))
            found[-1].lines.append(Line(match["who"], texts, match["replies"] is not None, acts=acts))
            acts = []
        elif match := TASK.fullmatch(text):
            found[-1].lines[-1].task = Wanted(match["who"], int(match["days"]), match["title"])
        elif match := DOES.fullmatch(text):
            acts = [*acts, Act(match["tool"], match["arguments"], match["shown"])]
        elif text.startswith("+ "):
            found[-1].lines[-1].reactions = tuple(text[2:].split())
        elif text.strip():
            raise ValueError(f"{name}.txt: nobody knows what to do with “{text}”")
    return tuple(found)


class Deck(Generic[Any_]):
    """Gives one after another in no order; none comes again before most of the others have been."""

    def __init__(self, chance: Random, cards: Sequence[Any_]) -> None:
        self.chance = chance
        self._cards = chance.sample(cards, len(cards))

    def take(self) -> Any_:
        card = self._cards.pop(self.chance.randrange((len(self._cards) + 3) // 4))
        self._cards.append(card)
        return card


class Filling:
    """One thread's slots: what was chosen for it stays for the whole of it."""

    def __init__(self, chance: Random, lookup: Lookup, script: Script, known: dict[str, str]) -> None:
        self.chance = chance
        self.lookup = lookup
        self.ranges = script.ranges
        self.known = known

    def fill(self, text: str) -> str:
        return SLOT.sub(self._one, text) if "{" in text or "<" in text else text

    def arguments(self, text: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.fill(text))
        return found

    def _one(self, match: re.Match[str]) -> str:
        name, low, high, choices = match.groups()
        if name in self.ranges:
            low, high = self.ranges[name]
        if choices is not None:
            return self.fill(self.chance.choice(choices.split("|")))
        if name in SAID_ONCE:
            return self.fill(self.lookup(name))
        if name not in self.known:
            self.known[name] = self._number(name, int(low), int(high)) if low else self.fill(self.lookup(name))
        return self.known[name]

    def _number(self, name: str, low: int, high: int) -> str:
        number = self.chance.randint(low, high)
        return str(number) if name.startswith("a") else f"{number:,}"
