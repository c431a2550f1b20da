"""The language of a search: words, "exact phrases", -words to leave out, prefixes* and operators like from:anna.

`parse` never refuses: what it can't use becomes a hint. Names behind from: and in: are for the service to look up; all
else becomes conditions in PostgreSQL's own `tsquery`, over the words and marks that core.search.words describes.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from itertools import pairwise
from uuid import UUID

from core import clock
from core.search.dates import DATES, day_of
from core.search.words import (
    LONGEST_WORD,
    Token,
    accented_stems_of,
    bare,
    fold,
    pair_of,
    quoted,
    stems_of,
    tokens_of,
)

LONGEST_QUERY = 2_000
MOST_TERMS = 40
MOST_IN_PHRASE = 60
SHORTEST_PREFIX = 2
TERM = re.compile(
    r"""(?P<minus>-(?!-))?(?:(?P<name>[A-Za-z]+):)?(?:["\u201c\u201d](?P<quote>[^"\u201c\u201d]*)["\u201c\u201d]?|(?P<word>[^\s"\u201c\u201d]+))"""
)
UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class Mark(StrEnum):
    """What is known of a message beside its words, as it stands in the index: the sign, then whose or which."""

    OWNER = "~u"
    """Of a chat with the assistant: whose it is."""
    COMPANY = "~k"
    """Of what is said in company rooms: which company's."""
    SHARED = "~s"
    """Of what is said in rooms of any kind: which company's."""
    CONVERSATION = "~c"
    SENDER = "~f"
    MODEL = "~m"
    """Which model wrote it, folded: its whole name, and each beginning up to a joint of it."""
    MONTH = "~t"
    """In which month it was said, in UTC: like 202611."""
    QUARTER = "~q"
    """Like 20264."""
    YEAR = "~y"
    LATER = "~later"
    """Said in the future, as a clock or an import had it: of no period that ends now."""
    ROLE = "~r"
    EDITED = "~edited"
    REACTION = "~reaction"
    REPORTED = "~reported"
    """Somebody reported it, ever. Only moderators may ask for it."""

    def of(self, value: str) -> str:
        """As a lexeme of a `tsquery`."""
        return quoted(self.value + value)

    def of_id(self, key: UUID) -> str:
        return self.of(id_mark(key))


def id_mark(key: UUID) -> str:
    """The end of a key, which is its random part: short, and nobody else's."""
    return str(key)[-17:]


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
        found = _all([word(token) for token in tokens[:-1]] + [(prefix if is_prefix else word)(tokens[-1])])
        if len(tokens) == 1 and not is_prefix and (more := accented_stems_of(value)):
            found = _any([found, *map(quoted, more)])
            query.forms |= set() if is_excluded else set(more)
    if is_excluded:
        query.conditions.append(f"!({found})")
        return
    query.conditions.append(found)
    query.ranked.append(_any([found, *(quoted(token.text[:LONGEST_WORD]) for token in tokens)]))
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


def word(token: Token) -> str:
    """A word in any of its forms; an identifier as it stands; unspaced writing wherever it is part of something."""
    if token.is_unspaced:
        return phrase([token])
    plain = bare(token)
    if token.is_word or (plain != token.text and plain.isalnum()):
        return _any([quoted(one) for one in stems_of(plain)] or [quoted(plain[:LONGEST_WORD])])
    whole = quoted(token.text[:LONGEST_WORD])
    return _any([whole, phrase([token])]) if len(token.parts) > 1 else whole


def called(name: str) -> str | None:
    """The condition for a title that holds these words, the last one perhaps begun only; None where there is none."""
    tokens = list(tokens_of(fold(name)))
    if not tokens:
        return None
    return _all([*map(word, tokens[:-1]), _any([word(tokens[-1]), prefix(tokens[-1])])])


def prefix(token: Token) -> str:
    """Whatever begins so."""
    if token.is_unspaced:
        return phrase([token])
    whole = f"{quoted(token.text[:LONGEST_WORD])}:*"
    places = _places(token)
    if len(places) < 2:
        return whole
    *before, (last, _) = places
    return _any([whole, _in_order([*before, (f"{last}:*", places[-1][1])])])


def phrase(tokens: Sequence[Token]) -> str:
    """These as typed, one behind the other."""
    pairs = [quoted(pair) for one, other in pairwise(tokens) if (pair := pair_of(one, other))]
    return _all([*pairs, _in_order_of(tokens)])


def _in_order_of(tokens: Sequence[Token]) -> str:
    places = [place for at, token in enumerate(tokens) for place in _places(token, is_last=at == len(tokens) - 1)]
    return _in_order(places[:MOST_IN_PHRASE])


def _places(token: Token, *, is_last: bool = True) -> list[tuple[str, int]]:
    """The lexemes of a token, each with its position."""
    if not token.is_unspaced:
        if len(token.parts) == 1 and not token.is_word:  # C++, C#
            return [(quoted(token.text), token.position)]
        return [(quoted(part[:LONGEST_WORD]), token.position + at) for at, part in enumerate(token.parts)]
    grams = token.grams
    if len(grams) == 1:  # in the middle of a text it is the first of a pair
        return [(f"{quoted(grams[0])}:*", token.position)]
    return [(quoted(gram), token.position + at) for at, gram in enumerate(grams[:-1])]


def _in_order(places: Sequence[tuple[str, int]]) -> str:
    lexemes = [places[0][0]]
    for (_, before), (lexeme, at) in pairwise(places):
        lexemes.append(f"<{at - before}> {lexeme}")
    found = " ".join(lexemes)
    return f"({found})" if len(lexemes) > 1 else found


def _any(found: list[str]) -> str:
    several = list(dict.fromkeys(found))
    return f"({' | '.join(several)})" if len(several) > 1 else several[0]


def _all(found: list[str]) -> str:
    return f"({' & '.join(found)})" if len(found) > 1 else found[0]


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
