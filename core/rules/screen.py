"""All rules of a company, ready to be held against a text."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from core.errors import RefusedByRule
from core.models import ConversationKind, RuleAction, RuleKind
from core.rules.found import Found, What, line_of, masked, pieces
from core.rules.numbers import accounts, cards
from core.rules.patterns import Pattern
from core.rules.places import Placed, folded, plain
from core.rules.secrets import secrets
from core.rules.wordlists import WordList

log = logging.getLogger(__name__)

TIME_LIMIT = 0.5
"""Seconds of a processor that all rules together may take for one text: far more than any takes."""
LOOKED_AT_TIME = 64
"""Finds between two looks at the clock."""
DETECTORS: dict[RuleKind, Callable[[Placed], Iterator[Found]]] = {
    RuleKind.SECRETS: secrets,
    RuleKind.CARDS: cards,
    RuleKind.IBANS: accounts,
}


@dataclass(frozen=True, slots=True)
class RuleSpec:
    id: UUID
    name: str
    kind: RuleKind
    action: RuleAction
    places: frozenset[ConversationKind]
    words: tuple[str, ...] = ()
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that a rule found: what it is and where, never its text."""

    name: str
    action: RuleAction
    what: What
    line: int


@dataclass(frozen=True, slots=True)
class Screened:
    text: str
    """As it may be kept."""
    masked: tuple[Hit, ...] = ()
    """The first of each kind that each rule took out."""
    reported: tuple[RuleSpec, ...] = ()
    """Rules that have it reported."""


class Screen:
    """`rules`: those that are on. Raises Invalid for one that is broken, which none is that was saved."""

    def __init__(self, rules: Iterable[RuleSpec]) -> None:
        self._rules = [_Ready(rule) for rule in rules]

    def look(self, text: str, place: ConversationKind, *, before: str = "") -> Screened:
        """Raises RefusedByRule; then nothing of the text is to be kept. `before`: the text that this one replaces: what
        stood there already is not reported again.
        """
        rules = [one for one in self._rules if place in one.rule.places]
        if not rules:
            return Screened(text)
        clock = _Clock()
        if hit := next(_hits(_of(rules, RuleAction.REFUSE), text, clock), None):
            raise RefusedByRule(_refused(hit, text))
        kept, hits = self._mask(_of(rules, RuleAction.MASK), text, clock)
        return Screened(kept, hits, self._reports(_of(rules, RuleAction.REPORT), kept, before, clock))

    def reports(self, text: str, place: ConversationKind) -> tuple[RuleSpec, ...]:
        """Only the rules that have it reported."""
        rules = [one for one in self._rules if place in one.rule.places]
        return self._reports(_of(rules, RuleAction.REPORT), text, "", _Clock())

    def explain(self, text: str) -> tuple[Hit, ...]:
        """All that would be found, whatever would be done then, in the order of the text."""
        found = [(finding.start, one.hit(finding, text)) for one in self._rules for finding in one.find(text, _Clock())]
        return tuple(hit for _, hit in sorted(found, key=lambda pair: pair[0]))

    def _mask(self, rules: "Sequence[_Ready]", text: str, clock: "_Clock") -> tuple[str, tuple[Hit, ...]]:
        """Until nothing is found any more: a mask may be what makes a number end where it did not before."""
        hits: dict[tuple[UUID, What], Hit] = {}
        while rules:
            found = [(one, finding) for one in rules for finding in one.find(text, clock)]
            if not found:
                break
            for one, finding in found:
                if (one.rule.id, finding.what) not in hits:
                    hits[one.rule.id, finding.what] = one.hit(finding, text)
            text = masked(text, [finding for _, finding in found])
        return text, tuple(hits.values())

    def _reports(self, rules: "Sequence[_Ready]", text: str, before: str, clock: "_Clock") -> tuple[RuleSpec, ...]:
        """A report that comes too late for its time is left out: it is no reason to hold up what somebody sends."""
        found = []
        for one in rules:
            try:
                if one.finds(text, clock) and (not before or one.pieces(text, clock) - one.pieces(before, clock)):
                    found.append(one.rule)
            except RefusedByRule:
                log.warning("rule_too_slow rule=%s", one.rule.id)
        return tuple(found)


class _Clock:
    """Raises RefusedByRule when the time for one text is over."""

    def __init__(self) -> None:
        self._end = time.thread_time() + TIME_LIMIT

    def look(self, rule: RuleSpec) -> None:
        if time.thread_time() > self._end:
            raise RefusedByRule(
                f"Holding this against the rule “{rule.name}” took too long, so nothing was sent. Try again, or send "
                "it in parts."
            )


class _Ready:
    """A rule with all that is made of it once."""

    def __init__(self, rule: RuleSpec) -> None:
        self.rule = rule
        self._detect: Callable[[Placed], Iterator[Found]]
        if rule.kind is RuleKind.WORDS:
            self._detect = WordList(rule.words).find
        elif rule.kind is RuleKind.PATTERN:
            self._detect = Pattern(rule.pattern).find
        else:
            self._detect = DETECTORS[rule.kind]

    def find(self, text: str, clock: _Clock) -> Iterator[Found]:
        """What was masked before is not looked through."""
        for at, piece in pieces(text):
            clock.look(self.rule)
            placed = _folded(piece) if self.rule.kind is RuleKind.WORDS else _plain(piece)
            for number, found in enumerate(self._detect(placed), 1):
                if number % LOOKED_AT_TIME == 0:
                    clock.look(self.rule)
                yield Found(at + found.start, at + found.end, found.what)

    def finds(self, text: str, clock: _Clock) -> bool:
        return next(self.find(text, clock), None) is not None

    def pieces(self, text: str, clock: _Clock) -> set[str]:
        return {text[found.start : found.end] for found in self.find(text, clock)}

    def hit(self, found: Found, text: str) -> Hit:
        return Hit(self.rule.name, self.rule.action, found.what, line_of(text, found.start))


# Every rule looks at the same text, one behind the other.
_plain, _folded = lru_cache(maxsize=8)(plain), lru_cache(maxsize=8)(folded)


def _of(rules: "Sequence[_Ready]", action: RuleAction) -> "list[_Ready]":
    return [one for one in rules if one.rule.action is action]


def _hits(rules: "Sequence[_Ready]", text: str, clock: _Clock) -> Iterator[Hit]:
    for one in rules:
        for found in one.find(text, clock):
            yield one.hit(found, text)


def _refused(hit: Hit, text: str) -> str:
    where = f" in line {hit.line:,}" if "\n" in text.strip() else ""
    is_typed = hit.what in (What.WORDS, What.PATTERN)  # there it is no guess
    looks = hit.what.value if is_typed else f"what looks like {hit.what.value}"
    return (
        f"This has {looks}{where}, which the rule “{hit.name}” keeps out of here. "
        "Nothing was sent. Take it out, then send again."
    )


def told(hits: Sequence[Hit]) -> str | None:
    """To the author, what was taken out; None when nothing was."""
    if not hits:
        return None
    names = dict.fromkeys(f"{hit.what.value} (rule “{hit.name}”)" for hit in hits)
    return f"Taken out before this was sent anywhere: {', '.join(names)}."
