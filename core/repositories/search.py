"""Finding: the newest messages or titles that fit a query, out of those that a reader may see.

Each step has one plan, whatever is searched for and by whom, so that no guess of the planner can go wrong by much:

1. `walk` looks through the reader's newest entries in the order of time, a few thousand at the most. Common words are
   found there, and everything of who has little to read.
2. If it did not find enough and did not see everything, `gather` takes from the inverted index all that fits and is
   the reader's: the marks of owner and room are part of the same index, so what others wrote costs next to nothing. How
   often the walk came across the words says how far back there is likely to be enough: the reader's last months,
   quarters or years, which are marks as well. Only of what is rare everything is gathered.

Both give candidates, by the index alone. What becomes of them in `core.repositories.search_hits` begins with what the
reader may read now.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlmodel import Session

from core import clock
from core.permissions import Actor, Permission
from core.repositories.base import Repository
from core.repositories.search_periods import period_of
from core.search.conditions import Mark

REACH = 4_000
"""Entries that a walk looks at."""
FEW_ROOMS = 16
"""Of so many rooms each has its own mark in a query; of more, all rooms of the company have one together."""

Position = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class Candidate:
    key: UUID
    said_at: datetime

    @property
    def position(self) -> Position:
        return self.said_at, self.key


@dataclass(frozen=True, slots=True)
class Candidates:
    """The newest that fit, the newest first, without gaps."""

    found: list[Candidate]
    has_more: bool
    """True when there may be further ones behind the last."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where somebody may look."""

    company_id: UUID
    owner_id: UUID | None
    """Whose own chats; None for who has none."""
    rooms: tuple[UUID, ...]
    """For who oversees company rooms: the others."""
    said: int
    """How much was said in those rooms."""
    oversees: bool
    """True for who may read all company rooms."""

    def narrowed(self, room: UUID) -> "Scope":
        """That room alone; nothing where it is none of theirs."""
        return replace(self, owner_id=None, rooms=tuple({room} & set(self.rooms)), oversees=False)

    @property
    def marks(self) -> str:
        """As a condition of a `tsquery`; for who is in many rooms it holds more than is theirs."""
        marks = [Mark.OWNER.of_id(self.owner_id)] if self.owner_id else []
        if len(self.rooms) > FEW_ROOMS:
            marks.append(Mark.SHARED.of_id(self.company_id))
        else:
            marks += [Mark.CONVERSATION.of_id(room) for room in self.rooms]
            marks += [Mark.COMPANY.of_id(self.company_id)] if self.oversees else []
        return f"({' | '.join(marks or [Mark.OWNER.of('')])})"

    @property
    def is_in(self) -> str:
        """The condition for an entry of a room to be theirs."""
        listed = "w.scope_id = ANY(:rooms)"
        return f"({listed} OR w.words @@ CAST(:overseen AS tsquery))" if self.oversees else listed


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for, as a `tsquery`, and when it was said."""

    conditions: tuple[str, ...]
    """All have to hold. None of them: everything fits."""
    since: datetime | None = None
    until: datetime | None = None
    among: tuple[UUID, ...] | None = None
    """These entries alone; None: all."""
    without: tuple[UUID, ...] = ()

    @property
    def words(self) -> str:
        return " & ".join(self.conditions)


@dataclass(frozen=True, slots=True)
class _Walked:
    found: list[Candidate]
    horizon: Position | None
    """Everything from there on was looked at; None: everything there is."""
    newest: datetime | None = None
    """When the first was said that was looked at; None without a horizon."""


def _full(found: list[Candidate]) -> _Walked:
    """As many as were asked for."""
    return _Walked(found, found[-1].position, found[0].said_at)


class Search(Repository):
    """For a `transaction()`: finding settles how its statements are planned."""

    def __init__(self, session: Session, reach: int = REACH) -> None:
        super().__init__(session)
        self.reach = reach

    def settle(self) -> None:
        """Plans for the values at hand, and never a whole table: the planner takes a very common word for a reason to
        read it; but it comes with the reader's own marks, and what fits both is little, else the walk had found enough.
        """
        self.session.execute(_SETTLE)

    def scope_of(self, actor: Actor) -> Scope:
        chats, oversees = actor.may(Permission.CHAT_USE), actor.may(Permission.ROOMS_OVERSEE)
        rooms = self.session.execute(_ROOMS, {"me": actor.user_id, "oversees": oversees}).all() if chats else []
        return Scope(
            company_id=actor.company_id,
            owner_id=actor.user_id if chats else None,
            rooms=tuple(row.id for row in rooms),
            said=sum(row.said for row in rooms),
            oversees=oversees,
        )

    def messages(
        self, scope: Scope, wanted: Wanted, *, enough: int, limit: int, before: Position | None = None
    ) -> Candidates:
        """The newest that fit: at most `limit`, and at least `enough` unless there are no more."""
        return _Finder(self, _MESSAGES, scope, wanted).newest(enough, limit, before)

    def titles(self, scope: Scope, wanted: Wanted, limit: int, before: Position | None = None) -> Candidates:
        """The same for conversations by their titles, by when they began."""
        return _Finder(self, _TITLES, scope, wanted).newest(limit, limit, before)


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    key: str
    share: int
    """A walk looks at one in so many of the entries it may: of titles there are fewer, and a page shows a few only."""
    has_months: bool
    """Whether entries are marked by when they were said."""


_MESSAGES = _Table("message_words", "message_id", 1, has_months=True)
_TITLES = _Table("title_words", "conversation_id", 4, has_months=False)


class _Finder:
    def __init__(self, search: Search, table: _Table, scope: Scope, wanted: Wanted) -> None:
        self.session = search.session
        self.reach = max(1, search.reach // table.share)
        self.names = {"table": table.name, "key": table.key}
        self.has_months = table.has_months
        self.scope = scope
        self.wanted = wanted

    def newest(self, enough: int, limit: int, before: Position | None) -> Candidates:
        given = self._given(limit, before)
        if self.wanted.among is not None:
            return self._among(given)
        walks = [walk for walk in (self._own_chats(given), self._rooms(given)) if walk]
        found = sorted((one for walk in walks for one in walk.found), key=lambda one: one.position, reverse=True)
        horizons = [walk.horizon for walk in walks if walk.horizon is not None]
        if not horizons:
            return Candidates(found[:limit], len(found) > limit)
        seen = [one for one in found if one.position >= max(horizons)]
        if len(seen) >= enough:
            return Candidates(seen[:limit], has_more=True)
        # A walk that saw everything has found what may be newer than all that the others saw.
        newest = max([*(one.said_at for one in found[:1]), *(walk.newest for walk in walks if walk.newest)])
        return self._gathered(given, enough, len(seen), max(horizons)[0], newest)

    def _given(self, limit: int, before: Position | None) -> dict[str, Any]:
        scope = self.scope
        return {
            "company": scope.company_id,
            "owner": scope.owner_id,
            "rooms": list(scope.rooms),
            "overseen": Mark.COMPANY.of_id(scope.company_id) if scope.oversees else None,
            "words": self.wanted.words or None,
            "since": self.wanted.since,
            "until": self.wanted.until,
            "time": before[0] if before else None,
            "id": before[1] if before else None,
            "among": list(self.wanted.among or ()),
            "without": list(self.wanted.without) or None,
            "limit": limit,
            "reach": self.reach,
        }

    def _among(self, given: dict[str, Any]) -> Candidates:
        """Of a few entries that are known: whose they are is asked when they are read."""
        statement = text(_AMONG.format(**self.names, bounds=self._bounds(given), fits=self._fits(given)))
        found = self._candidates(statement, given)
        return Candidates(found, len(found) == given["limit"])

    def _own_chats(self, given: dict[str, Any]) -> _Walked | None:
        return self._walk("w.scope_id = :owner", "true", given) if self.scope.owner_id else None

    def _rooms(self, given: dict[str, Any]) -> _Walked | None:
        """Of little that was said, all; of much, the newest in all rooms of the company."""
        if self.scope.oversees or self.scope.said > self.reach:
            return self._walk("w.is_room AND w.company_id = :company", self.scope.is_in, given)
        if not self.scope.rooms:
            return None
        statement = text(_EACH.format(**self.names, bounds=self._bounds(given), fits=self._fits(given)))
        found = self._candidates(statement, given)
        return _full(found) if len(found) == given["limit"] else _Walked(found, None)

    def _walk(self, which: str, is_theirs: str, given: dict[str, Any]) -> _Walked:
        names = self.names | {"which": which, "bounds": self._bounds(given)}
        statement = text(_WALK.format(**names, is_theirs=is_theirs, fits=self._fits(given)))
        found = self._candidates(statement, given)
        if len(found) == given["limit"]:
            return _full(found)
        ends = self._candidates(text(_ENDS.format(**names)), given)
        return _Walked(found, ends[1].position, ends[0].said_at) if len(ends) == 2 else _Walked(found, None)

    def _gathered(
        self, given: dict[str, Any], enough: int, seen: int, horizon: datetime, newest: datetime
    ) -> Candidates:
        """All that fits, or the newest of it. Of these `seen` were there from the `horizon` on, and none of them is
        newer than `newest`.
        """
        if self.has_months:
            most_recent, aim = min(newest, clock.now()), self._aim(given["limit"], enough)
            period = period_of(most_recent, horizon, seen, aim, self.wanted.since)
            if period:
                # What was said later than its import is marked as such for ever, however old it is by now.
                found = [one for one in self._gather(given, period.marks) if one.said_at >= period.begins]
                is_all = self.wanted.since is not None and period.begins <= self.wanted.since
                if is_all or len(found) >= enough:
                    return Candidates(found, has_more=not is_all or len(found) == given["limit"])
        found = self._gather(given, None)
        return Candidates(found, len(found) == given["limit"])

    def _aim(self, limit: int, enough: int) -> int:
        """As many as are asked for, and some to be on the safe side. Of a phrase fewer: the inverted index knows no
        order of words, so all that has them is read, and most of that may be something else.
        """
        return 2 * enough if any("<" in one for one in self.wanted.conditions) else limit * 3 // 2

    def _gather(self, given: dict[str, Any], period: str | None) -> list[Candidate]:
        """Each condition by itself: PostgreSQL then leaps from one to the next one's entries, instead of trying each of
        one with all others. What is left out goes with what has to be there.
        """
        wanted = [one for one in self.wanted.conditions if not one.startswith("!")]
        left_out = [one for one in self.wanted.conditions if one.startswith("!")]
        keys = [" & ".join([self.scope.marks, *left_out]), *wanted, *([period] if period else [])]
        names = {f"key_{at}": key for at, key in enumerate(keys)}
        fits = " AND ".join(f"w.words @@ CAST(:{name} AS tsquery)" for name in names)
        is_theirs = f"AND (NOT w.is_room OR {self.scope.is_in})" if len(self.scope.rooms) > FEW_ROOMS else ""
        bounds = self._bounds(given)
        statement = text(_GATHER.format(**self.names, bounds=bounds, fits=fits, is_theirs=is_theirs))
        return self._candidates(statement, given | names)

    def _candidates(self, statement: TextClause, given: dict[str, Any]) -> list[Candidate]:
        return [Candidate(key, said_at) for key, said_at in self.session.execute(statement, given).all()]

    def _bounds(self, given: dict[str, Any]) -> str:
        bounds = {
            "since": "AND w.said_at >= :since",
            "until": "AND w.said_at < :until",
            "without": f"AND w.{self.names['key']} <> ALL(CAST(:without AS uuid[]))",
            "time": f"AND (w.said_at, w.{self.names['key']}) < (:time, :id)",
        }
        return " ".join(bound for name, bound in bounds.items() if given[name] is not None)

    def _fits(self, given: dict[str, Any]) -> str:
        return "AND w.words @@ CAST(:words AS tsquery)" if given["words"] else ""


_SETTLE = text(
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_seqscan', 'off', true)"
)
_NEWEST = "ORDER BY w.said_at DESC, w.{key} DESC"
_WALK = f"""
    SELECT w.{{key}}, w.said_at FROM (
        SELECT w.{{key}}, w.said_at, w.scope_id, w.words FROM {{table}} w WHERE {{which}} {{bounds}}
        {_NEWEST} LIMIT :reach
    ) w WHERE {{is_theirs}} {{fits}} {_NEWEST} LIMIT :limit
