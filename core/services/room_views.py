"""What services tell of rooms and their members: frozen, and free of the database."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from core.models import ConversationKind, History, MemberRole
from core.repositories.members import MemberLine
from core.repositories.model_calls import PersonUsage
from core.repositories.room_lines import OpenRoomLine, RoomLine
from core.repositories.unread import RoomUnread

__all__ = [
    "AddResult",
    "Added",
    "Colleague",
    "MemberLine",
    "OpenRoomLine",
    "PersonUsage",
    "RoomLine",
    "RoomUnread",
    "RoomUsage",
    "RoomView",
    "Unread",
]


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of the same company."""

    id: UUID
    display_name: str
    email: str


@dataclass(frozen=True, slots=True)
class RoomView:
    """A room as one of its members sees it."""

    id: UUID
    kind: ConversationKind
    title: str
    """The other person's name in a direct chat."""
    history: History
    member_count: int
    role: MemberRole
    muted: bool
    last_read_seq: int
    other: Colleague | None
    """In a direct chat: who the other one is."""
    can_manage: bool
    """True for owners and admins of a group or company room."""
    can_own: bool
    """True for owners, and while none of them can sign in, for who looks after the room instead."""
    why_not: str | None
    """Why nobody can write here; None where one can."""
    assistant_name: str
    is_locked: bool = False
    """Whether a moderator keeps it locked: then nobody manages it either."""

    @property
    def can_write(self) -> bool:
        return self.why_not is None


@dataclass(frozen=True, slots=True)
class RoomUsage:
    """What the assistant was asked in a room, and what that cost, by who asked; the dearest first."""

    people: tuple[PersonUsage, ...]

    @property
    def calls(self) -> int:
        return sum(person.calls for person in self.people)

    @property
    def tokens(self) -> int:
        """Read and written, as far as they are known."""
        return sum(person.tokens for person in self.people)

    @property
    def cost(self) -> Decimal:
        """USD, as far as it is known."""
        return sum((person.cost for person in self.people), Decimal())

    @property
    def unpriced(self) -> int:
        """Calls whose cost nobody knows."""
        return sum(person.unpriced for person in self.people)


@dataclass(frozen=True, slots=True)
class Unread:
    """What a person has not read yet."""

    total: int = 0
    """Messages, of muted rooms only those that mention them."""
    mentions: int = 0
    rooms: dict[UUID, RoomUnread] = field(default_factory=dict)
    """The rooms with something unread."""


class AddResult(StrEnum):
    ADDED = "added"
    THERE = "there"
    """Was a member already."""
    INACTIVE = "inactive"
    """Their account is deactivated, or their role lets them not chat."""
    UNKNOWN = "unknown"
    """Nobody of this company."""


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one of the people who were to be added."""

    user_id: UUID
    name: str | None
    """None for somebody unknown."""
    result: AddResult
