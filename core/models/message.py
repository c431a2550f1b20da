"""What was said: messages, their earlier texts, and what people thought of answers."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from core.models.base import Record, enum_field, one_of, time_field

MAX_MESSAGE = 10_000
"""Characters a person may send at once."""
IMPORTED = "imported"
"""In `extra` of what was imported: what its document says of it that has no column here. See core.transfer."""
TOOL = "tool"
"""In `extra` of a step of an answer, and of nothing else: see core.assistant.steps."""


class MessageRole(StrEnum):
    USER = "user"
    ASSISTANT = "assistant"
    SYSTEM = "system"


class MessageType(StrEnum):
    TEXT = "text"
    NOTICE = "notice"
    TOOL = "tool"


class MessageStatus(StrEnum):
    COMPLETE = "complete"
    PENDING = "pending"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    WAITING = "waiting"
    """An answer that wants to do something, and asks first."""


class StepState(StrEnum):
    RUNNING = "running"
    """Also of one that nobody knows the end of, because its process died: it is made again, under the same key."""
    WAITING = "waiting"
    """For its person to approve or decline it."""
    DONE = "done"
    FAILED = "failed"
    DECLINED = "declined"


class Message(Record, table=True):
    """A message in a conversation of any kind.

    Versions: editing a question or regenerating an answer hides it and all that followed. Each hidden
    message carries in `superseded_with_id` the version it was hidden together with, so showing that
    version again brings back exactly what belonged to it. `version_group_id` is the first version's
    id, on all versions of a message; None for the many that only ever had one.
    """

    __tablename__ = "messages"
    __table_args__ = (
        # In this order, so that it is never taken for the transcript's index: it would walk over what is hidden.
        UniqueConstraint("seq", "conversation_id"),
        one_of("role", MessageRole),
        one_of("message_type", MessageType),
        one_of("status", MessageStatus),
        CheckConstraint(
            f"role <> 'user' OR char_length(content) <= {MAX_MESSAGE} OR extra ? '{IMPORTED}'", name="content"
        ),
        CheckConstraint("purged_at IS NULL OR (content = '' AND deleted_at IS NOT NULL)", name="purged"),
        # The visible transcript, newest first, without walking over what was superseded.
        Index("messages_transcript_idx", "conversation_id", text("(superseded_with_id IS NULL)"), text("seq DESC")),
        Index(
            "messages_superseded_with_id_idx",
            "superseded_with_id",
            postgresql_where=text("superseded_with_id IS NOT NULL"),
        ),
        Index(
            "messages_version_group_id_idx",
            "version_group_id",
            "seq",
            postgresql_where=text("version_group_id IS NOT NULL"),
        ),
        # What in a conversation is too old to be kept.
        Index("messages_age_idx", "conversation_id", "created_at"),
        # What people deleted themselves.
        Index(
            "messages_taken_back_idx",
            text("created_at DESC"),
            text("id DESC"),
            postgresql_where=text("deleted_at IS NOT NULL AND delete_reason IS NULL"),
        ),
        # The steps of an answer.
        Index("messages_steps_idx", "reply_to_id", "seq", postgresql_where=text("message_type = 'tool'")),
        # What waits for somebody's decision: few of all there are.
        Index(
            "messages_waiting_idx",
            text(f"((extra -> '{TOOL}'::text) ->> 'asked_by'::text)"),
            postgresql_where=text("status = 'waiting' AND message_type = 'tool'"),
        ),
        Index("messages_sender_id_idx", "sender_id", "id", postgresql_where=text("sender_id IS NOT NULL")),
    )

    conversation_id: UUID = Field(foreign_key="conversations.id", ondelete="CASCADE")
    seq: int
    sender_id: UUID | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")
    """None for the assistant and for notices."""
    role: MessageRole = enum_field(MessageRole)
    message_type: MessageType = enum_field(MessageType, MessageType.TEXT)
    content: str = ""
    status: MessageStatus = enum_field(MessageStatus, MessageStatus.COMPLETE)
    reply_to_id: UUID | None = None
    """The question an answer answers, or the answer that a step (of type tool) belongs to. Not a foreign key: it points
    inside the conversation, which goes as a whole.
    """
    superseded_with_id: UUID | None = None
    version_group_id: UUID | None = None
    extra: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default=text("'{}'::jsonb"))
    )
    tokens_used: int | None = None
    """Tokens of the text: for an answer those the model wrote, for others an estimate; None when unknown."""
    client_key: UUID | None = Field(default=None, unique=True)
    """Minted by the page that sends: the same key twice is the same message."""
    edited_at: datetime | None = time_field(None)
    edited_by: UUID | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")
    deleted_at: datetime | None = time_field(None)
    deleted_by: UUID | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")
    edit_reason: str | None = None
    """Why a moderator gave it the text that it has. None: it has its author's."""
    delete_reason: str | None = None
    """Why a moderator deleted it. None: its author did, or nobody."""
    purged_at: datetime | None = time_field(None)
    """When a moderator removed it for good. Its place stays, and with it every count and the order of the rest."""

    @property
    def is_step(self) -> bool:
        return TOOL in self.extra


class MessageRevision(Record, table=True):
    """A text a message had before it was edited; `created_at` is when it was replaced."""

    __tablename__ = "message_revisions"

    message_id: UUID = Field(foreign_key="messages.id", index=True, ondelete="CASCADE")
    content: str
    edited_by: UUID | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")
    reason: str = ""
    by_moderator: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """True when it was a moderator who replaced it."""


class Score(StrEnum):
    UP = "up"
    DOWN = "down"


class Feedback(Record, table=True):
    """What one person thought of one answer; the latest word counts."""

    __tablename__ = "feedback"
    __table_args__ = (UniqueConstraint("message_id", "user_id"), one_of("score", Score))

    message_id: UUID = Field(foreign_key="messages.id", ondelete="CASCADE")
    user_id: UUID = Field(foreign_key="users.id", index=True, ondelete="CASCADE")
    score: Score = enum_field(Score)
    tags: list[str] = Field(
        default_factory=list, sa_column=Column(JSONB, nullable=False, server_default=text("'[]'::jsonb"))
    )
    comment: str = ""
