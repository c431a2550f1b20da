"""Finding what was said, out of all that somebody may read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from uuid import UUID

from core.database.engine import Database
from core.ids import parse_id
from core.permissions import Actor, Permission, roles_with
from core.repositories.companies import Companies
from core.repositories.search import REACH, Candidate, Position, Scope, Search, Wanted
from core.repositories.search_hits import HitLine, SearchHits, TitleLine
from core.repositories.task_lines import TaskLines
from core.search.conditions import Mark, called
from core.search.query import Named, Query, parse
from core.search.snippets import Highlighter, Spans
from core.search.words import fold, tokens_of
from core.services.search_views import Found, Hit, Order, Part, Snippet, TitleHit

PAGE = 20
WINDOW = 200
"""So many of the newest hits, or as many as a first look finds, are compared with each other for the best."""
SLICE = 40
"""Candidates that are read at once."""
WIDEST = 5_000
"""Candidates of one window at the most."""
TITLES = 5
MOST_PLACES = 200
MOST_SENDERS = 50
MOST_TASKS = 1_000
"""Of so many messages the newest tasks of a person may come: has:task knows no others."""
LAST_KEY = UUID(int=2**128 - 1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


NOT_YOURS = "Only moderators can look for what was reported, so is:reported finds nothing."


class SearchService:
    def __init__(self, database: Database, reach: int = REACH, window: int = WINDOW) -> None:
        """`reach`: how many of the newest entries a first look takes in, `window` how many hits are compared for the
        best. What is found on all pages together depends on neither.
        """
        self.database = database
        self.reach = reach
        self.window = window

    def search(
        self,
        actor: Actor,
        text: str,
        *,
        order: Order = Order.BEST,
        after: str | None = None,
        zone: tzinfo = UTC,
        limit: int = PAGE,
        within: UUID | None = None,
    ) -> Found:
        """A page of what this person may read and the text asks for; see `core.search.query` for its language.

        `after` is the `following` of the page before, `zone` where the days of before: and after: begin. The cost does
        not grow with how much there is, as long as there is somebody who said the words lately, or few who ever did.
        `within`: only in that room, and only what its member may read there, whatever else they may. Raises
        NotPermitted.
        """
        if within:
            actor = replace(actor, roles=actor.roles - roles_with(Permission.ROOMS_OVERSEE))
        actor.require(Permission.CONVERSATIONS_BROWSE)
        query = parse(text, zone=zone)
        if query.is_about_reports and not actor.may(Permission.MODERATION_WORK):
            return Found(hints=(*query.hints, NOT_YOURS))
        if query.is_empty:
            return Found(hints=tuple(query.hints))
        with self.database.transaction() as session:
            search = Search(session, self.reach)
            search.settle()
            scope = search.scope_of(actor)
            scope = scope.narrowed(within) if within else scope
            conditions = Looked(search, actor, scope, query).conditions()
            if conditions is None:
                return Found(hints=tuple(query.hints))
            wanted = _wanted(search, actor, query, conditions)
            looking = _Looking(search, actor, scope, query, wanted=wanted, window=self.window)
            start = Cursor.parse(after)
            lines, following = (looking.best if order is Order.BEST else looking.newest)(start or Cursor(), limit)
            titles = looking.titles() if start is None else ()
        show = Highlighter(query)
        hits = tuple(_hit(line, show) for line in lines)
        hints = query.hints if hits or titles else [*query.hints, *query.asides]
        return Found(hits, titles, tuple(hints), following.text if following else None)


def _wanted(search: Search, actor: Actor, query: Query, conditions: tuple[str, ...]) -> Wanted:
    wanted = Wanted(conditions, query.since, query.until)
    if query.with_task is None:
        return wanted
    messages = tuple(TaskLines(search.session).list_messages(actor, MOST_TASKS))
    return replace(wanted, among=messages) if query.with_task else replace(wanted, without=messages)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: so many further on among the candidates of a window behind a position."""

    before: Position | None = None
    """None: the newest there are."""
    offset: int = 0
    width: int = 0
    """How many candidates the window has; 0: as many as usual."""
    last: UUID | None = None
    """The hit before, where it is still there."""

    @property
    def text(self) -> str:
        assert self.before  # only the first page has none
        microseconds = (self.before[0] - EPOCH) // timedelta(microseconds=1)
        last = self.last.hex if self.last else ""
        return f"{microseconds}.{self.before[1].hex}.{self.offset}.{self.width}.{last}"

    @classmethod
    def parse(cls, text: str | None) -> "Cursor | None":
        """None for the first page, and for what is no cursor."""
        time, key, offset, width, last = [*(text or "").split("."), *[""] * 5][:5]
        found = parse_id(key)
        if found is None or not all(map(_is_number, (time, offset, width))):
            return None
        return cls((EPOCH + timedelta(microseconds=int(time)), found), int(offset), int(width), parse_id(last))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 17


