"""What a search gives: frozen, and free of the database."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from core.models import ConversationKind, MessageRole


class Order(StrEnum):
    BEST = "best"
    """Among the newest hits the best first."""
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a snippet, as plain text."""

    text: str
    is_hit: bool


Snippet = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that was found."""

    message_id: UUID
    conversation_id: UUID
    seq: int
    kind: ConversationKind
    title: str
    """The conversation's; of a direct chat the other person's name. Empty for a chat without one."""
    role: MessageRole
    sender_name: str | None
    """None for the assistant."""
    said_at: datetime
    snippet: Snippet
    is_superseded: bool
    """True when it belongs to an earlier version, which the transcript does not show by itself."""
    is_edited: bool


@dataclass(frozen=True, slots=True)
class TitleHit:
    """A conversation whose title was found."""

    conversation_id: UUID
    kind: ConversationKind
    title: Snippet
    last_message_at: datetime
    is_archived: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A page of hits."""

    hits: tuple[Hit, ...] = ()
    titles: tuple[TitleHit, ...] = ()
    """On the first page only, a few: conversations called so."""
    hints: tuple[str, ...] = ()
    """What of the query was not understood or finds nothing by itself, each a sentence."""
    following: str | None = None
    """Pass it as `after` for the next page; None when there is none."""
