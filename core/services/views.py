"""What services hand to pages: frozen, and free of the database."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.assistant.steps import StepState
from core.assistant.tools.registry import Link
from core.models import ConversationKind, Decision, MessageRole, MessageStatus, MessageType, Score
from core.repositories.conversations import ConversationLine
from core.services.room_views import RoomView

__all__ = [
    "Asked",
    "Continued",
    "ConversationLine",
    "ConversationView",
    "MessageView",
    "Queued",
    "QueuedView",
    "ReactionView",
    "Receipt",
    "Reply",
    "Sent",
    "StepView",
    "Transcript",
    "Version",
]


@dataclass(frozen=True, slots=True)
class ConversationView:
    id: UUID
    kind: ConversationKind
    title: str
    model: str | None
    """None: the default model."""
    instructions: str
    last_message_at: datetime
    is_archived: bool
    is_mine: bool
    room: RoomView | None
    """None for a chat with the assistant."""
    looked_at: datetime | None = None
    """When a moderator last read in it under a grant; None: nobody ever did."""


@dataclass(frozen=True, slots=True)
class Continued:
    line: ConversationLine
    last_words: str
    """The beginning of what was said last; empty where nothing is left of it."""


@dataclass(frozen=True, slots=True)
class StepView:
    """A call of a tool, as it is shown in its answer."""

    id: UUID
    label: str
    """What the tool does."""
    icon: str
    state: StepState
    """RUNNING too for one that was broken off with its answer."""
    arguments: tuple[tuple[str, str], ...]
    """Name and value, in the model's words."""
    shown: str
    """What came of it; empty while nothing did."""
    links: tuple[Link, ...]
    seconds: float | None
    at: int
    """Characters of the answer's text that stand before it."""
    is_undone: bool
    may_undo: bool
    """The reader may take it back; whether it is too late for that, trying will tell."""
    may_decide: bool
    """It waits for the reader."""
    waits_for: str | None = None
    """Whose decision it waits for, where that is somebody else; None: for nobody's, or no longer."""


@dataclass(frozen=True, slots=True)
class Version:
    """Which of its versions a message is, counted from 1, and the neighbours to switch to."""

    number: int
    total: int
    previous_id: UUID | None
    next_id: UUID | None


@dataclass(frozen=True, slots=True)
class Reply:
    """The message that another one replies to, as far as its reader may see it."""

    id: UUID
    seq: int
    sender_name: str | None
    """None for the assistant."""
    excerpt: str
    """Its beginning; empty when it was deleted, or is from before the reader joined."""


@dataclass(frozen=True, slots=True)
class ReactionView:
    emoji: str
    count: int
    names: tuple[str, ...]
    """Whose it is, the first of them first."""
    is_mine: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """Of one's own report on a message."""

    reported_at: datetime
    decision: Decision | None
    """None while a moderator has not decided."""


@dataclass(frozen=True, slots=True)
class MessageView:
    id: UUID
    seq: int
    role: MessageRole
    message_type: MessageType
    status: MessageStatus
    content: str
    created_at: datetime
    sender_id: UUID | None
    sender_name: str | None
    is_deleted: bool
    is_edited: bool
    version: Version | None
    """None for the many messages with one version."""
    tokens: int | None
    """Tokens of the text; None when unknown."""
    score: Score | None
    """What the reader thought of it; None when they have not said."""
    reached_limit: bool
    """True for an answer that ended because it may not be longer."""
    problem: str | None
    """For an answer that failed or broke off: what happened and what to do, in a sentence."""
    reference: str | None
    """What the operator's log has on it, where it takes an operator to mend it."""
    can_retry: bool
    can_resume: bool
    is_mine: bool = False
    run_id: UUID | None = None
    """The run that writes it now, for an answer in the making."""
    reply: Reply | None = None
    reactions: tuple[ReactionView, ...] = ()
    mentions_me: bool = False
    is_waiting: bool = False
    """True in a room for a question whose answer waits for the one before it."""
    can_edit: bool = False
    """In a room: it is the reader's own, and not too old."""
    can_delete: bool = False
    edit_reason: str | None = None
    """Why a moderator gave it this text; None: it is its author's."""
    delete_reason: str | None = None
    """Why a moderator deleted it; None: its author did, or nobody."""
    is_purged: bool = False
    """Whether a moderator removed it for good."""
    report: Receipt | None = None
    """None when the reader did not report it."""
    steps: tuple[StepView, ...] = ()
    """What was done for an answer, in order."""

    @property
    def can_report(self) -> bool:
        is_said = self.message_type is not MessageType.NOTICE and self.status is not MessageStatus.PENDING
        return is_said and not self.is_deleted and bool(self.content.strip())


@dataclass(frozen=True, slots=True)
class QueuedView:
    """A question that waits for the answers before it."""

    id: UUID
    conversation_id: UUID
    content: str
    sender_name: str
    is_mine: bool
    is_held: bool
    """True while its sender is editing it: neither it nor those behind it are asked."""


@dataclass(frozen=True, slots=True)
class Transcript:
    conversation: ConversationView
    messages: tuple[MessageView, ...]
    """In order, the newest last."""
    has_earlier: bool
    active_run_id: UUID | None
    """The answer being written, if one is; its message is the pending one, in a room not always the last."""
    queued: tuple[QueuedView, ...]
    """In the order in which they will be asked. Without an active run they wait for a person."""
    state: str
    """Which state of the conversation this is; compare it with `TranscriptService.state`."""
    kept_days: int | None = None
    """Where it begins with the first message there is: for how long messages are kept here. None: for good."""


@dataclass(frozen=True, slots=True)
class Asked:
    conversation_id: UUID
    question_id: UUID
    answer_id: UUID
    run_id: UUID
    masked: str | None = None
    """What a rule took out of it, in a sentence; None: nothing, or this was sent before."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A question that waits until those before it are answered."""

    conversation_id: UUID
    queued_id: UUID
    masked: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A message in a room."""

    conversation_id: UUID
    message_id: UUID
    seq: int
    run_id: UUID | None
    """The run of the answer that it asks for; None when it asks for none, or that one waits for another."""
    masked: str | None = None
