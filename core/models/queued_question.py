from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from core.models.base import Record, time_field
from core.models.message import MAX_MESSAGE


class QueuedQuestion(Record, table=True):
    """A question that waits for the answer before it.

    In a chat with the assistant it becomes a message, with a seq, when its turn comes. In a room it is a message
    already, for the others to read, and what waits is the answer.
    """

    __tablename__ = "queued_questions"
    __table_args__ = (
        UniqueConstraint("conversation_id", "place"),
        CheckConstraint(f"message_id IS NOT NULL OR char_length(content) BETWEEN 1 AND {MAX_MESSAGE}", name="content"),
    )

    conversation_id: UUID = Field(foreign_key="conversations.id", ondelete="CASCADE")
    sender_id: UUID = Field(foreign_key="users.id", index=True, ondelete="CASCADE")
    place: int
    """The lowest goes first. Negative for what was moved to the front."""
    content: str
    """Empty for a message of a room, which has the text itself."""
    message_id: UUID | None = Field(default=None, foreign_key="messages.id", unique=True, ondelete="CASCADE")
    client_key: UUID | None = Field(default=None, unique=True)
    """The message's, once it is one: sent again meanwhile, it is still the same question."""
    held_until: datetime | None = time_field(None)
    """While its sender edits it, it is not asked, nor anything behind it."""

    def is_held_at(self, now: datetime) -> bool:
        return self.held_until is not None and self.held_until > now