class Looked:
    """Looks up the names behind from: and in:."""

    def __init__(self, search: Search, actor: Actor, scope: Scope, query: Query) -> None:
        self.search = search
        self.session = search.session
        self.actor = actor
        self.scope = scope
        self.query = query

    def conditions(self) -> tuple[str, ...] | None:
        """The whole query, each of a `tsquery`; None where nothing can fit it."""
        query = self.query
        conditions = list(query.conditions)
        for named, marks in [
            *((one, self._senders(one)) for one in query.senders),
            *((one, self._places(one)) for one in query.places),
        ]:
            if marks:
                conditions.append(f"{'!' * named.is_excluded}({' | '.join(marks)})")
            elif not named.is_excluded:
                query.finds_nothing = True
        return None if query.finds_nothing else tuple(conditions)

    def _senders(self, named: Named) -> list[str]:
        name = fold(named.value).strip()
        if name == "me":
            return [Mark.SENDER.of_id(self.actor.user_id)]
        if name in ("assistant", self._assistant_name()):
            return [Mark.ROLE.of("assistant")]
        found = self._people(name)
        if not found:
            self.query.hint(f"Nobody here is called “{named.value}”.")
        elif len(found) > MOST_SENDERS:
            self.query.hint(f"More than {MOST_SENDERS} people are called “{named.value}”: {MOST_SENDERS} were taken.")
        return [Mark.SENDER.of_id(key) for key in found[:MOST_SENDERS]]

    def _people(self, name: str) -> list[UUID]:
        """Whose name has words that begin with these, or whose e-mail begins so."""
        words = [token.text for token in tokens_of(name)]
        if not words:
            return []
        return [
            key
            for key, display_name, email in SearchHits(self.session).list_people(self.actor.company_id, words)
            if _is_called(display_name, words) or fold(email).startswith(name)
        ]

    def _assistant_name(self) -> str:
        company = Companies(self.session).get(self.actor.company_id)
        return fold(company.assistant_name) if company else ""

    def _places(self, named: Named) -> list[str]:
        condition = called(named.value)
        found = self._conversations(condition) if condition else []
        places = list(dict.fromkeys([*found, *self._direct(named)]))
        if not places:
            self.query.hint(f"No conversation that you can read is called “{named.value}”.")
        elif len(places) > MOST_PLACES:
            self.query.hint(f"More than {MOST_PLACES} conversations are called “{named.value}”: the newest were taken.")
        return [Mark.CONVERSATION.of_id(place) for place in places[:MOST_PLACES]]

    def _direct(self, named: Named) -> list[UUID]:
        """The direct chats with whoever is called so. None for who looks elsewhere: that there are any is telling."""
        if self.scope.owner_id is None:
            return []
        return SearchHits(self.session).list_direct(self.actor, self._people(fold(named.value).strip()))

    def _conversations(self, condition: str) -> list[UUID]:
        lines = _titles(self.search, self.actor, self.scope, Wanted((condition,)), limit=MOST_PLACES + 1)
        return [line.conversation_id for line in lines]


def _titles(search: Search, actor: Actor, scope: Scope, wanted: Wanted, *, limit: int) -> list[TitleLine]:
    """As many as that, however many are deleted."""
    lines: list[TitleLine] = []
    before, width = None, limit + SLICE
    while len(lines) < limit:
        window = search.titles(scope, wanted, width, before)
        keys = [one.key for one in window.found]
        lines += SearchHits(search.session).list_titles(actor, keys, limit - len(lines))
        if not window.has_more:
            break
        before, width = window.found[-1].position, min(width * 2, WIDEST)
    return lines


def _is_called(name: str, words: Sequence[str]) -> bool:
    parts = _pieces(fold(name))
    return all(any(part.startswith(piece) for part in parts) for word in words for piece in _pieces(word))