"""
_END = f"SELECT w.{{key}}, w.said_at FROM {{table}} w WHERE {{which}} {{bounds}} {_NEWEST}"
_ENDS = f"""
    SELECT w.{{key}}, w.said_at FROM (({_END} LIMIT 1) UNION ALL ({_END} OFFSET :reach - 1 LIMIT 1)) w {_NEWEST}
"""
_EACH = f"""
    SELECT w.{{key}}, w.said_at FROM unnest(CAST(:rooms AS uuid[])) AS room (id) CROSS JOIN LATERAL (
        SELECT w.{{key}}, w.said_at, w.words FROM {{table}} w WHERE w.scope_id = room.id {{bounds}}
        {_NEWEST} LIMIT :reach
    ) w WHERE true {{fits}} {_NEWEST} LIMIT :limit
"""
_AMONG = f"""
    SELECT w.{{key}}, w.said_at FROM {{table}} w WHERE w.{{key}} = ANY(CAST(:among AS uuid[])) {{fits}} {{bounds}}
    {_NEWEST} LIMIT :limit
"""
# First by the inverted index alone: with when it was said the planner goes through an index of all that was said then.
_GATHER = f"""
    SELECT w.{{key}}, w.said_at FROM (
        SELECT w.{{key}}, w.said_at, w.scope_id, w.is_room, w.words FROM {{table}} w WHERE {{fits}} OFFSET 0
    ) w WHERE true {{bounds}} {{is_theirs}} {_NEWEST} LIMIT :limit
"""
_ROOMS = text(
    """
    SELECT c.id, c.said FROM members m CROSS JOIN LATERAL (
        SELECT id, said, deleted_at FROM conversations WHERE id = m.conversation_id LIMIT 1
    ) c WHERE m.user_id = :me AND m.kind <> 'assistant' AND m.left_at IS NULL AND c.deleted_at IS NULL
        AND NOT (:oversees AND m.kind = 'company')
    """
)
