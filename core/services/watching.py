"""What open pages are told by push: that something is different, and counts. What was written they read themselves."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.database.engine import Database
from core.permissions import Actor
from core.repositories.answer_runs import AnswerRuns
from core.repositories.cases import Cases
from core.repositories.conversations import Conversations
from core.repositories.presence import Pair
from core.repositories.task_lines import TaskLines
from core.repositories.unread import RoomUnread, Unreads
from core.repositories.users import Users
from core.repositories.watching import ReadMark, Watching
from core.services.access import get_or_raise
from core.services.presence import Here, PresenceService

__all__ = ["Pair", "ReadMark", "RoomUnread", "Sight", "Unread", "WatchService", "Wish"]

Unread = Mapping[UUID, RoomUnread]
"""By room."""


@dataclass(slots=True)
class Wish:
    """What is to be looked at."""

    states: set[UUID] = field(default_factory=set)
    """Conversations in which anything may be different."""
    reads: set[UUID] = field(default_factory=set)
    here: set[UUID] = field(default_factory=set)
    people: set[UUID] = field(default_factory=set)
    """Of whom all that is unread is wanted."""
    rooms: set[UUID] = field(default_factory=set)
    """Of which what is unread there is wanted, of everybody who is connected."""

    listed: set[UUID] = field(default_factory=set)
    """Conversations that stand otherwise in the lists of those who are connected."""

    def __bool__(self) -> bool:
        return any((self.states, self.reads, self.here, self.people, self.rooms, self.listed))

    @property
    def watched(self) -> set[UUID]:
        """Everything that is told to those only who have it open."""
        return self.states | self.reads | self.here

    def add(self, other: "Wish") -> None:
        self.states |= other.states
        self.reads |= other.reads
        self.here |= other.here
        self.people |= other.people
        self.rooms |= other.rooms
        self.listed |= other.listed


@dataclass(frozen=True, slots=True)
class Sight:
    """What there was to see."""

    states: Mapping[Pair, str]
    """As `TranscriptService.state`; a pair is missing whose person may not read that conversation."""
    runs: Mapping[UUID, UUID]
    """The runs that write an answer, or are about to, by conversation."""
    reads: Mapping[UUID, list[ReadMark]]
    """Of direct chats and small groups."""
    here: Mapping[UUID, Here]
    unread_of: Mapping[UUID, Unread]
    """By person: the rooms with something unread. Who has read everything is missing."""
    cases_of: Mapping[UUID, int]
    """By person: how many reported messages wait to be claimed. Who is no moderator is missing."""
    due_of: Mapping[UUID, int]
    """By person: the tasks that are due by today, where they are. Who has none is missing."""
    unread_in: Mapping[UUID, Unread]
    """By person: their rooms among those wished for."""
    listers: Collection[UUID]
    """Whose lists are others now."""


class WatchService:
    def __init__(self, database: Database, presence: PresenceService) -> None:
        self.database = database
        self.presence = presence

    def is_room(self, actor: Actor, conversation_id: UUID) -> bool:
        """Whether what they want to watch is a room. Raises NotFound, NotPermitted for what they may not read."""
        with self.database.reading() as session:
            return get_or_raise(Conversations(session), actor, conversation_id).kind.is_room

    def look(self, wish: Wish, watchers: Collection[Pair], connected: Collection[UUID]) -> Sight:
        """At everything for everybody: a query for each kind of thing that is wished for, however many watch.

        `watchers`: conversations and who has them open. Raises DatabaseUnavailable.
        """
        self.presence.settle()
        here = self.presence.who(wish.here) if wish.here else {}
        with self.database.reading() as session:
            watching, unreads = Watching(session), Unreads(session)
            # First what says which state this is: what is read after it is at least as new.
            revisions = watching.list_revisions(watchers) if watchers else {}
            return Sight(
                states={pair: str(revision) for pair, revision in revisions.items()},
                runs=AnswerRuns(session).list_active(wish.states) if wish.states else {},
                reads=watching.list_reads(wish.reads) if wish.reads else {},
                here=here,
                cases_of=Cases(session).count_open_of(wish.people) if wish.people else {},
                due_of=_due(session, wish.people) if wish.people else {},
                unread_of=unreads.of_people(wish.people) if wish.people else {},
                unread_in=unreads.in_rooms(wish.rooms, connected) if wish.rooms and connected else {},
                listers=watching.list_members(wish.listed, connected) if wish.listed and connected else (),
            )


def _due(session: Session, people: Collection[UUID]) -> dict[UUID, int]:
    days = {user_id: clock.today(zone) for user_id, zone in Users(session).list_zones(people).items()}
    return TaskLines(session).count_due_of(days)