def _pieces(word: str) -> list[str]:
    return [part for token in tokens_of(word) for part in ([token.text] if token.is_unspaced else token.parts)]


class _Looking:
    def __init__(
        self, search: Search, actor: Actor, scope: Scope, query: Query, *, wanted: Wanted, window: int
    ) -> None:
        self.search = search
        self.actor = actor
        self.scope = scope
        self.query = query
        self.wanted = wanted
        self.window = window
        self.hits = SearchHits(search.session)

    def newest(self, start: Cursor, limit: int) -> tuple[list[HitLine], Cursor | None]:
        lines: list[HitLine] = []
        for _, found in self._windows(start, limit, limit + SLICE):
            for slice_ in _slices([one.key for one in found]):
                lines += self.hits.list_messages(self.actor, slice_)
                if len(lines) > limit:
                    last = lines[limit - 1]
                    return lines[:limit], Cursor((last.said_at, last.message_id))
        return lines, None

    def best(self, start: Cursor, limit: int) -> tuple[list[HitLine], Cursor | None]:
        """Window by window, each by itself in the order of how well it fits."""
        rank = " | ".join(self.query.ranked)
        if not rank:  # of what operators alone find, nothing fits better than another
            return self.newest(start, limit)
        lines: list[HitLine] = []
        for window, found in self._windows(start, limit, self.window):
            keys = self.hits.ranked([one.key for one in found], rank)
            begin = keys.index(window.last) + 1 if window.last in keys else window.offset
            for slice_ in _slices(keys[begin:]):
                for line in self.hits.list_messages(self.actor, slice_):
                    if len(lines) == limit:
                        return lines, _pinned(window, found, keys, lines[-1].message_id)
                    lines.append(line)
        return lines, None

    def _windows(self, start: Cursor, limit: int, width: int) -> Iterator[tuple[Cursor, list[Candidate]]]:
        """Windows one behind the other, each with what it is called by, until there are no more."""
        at = Cursor(start.before, start.offset, min(start.width or width, WIDEST), start.last)
        while True:
            # A window that a page has begun with is to be the same again, whichever way it is found.
            enough = at.width if start.width and at.before == start.before else min(limit + 1, at.width)
            window = self.search.messages(self.scope, self.wanted, enough=enough, limit=at.width, before=at.before)
            yield at, window.found
            if not window.has_more:
                return
            # Of what was deleted there may be much: each further window is wider.
            at = Cursor(window.found[-1].position, 0, min(at.width * 2, WIDEST))

    def titles(self) -> tuple[TitleHit, ...]:
        """Those that fit the words; what only messages have, no title has."""
        if self.query.is_about_messages or self.query.places or not self.query.ranked:
            return ()
        lines = _titles(self.search, self.actor, self.scope, self.wanted, limit=TITLES)
        show = Highlighter(self.query)
        return tuple(
            TitleHit(
                line.conversation_id,
                line.kind,
                parts_of(show.title(line.title)),
                line.last_message_at,
                line.is_archived,
            )
            for line in lines
        )


def _pinned(window: Cursor, found: Sequence[Candidate], keys: Sequence[UUID], last: UUID) -> Cursor:
    """That window for the page behind `last`, without what is said meanwhile."""
    before = window.before or (found[0].said_at, LAST_KEY)
    offset = keys.index(last) + 1 if last in keys else 0  # 0: the page ended with the window before
    return Cursor(before, offset, len(found), last)


def _slices(keys: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    return (keys[at : at + SLICE] for at in range(0, len(keys), SLICE))


def _hit(line: HitLine, show: Highlighter) -> Hit:
    return Hit(
        message_id=line.message_id,
        conversation_id=line.conversation_id,
        seq=line.seq,
        kind=line.kind,
        title=line.title,
        role=line.role,
        sender_name=line.sender_name,
        said_at=line.said_at,
        snippet=parts_of(show.snippet(line.content)),
        is_superseded=line.is_superseded,
        is_edited=line.is_edited,
    )


def parts_of(spans: Spans) -> Snippet:
    parts, end = [], 0
    for start, stop in spans.spans:
        parts += [Part(spans.text[end:start], is_hit=False), Part(spans.text[start:stop], is_hit=True)]
        end = stop
    parts.append(Part(spans.text[end:], is_hit=False))
    return tuple(part for part in parts if part.text)
