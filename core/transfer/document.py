"""A conversation apart from any database: what exports write and imports read.

Nothing in it is a key of a database: messages are named by their seq, people by a place in `people`. So the same
conversation exported from where it was imported is the same document.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from core.models import (
    CallPurpose,
    CallStatus,
    ConversationKind,
    MessageRole,
    MessageStatus,
    MessageType,
    Score,
    StepState,
    UsageSource,
)


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    email: str | None = None
    """None where the source does not say."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A text that a message had before it was edited."""

    content: str
    replaced_at: datetime
    edited_by: int | None = None
    """Place in `Document.people`; None for nobody known, and for a moderator."""
    reason: str = ""
    by_moderator: bool = False


@dataclass(frozen=True, slots=True)
class Reacted:
    emoji: str
    by: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Rated:
    score: Score
    by: int | None
    at: datetime
    tags: tuple[str, ...] = ()
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Booked:
    """A row of the ledger: one call to a model. Prices are USD per million tokens, `cost` USD; None is unknown."""

    at: datetime
    purpose: CallPurpose
    provider: str
    model: str
    status: CallStatus
    usage_source: UsageSource
    duration_ms: int
    by: int | None = None
    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    input_price: Decimal | None = None
    output_price: Decimal | None = None
    cost: Decimal | None = None
    price_source: str | None = None
    first_token_ms: int | None = None
    error_code: str | None = None


@dataclass(frozen=True, slots=True)
class Did:
    """A step of an answer: a call of a tool, as it is told. Nothing in it can be done, or taken back, again."""

    name: str
    """Of the tool."""
    state: StepState
    at: int = 0
    """Characters of the answer that stand before it."""
    arguments: str = ""
    """As the model wrote them, JSON or not."""
    shown: str = ""
    """What came of it, in a sentence."""
    seconds: float | None = None
    is_undone: bool = False
    """It was taken back."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message. Versions are as in `core.models.Message`, named by seq."""

    seq: int
    role: MessageRole
    content: str
    created_at: datetime
    message_type: MessageType = MessageType.TEXT
    status: MessageStatus = MessageStatus.COMPLETE
    sender: int | None = None
    """Place in `Document.people`; None for the assistant and for notices."""
    reply_to: int | None = None
    version_group: int | None = None
    """The first version's seq, on all versions of a message; None for a message with one version."""
    superseded_with: int | None = None
    """The seq of the version that this one was hidden together with; None for what the transcript shows."""
    model: str | None = None
    """Which model wrote it, where the source says so."""
    tokens: int | None = None
    reached_limit: bool = False
    edited_at: datetime | None = None
    edited_by: int | None = None
    edit_reason: str | None = None
    """Why a moderator gave it the text that it has. None: it has its author's."""
    deleted_at: datetime | None = None
    """Then `content` is empty."""
    delete_reason: str | None = None
    """Why a moderator deleted it. None: its author did, or nobody."""
    revisions: tuple[Revision, ...] = ()
    reactions: tuple[Reacted, ...] = ()
    ratings: tuple[Rated, ...] = ()
    calls: tuple[Booked, ...] = ()
    steps: tuple[Did, ...] = ()
    """Of an answer, in order."""


@dataclass(frozen=True, slots=True)
class Document:
    """One conversation with everything that was asked for; lists are empty where it was not."""

    source: str
    """The system that it began in: "parley", "chatgpt", "open-webui"."""
    id: str
    """What it is called there: with `source` it says whether it was imported before."""
    kind: ConversationKind
    title: str
    is_titled: bool
    created_at: datetime
    last_message_at: datetime
    messages: tuple[Said, ...]
    people: tuple[Person, ...] = ()
    model: str | None = None
    instructions: str = ""
    archived_at: datetime | None = None
    calls: tuple[Booked, ...] = ()
    """Those that belong to no message: for titles, and of messages that are gone."""
    notes: tuple[str, ...] = ()
    """What a reader had to leave out or change, in sentences for the person who imports. Never exported."""
    extra: dict[str, Any] = field(default_factory=dict)
    """What the source says besides, kept for the next export."""
