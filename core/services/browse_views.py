"""What browsing shows: frozen, and free of the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Self
from uuid import UUID

from core.models import ConversationKind, MessageRole, MessageStatus, MessageType
from core.repositories.branches import VersionLine
from core.repositories.browse_lines import BrowseLine, Sort, State
from core.repositories.model_calls import MessageUsage
from core.services.views import ReactionView, Reply, StepView

__all__ = [
    "Browsed",
    "BrowsedMessage",
    "BrowsedTranscript",
    "Deed",
    "Done",
    "Filters",
    "MessageUsage",
    "Owner",
    "Page",
    "Sort",
    "State",
    "VersionLine",
]


@dataclass(frozen=True, slots=True)
class Filters:
    """Which conversations somebody wants to see, of those that they may."""

    kinds: frozenset[ConversationKind] = frozenset(ConversationKind)
    state: State = State.ACTIVE
    owner_id: UUID | None = None
    """None: whosever. Only for who oversees rooms."""
    model: str | None = None
    """None: whichever."""
    since: date | None = None
    until: date | None = None
    """Days of the last activity, in the reader's zone, both of them included."""


@dataclass(frozen=True, slots=True)
class Browsed:
    """A conversation in the list, or the open one."""

    id: UUID
    kind: ConversationKind
    title: str
    """Of a direct chat the other person's name; empty for a chat that has none yet."""
    owner_name: str
    model: str
    messages: int
    """As they were said, notices not counted: those before the reader joined, and earlier versions, as well."""
    tokens: int
    """What models read and wrote, as far as it is known."""
    spent: Decimal
    """USD, likewise."""
    last_message_at: datetime
    is_archived: bool
    is_deleted: bool
    is_mine: bool
    can_write: bool
    can_put_away: bool
    """Archive and delete it, or bring it back."""

    @classmethod
    def of(
        cls,
        line: BrowseLine,
        default_model: str,
        *,
        is_mine: bool = False,
        can_write: bool = False,
        can_put_away: bool = False,
    ) -> Self:
        """`default_model`: of a conversation that names none."""
        return cls(
            id=line.id,
            kind=line.kind,
            title=line.title,
            owner_name=line.owner_name,
            model=line.model or default_model,
            messages=line.said,
            tokens=line.tokens,
            spent=line.spent,
            last_message_at=line.last_message_at,
            is_archived=line.is_archived,
            is_deleted=line.is_deleted,
            is_mine=is_mine,
            can_write=can_write,
            can_put_away=can_put_away,
        )


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the list."""

    lines: tuple[Browsed, ...] = ()
    newer: str | None = None
    """Pass it as `before` for the lines above these; None at the beginning of the list."""
    older: str | None = None
    """Pass it as `after` for the lines below them; None at its end."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody whose company rooms there are."""

    id: UUID
    name: str
    email: str


class Deed(StrEnum):
    """What can be done with several conversations at once."""

    ARCHIVE = "archive"
    UNARCHIVE = "unarchive"
    DELETE = "delete"
    RESTORE = "restore"

    @property
    def undo(self) -> "Deed":
        return _UNDOING[self]


_UNDOING = {
    Deed.ARCHIVE: Deed.UNARCHIVE,
    Deed.UNARCHIVE: Deed.ARCHIVE,
    Deed.DELETE: Deed.RESTORE,
    Deed.RESTORE: Deed.DELETE,
}


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one of them."""

    conversation_id: UUID
    refusal: str | None = None
    """Why not, in a sentence; None when it was done."""


@dataclass(frozen=True, slots=True)
class BrowsedMessage:
    id: UUID
    seq: int
    role: MessageRole
    message_type: MessageType
    status: MessageStatus
    content: str
    """Of a deleted one empty, but for who may read those."""
    created_at: datetime
    sender_name: str | None
    """None for the assistant and for who is gone."""
    is_deleted: bool
    is_edited: bool
    reached_limit: bool
    usage: MessageUsage | None
    """None for a message that no model was called for."""
    model: str | None
    """Which was called for it, or several; None where that is not known."""
    reply: Reply | None
    reactions: tuple[ReactionView, ...]
    versions: tuple[VersionLine, ...]
    """Its other versions, first to last."""
    has_more_versions: bool
    """True when there are earlier ones still."""
    edit_reason: str | None = None
    """Why a moderator gave it this text; None: it is its author's."""
    delete_reason: str | None = None
    """Why a moderator deleted it; None: its author did, or nobody."""
    is_purged: bool = False
    """Whether a moderator removed it for good."""
    steps: tuple[StepView, ...] = ()
    """What was done for an answer, in order; nothing can be done with them here."""


@dataclass(frozen=True, slots=True)
class BrowsedTranscript:
    """A part of a conversation, read only."""

    conversation: Browsed
    assistant_name: str
    messages: Sequence[BrowsedMessage]
    """In the order they were said."""
    has_earlier: bool
    has_later: bool
    is_earlier_version: bool
    """True when this is not what the conversation shows now."""
    around: int | None
    """The message it was asked for; None when that is not to be seen."""
