"""The language of a search: words, "exact phrases", -words to leave out, prefixes* and operators like from:anna.

`parse` never refuses: what it can't use becomes a hint. Names behind from: and in: are for the service to look up; all
else becomes conditions in PostgreSQL's own `tsquery`, over the words and marks that core.search.words describes.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from core import clock
from core.search.conditions import Mark, all_of, any_of, phrase, prefix, word
from core.search.dates import DATES, day_of
from core.search.words import (
    LONGEST_WORD,
    Token,
    accented_stems_of,
    bare,
    fold,
    quoted,
    stems_of,
    tokens_of,
)

LONGEST_QUERY = 2_000
MOST_TERMS = 40
SHORTEST_PREFIX = 2
TERM = re.compile(
    r"""(?P<minus>-(?!-))?(?:(?P<name>[A-Za-z]+):)?(?:["\u201c\u201d](?P<quote>[^"\u201c\u201d]*)["\u201c\u201d]?|(?P<word>[^\s"\u201c\u201d]+))"""
)
UNSTORABLE = re.compile("[\0\ud800-\udfff]")


ROLES = {"user": "user", "person": "user", "people": "user", "assistant": "assistant", "system": "system"}
OPERATORS = ("from", "in", "model", "role", "before", "after", "has", "is")
HAS = {"reaction": Mark.REACTION.of(""), "reactions": Mark.REACTION.of("")}
IS = {"edited": Mark.EDITED.of(""), "reported": Mark.REPORTED.of("")}
TASKS = ("task", "tasks")
KNOWN = {"has": "reaction, task", "is": "edited, reported"}


@dataclass(frozen=True, slots=True)
class Named:
    """A name behind from: or in:, to be looked up."""

    value: str
    is_excluded: bool


@dataclass(slots=True)
class Query:
    """A search, understood."""

    conditions: list[str] = field(default_factory=list)
    """Of a `tsquery`; all have to hold."""
    ranked: list[str] = field(default_factory=list)
    """Those that say how well a message fits."""
    senders: list[Named] = field(default_factory=list)
    places: list[Named] = field(default_factory=list)
    since: datetime | None = None
    """None: from the beginning."""
    until: datetime | None = None
    """Not included. None: to this moment."""
    forms: set[str] = field(default_factory=set)
    """What a snippet is to show: words in any of their forms, here as they are in the index."""
    with_task: bool | None = None
    """Only messages that the reader has a task of, or only others; None: whichever. No mark says it: it is theirs."""
    runs: list[tuple[str, ...]] = field(default_factory=list)
    """Words as typed, one behind the other: phrases, and the parts of identifiers."""
    whole: set[str] = field(default_factory=set)
    """Identifiers."""
    unspaced: list[str] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    is_about_reports: bool = False
    """True when is:reported asks for what moderators alone may know."""
    is_about_messages: bool = False
    """True when an operator asks for what a title does not have."""
    finds_nothing: bool = False
    hints: list[str] = field(default_factory=list)
    asides: list[str] = field(default_factory=list)
    """Worth saying when nothing is found."""

    @property
    def is_empty(self) -> bool:
        is_dated = self.since is not None or self.until is not None
        is_named = self.senders or self.places or self.with_task is not None
        return not (self.conditions or is_named or is_dated or self.finds_nothing)

    def hint(self, sentence: str) -> None:
        if sentence not in self.hints:
            self.hints.append(sentence)


def parse(text: str, *, zone: tzinfo = UTC) -> Query:
    """`zone`: in which the days of before: and after: begin."""
    query = Query()
    text = UNSTORABLE.sub(" ", text)
    if len(text) > LONGEST_QUERY:
        query.hint(f"A search may have {LONGEST_QUERY:,} characters; the rest was left away.")
        text = text[:LONGEST_QUERY]
    terms = list(TERM.finditer(text))
    if len(terms) > MOST_TERMS:
        query.hint(f"A search may have {MOST_TERMS} words; the rest was left away.")
    for term in terms[:MOST_TERMS]:
        _add(query, term, zone)
    if query.since and query.until and query.since >= query.until:
        query.hint("No day is both after: the one and before: the other.")
        query.finds_nothing = True
    if query.is_empty and text.strip():
        query.hint("There is nothing to look for in that: type a word.")
    return query


def _add(query: Query, term: "re.Match[str]", zone: tzinfo) -> None:
    name = (term["name"] or "").lower()
    if term["word"] and term["word"].endswith(":") and term["word"][:-1].lower() in OPERATORS:
        _operate(query, term["word"][:-1].lower(), "", zone, is_excluded=False)
        return
    value = term["quote"] if term["quote"] is not None else term["word"]
    is_quoted = term["quote"] is not None
    if name in OPERATORS:
        _operate(query, name, value.strip(), zone, is_excluded=bool(term["minus"]))
        return
    if name:  # no operator of ours: a word like any other, with its colon
        if not value.startswith("//"):
            query.asides.append(f"There is no operator {name}:, so it was searched for as it stands. {_operators()}")
        value, is_quoted = f"{term['name']}:{value}", is_quoted and bool(value)
    _look_for(query, value, is_quoted=is_quoted, is_excluded=bool(term["minus"]))


def _operators() -> str:
    return f"There are {', '.join(f'{name}:' for name in OPERATORS)}."


def _look_for(query: Query, value: str, *, is_quoted: bool, is_excluded: bool) -> None:
    is_prefix = not is_quoted and value.endswith("*")
    tokens = list(tokens_of(fold(value)))
    if not tokens:
        return
    if is_prefix and len(tokens[-1].text) < SHORTEST_PREFIX and not tokens[-1].is_unspaced:
        query.hint(f"Before a * there have to be {SHORTEST_PREFIX} letters.")
        is_prefix = False
    if is_quoted:
        found = phrase(tokens)
    else:
        found = all_of([word(token) for token in tokens[:-1]] + [(prefix if is_prefix else word)(tokens[-1])])
        if len(tokens) == 1 and not is_prefix and (more := accented_stems_of(value)):
            found = any_of([found, *map(quoted, more)])
            query.forms |= set() if is_excluded else set(more)
    if is_excluded:
        query.conditions.append(f"!({found})")
        return
    query.conditions.append(found)
    query.ranked.append(any_of([found, *(quoted(token.text[:LONGEST_WORD]) for token in tokens)]))
    if is_prefix:
        query.prefixes.append(tokens.pop().text)
    _show(query, tokens, is_quoted=is_quoted)


def _show(query: Query, tokens: list[Token], *, is_quoted: bool) -> None:
    """What a snippet is to show of these."""
    query.unspaced += [token.text for token in tokens if token.is_unspaced]
    spaced = [token for token in tokens if not token.is_unspaced]
    if is_quoted and len(spaced) == len(tokens):
        query.runs.append(tuple(part for token in spaced for part in token.parts))
        return
    for token in spaced:
        plain = bare(token)
        if is_quoted or not plain.isalnum():
            query.whole.add(token.text)
            query.runs.append(tuple(token.parts))
        else:
            query.forms |= {plain, *stems_of(plain)}


def _operate(query: Query, name: str, value: str, zone: tzinfo, *, is_excluded: bool) -> None:
    if not value:
        query.hint(f"Behind {name}: there is nothing. {EXAMPLES[name]}")
        return
    query.is_about_messages = query.is_about_messages or name not in ("in", "before", "after")
    _OPERATE[name](query, name, value, zone, is_excluded)


def _from(query: Query, _name: str, value: str, _zone: tzinfo, is_excluded: bool) -> None:  # noqa: FBT001
    query.senders.append(Named(value, is_excluded))


def _in(query: Query, _name: str, value: str, _zone: tzinfo, is_excluded: bool) -> None:  # noqa: FBT001
    query.places.append(Named(value, is_excluded))


def _model(query: Query, _name: str, value: str, _zone: tzinfo, is_excluded: bool) -> None:  # noqa: FBT001
    name = Mark.MODEL.of(fold(value.rstrip("*"))[:LONGEST_WORD])
    _require(query, f"{name}:*" if value.endswith("*") else name, is_excluded=is_excluded)


def _role(query: Query, name: str, value: str, _zone: tzinfo, is_excluded: bool) -> None:  # noqa: FBT001
    role = ROLES.get(fold(value))
    if role is None:
        _nothing(query, f"There is no {name}:{value}. {EXAMPLES[name]}", is_excluded=is_excluded)
        return
    _require(query, Mark.ROLE.of(role), is_excluded=is_excluded)


def _state(query: Query, name: str, value: str, _zone: tzinfo, is_excluded: bool) -> None:  # noqa: FBT001
    if name == "has" and fold(value) in TASKS:
        query.finds_nothing = query.finds_nothing or query.with_task is is_excluded
        query.with_task = not is_excluded
        return
    found = (HAS if name == "has" else IS).get(fold(value))
    if found is not None:
        query.is_about_reports = query.is_about_reports or found == IS.get("reported")
        _require(query, found, is_excluded=is_excluded)
        return
    _nothing(query, f"There is no {name}:{value}. Behind {name}: there may be {KNOWN[name]}.", is_excluded=is_excluded)


def _date(query: Query, name: str, value: str, zone: tzinfo, is_excluded: bool) -> None:  # noqa: FBT001
    moment = day_of(value, clock.now().astimezone(zone).date(), zone)
    if moment is None:
        query.hint(f"{name}:{value} is no date, so it was left away. {DATES}")
        return
    if (name == "before") is not is_excluded:  # not before a day is from that day on
        query.until = min(filter(None, (query.until, moment)))
    else:
        query.since = max(filter(None, (query.since, moment)))


def _require(query: Query, found: str, *, is_excluded: bool) -> None:
    query.conditions.append(f"!{found}" if is_excluded else found)


def _nothing(query: Query, sentence: str, *, is_excluded: bool) -> None:
    query.hint(sentence)
    query.finds_nothing = query.finds_nothing or not is_excluded


EXAMPLES = {
    "from": "Write from:me, from:assistant, or somebody's name: from:anna, from:“Anna Berg”.",
    "in": "Write a part of a title: in:budget, in:“Quarterly review”.",
    "model": "Write a model's name, or its first words: model:gpt, model:gpt-5.",
    "role": "Write role:user, role:assistant or role:system.",
    "before": DATES,
    "after": DATES,
    "has": f"Behind has: there may be {KNOWN['has']}.",
    "is": f"Behind is: there may be {KNOWN['is']}.",
}
_OPERATE: dict[str, Callable[[Query, str, str, tzinfo, bool], None]] = {
    "from": _from,
    "in": _in,
    "model": _model,
    "role": _role,
    "before": _date,
    "after": _date,
    "has": _state,
    "is": _state,
}
