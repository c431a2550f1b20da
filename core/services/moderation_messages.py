"""All messages that moderators may see, listed and searched: those of company rooms, and of direct chats, groups and
chats with the assistant the ones that have a case, each by itself.

What a moderator reads as a member of a private room is not among them: that is no matter of moderation.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from core.database.engine import Database
from core.errors import Invalid, NotFound
from core.lines import one_line
from core.models import CaseStatus
from core.permissions import Actor, Permission
from core.repositories.case_lines import CaseLine, CaseLines
from core.repositories.overseen import Fate, Narrowed, Overseen, OverseenLine, Walked
from core.repositories.search import REACH, Position, Scope, Search, Wanted
from core.repositories.search_index import SearchIndex
from core.search.conditions import Mark
from core.search.query import Named, Query, parse
from core.search.snippets import Highlighter
from core.services.moderation_deciding import BEING_WRITTEN, OWN, PURGED, TAKEN_BACK_REPORTED, TAKEN_BACK_UNREPORTED
from core.services.moderation_message_query import MessagesQuery, State
from core.services.moderation_query import NO_SUCH_PLACE
from core.services.moderation_queue import case_view, has_lapsed
from core.services.moderation_views import FoundMessage, MessagesPage, OpenMessage
from core.services.search import Cursor, Looked, parts_of

PAGE = 30
ROUNDS = 3
"""Looks for one page at the most: then the page says how far it came."""
LONGEST_UNSOUGHT = 400
LONGEST_SOUGHT = 100_000
"""Characters of a message that are read for its snippet, without and with words to look for in it."""
TEXTS, CHARACTERS = 50, 60_000
"""So many deleted messages are looked into for one page at the most, and so many characters of them."""
BY_TEXT = (State.DELETED, State.TAKEN_BACK)
"""Where deleted messages are found by their words: elsewhere they would hold up what the index finds at once."""
BY_PEOPLE = (
    "is:reported finds what people reported. What rules reported is in the states “Reported, to decide” and “Reported, "
    "decided” as well."
)
FATES = {
    State.ANY: Fate.ANY,
    State.THERE: Fate.THERE,
    State.EDITED: Fate.EDITED,
    State.DELETED: Fate.DELETED,
    State.OPEN: Fate.OPEN,
    State.CLOSED: Fate.CLOSED,
}


class ModerationMessages:
    def __init__(self, database: Database, reach: int = REACH) -> None:
        """`reach`: how many entries a look takes in at the most, of each kind."""
        self.database = database
        self.reach = reach

    def list_page(self, actor: Actor, query: MessagesQuery, zone: ZoneInfo, *, limit: int = PAGE) -> MessagesPage:
        """The newest first. `zone`: whose days the query means. The cost does not grow with how much was said.

        Raises NotPermitted; Invalid for what is no place in the list.
        """
        actor.require(Permission.MODERATION_WORK)
        start = _place(query.after)
        sought = parse(query.text, zone=zone)
        with self.database.transaction() as session:
            search = Search(session, self.reach)
            search.settle()
            looking = _Looking.for_query(search, actor, query, sought, zone=zone)
            lines, following, is_cut = looking.newest(start, limit) if looking else ([], None, False)
        show = Highlighter(sought)
        found = tuple(FoundMessage(line, parts_of(show.snippet(line.content))) for line in lines)
        hints = sought.hints if found else [*sought.hints, *sought.asides]
        hints = [*hints, BY_PEOPLE] if sought.is_about_reports else hints
        return MessagesPage(found, Cursor(following).text if following else None, tuple(hints), is_cut)

    def get(self, actor: Actor, message_id: UUID) -> OpenMessage:
        """Raises NotFound for what moderators of this company may not see as for what there is not, NotPermitted."""
        actor.require(Permission.MODERATION_WORK)
        with self.database.reading() as session:
            line = next(iter(Overseen(session).list_lines(actor.company_id, [message_id], 0)), None)
            if line is None:
                raise NotFound
            case = CaseLines(session).get(actor.company_id, line.case_id) if line.case_id else None
            view = case_view(session, actor, case or _unopened(line))
            return OpenMessage(view, line, **_possible(actor, line))

    def rooms(self, actor: Actor) -> tuple[tuple[UUID, str], ...]:
        """The company rooms that the list can be narrowed to."""
        actor.require(Permission.MODERATION_WORK)
        with self.database.reading() as session:
            return tuple(Overseen(session).list_rooms(actor.company_id))


def _unopened(line: OverseenLine) -> CaseLine:
    """A message without a case, as if it had one that is closed."""
    return CaseLine(
        id=line.message_id,
        status=CaseStatus.CLOSED,
        version=0,
        kind=line.kind,
        role=line.role,
        message_id=line.message_id,
        subject_id=line.message_id,
        conversation_id=line.conversation_id,
        author_id=line.sender_id,
        author_name=line.sender_name,
        waiting_since=line.said_at,
        first_reported_at=line.said_at,
        report_count=0,
        reasons=(),
        claimed_by=None,
        claimed_at=None,
        claimed_name=None,
        decision=None,
        decided_at=None,
        decided_name=None,
        reason="",
        snippet="",
    )


def _possible(actor: Actor, line: OverseenLine) -> dict[str, Any]:
    """What this moderator can do about it now; the service that does it checks all of this again."""
    why_not = _why_not(actor, line)
    return {
        "can_change": not why_not and not line.is_deleted,
        "can_restore": not why_not and (line.delete_reason is not None or line.edit_reason is not None),
        "why_not": why_not,
    }


def _why_not(actor: Actor, line: OverseenLine) -> str | None:
    is_others = line.status is CaseStatus.CLAIMED and line.claimed_by != actor.user_id
    if line.is_purged:
        return PURGED
    if line.sender_id == actor.user_id:
        return OWN
    if line.is_pending:
        return BEING_WRITTEN
    is_taken_back = line.is_deleted and line.delete_reason is None
    if is_taken_back and (line.case_id is None or line.status is CaseStatus.CLOSED):
        return TAKEN_BACK_UNREPORTED
    if is_others and line.claimed_at and not has_lapsed(line.claimed_at):
        return f"{one_line(line.claimed_name or 'Somebody')} claimed this case, so they decide about it."
    return TAKEN_BACK_REPORTED if is_taken_back else None


def _place(mark: str | None) -> Position | None:
    if not mark:
        return None
    cursor = Cursor.parse(mark)
    if cursor is None:
        raise Invalid(NO_SUCH_PLACE)
    return cursor.before


class _InCompanyRooms(Looked):
    def _direct(self, _named: Named) -> list[UUID]:
        """in: names company rooms only, also to who has direct chats."""
        return []


@dataclass(frozen=True, slots=True)
class _Looking:
    search: Search
    narrowed: Narrowed
    state: State
    wanted: Wanted
    """With the filters: for what is found by its words."""
    words: str
    """Without them."""
    length: int

    @classmethod
    def for_query(
        cls, search: Search, actor: Actor, query: MessagesQuery, sought: Query, *, zone: ZoneInfo
    ) -> "_Looking | None":
        """None where nothing can be found."""
        conditions = _InCompanyRooms(search, actor, _scope(actor.company_id), sought).conditions()
        if conditions is None:
            return None
        narrowed = query.narrowed(actor.company_id, zone)
        narrowed = Narrowed(
            narrowed.company_id, narrowed.room_id, narrowed.author_id, narrowed.by_assistant,
            max(filter(None, (narrowed.since, sought.since)), default=None),
            min(filter(None, (narrowed.until, sought.until)), default=None),
        )  # fmt: skip
        wanted = Wanted((*conditions, *_marks(narrowed)), narrowed.since, narrowed.until)
        length = LONGEST_SOUGHT if sought.ranked else LONGEST_UNSOUGHT
        return cls(search, narrowed, query.state, wanted, " & ".join(conditions), length)

    def newest(self, start: Position | None, limit: int) -> tuple[list[OverseenLine], Position | None, bool]:
        """Lines, where the next page begins, and whether there may be more on this one than was looked at."""
        overseen, lines, before = Overseen(self.search.session, self.search.reach), list[OverseenLine](), start
        rooms = _InRooms(self.search, _scope(self.narrowed.company_id), self.wanted)
        for _ in range(1 if self.words and self.state in BY_TEXT else ROUNDS):
            keys, before = self._merged(overseen, rooms, limit - len(lines) + 1, before)
            lines += overseen.list_lines(self.narrowed.company_id, keys, self.length)
            if len(lines) > limit:
                return lines[:limit], lines[limit - 1].position, False
            if before is None:
                return lines, None, False
        return lines, before, True

    def _merged(
        self, overseen: Overseen, rooms: "_InRooms", limit: int, before: Position | None
    ) -> tuple[list[UUID], Position | None]:
        """Of each source the newest, put together as far as all of them were looked at."""
        walks = []
        if self.state in (State.ANY, State.THERE):
            walks.append(rooms.newest(limit, before))
        if self.state in FATES:
            walks.append(self._cases(overseen, limit, before))
        if self.state is State.TAKEN_BACK or (self.state is State.ANY and not self.words):
            walks.append(self._taken_back(overseen, limit, before))
        horizon = max((walk.horizon for walk in walks if walk.horizon), default=None)
        found = {one.position for walk in walks for one in walk.found if not horizon or one.position >= horizon}
        newest = sorted(found, reverse=True)
        if len(newest) >= limit:
            return [key for _, key in newest[:limit]], newest[limit - 1]
        return [key for _, key in newest], horizon

    def _cases(self, overseen: Overseen, limit: int, before: Position | None) -> Walked:
        if self.words and self.state is State.DELETED:
            return self._fitting(overseen.walk_cases(self.narrowed, Fate.DELETED, TEXTS, before))
        fate = Fate.THERE if self.words and self.state is State.ANY else FATES[self.state]
        return overseen.walk_cases(self.narrowed, fate, limit, before, words=self.words)

    def _taken_back(self, overseen: Overseen, limit: int, before: Position | None) -> Walked:
        most = TEXTS if self.words else limit
        return self._fitting(overseen.walk_taken_back(self.narrowed, most, before))

    def _fitting(self, walk: Walked) -> Walked:
        if not self.words or not walk.found:
            return walk
        keys = [one.key for one in walk.found]
        fit, count = SearchIndex(self.search.session).list_fitting(keys, self.words, CHARACTERS)
        horizon = walk.found[count - 1].position if count < len(keys) else walk.horizon
        return Walked([one for one in walk.found[:count] if one.key in fit], horizon)


class _InRooms:
    """What is there in company rooms, by the index that everybody's search goes by."""

    def __init__(self, search: Search, scope: Scope, wanted: Wanted) -> None:
        self.search = search
        self.scope = scope
        self.wanted = wanted
        self._known: Walked | None = None

    def newest(self, limit: int, before: Position | None) -> Walked:
        """From round to round further back. What one round found and did not come to is not looked for again."""
        if self._known:
            left = [one for one in self._known.found if before is None or one.position < before]
            if self._known.horizon is None or len(left) >= limit:
                return Walked(left, self._known.horizon)
        found = self.search.messages(self.scope, self.wanted, enough=limit, limit=limit, before=before)
        self._known = Walked(found.found, found.found[-1].position if found.has_more and found.found else None)
        return self._known


def _scope(company_id: UUID) -> Scope:
    """The company's rooms, and nothing of one's own."""
    return Scope(company_id, None, (), 0, oversees=True)


def _marks(narrowed: Narrowed) -> list[str]:
    marks = []
    if narrowed.room_id:
        marks.append(Mark.CONVERSATION.of_id(narrowed.room_id))
    if narrowed.author_id:
        marks.append(Mark.SENDER.of_id(narrowed.author_id))
    if narrowed.by_assistant:
        marks.append(Mark.ROLE.of("assistant"))
    return marks
