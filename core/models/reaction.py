from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from core import clock
from core.models.base import time_field

MAX_EMOJI = 16
"""Code points: a family with skin tones takes eleven."""


class Reaction(SQLModel, table=True):
    """One emoji of one person on one message."""

    __tablename__ = "reactions"
    __table_args__ = (
        CheckConstraint(f"char_length(emoji) BETWEEN 1 AND {MAX_EMOJI}", name="emoji"),
        Index("reactions_user_id_idx", "user_id"),
    )

    message_id: UUID = Field(foreign_key="messages.id", primary_key=True, ondelete="CASCADE")
    user_id: UUID = Field(foreign_key="users.id", primary_key=True, ondelete="CASCADE")
    emoji: str = Field(primary_key=True)
    created_at: datetime = time_field(default_factory=clock.now)


class Mention(SQLModel, table=True):
    """Somebody who was called by name in a message. It is unread as long as the message is."""

    __tablename__ = "mentions"
    __table_args__ = (Index("mentions_user_conversation_idx", "user_id", "conversation_id", "seq"),)

    message_id: UUID = Field(foreign_key="messages.id", primary_key=True, ondelete="CASCADE")
    user_id: UUID = Field(foreign_key="users.id", primary_key=True, ondelete="CASCADE")
    conversation_id: UUID
    """The message's. Not a foreign key: the message goes with its conversation, and takes this along."""
    seq: int
