from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from core.models.base import time_field


class ServingProcess(SQLModel, table=True):
    """A process that serves pages. Without a sign of life for a while, whoever it had on its pages is not here."""

    __tablename__ = "serving_processes"

    id: UUID = Field(primary_key=True)
    seen_at: datetime = time_field()


class Presence(SQLModel, table=True):
    """Somebody has a conversation open, in one or more windows served by that process."""

    __tablename__ = "presences"

    conversation_id: UUID = Field(foreign_key="conversations.id", primary_key=True, ondelete="CASCADE")
    user_id: UUID = Field(foreign_key="users.id", primary_key=True, index=True, ondelete="CASCADE")
    process_id: UUID = Field(foreign_key="serving_processes.id", primary_key=True, index=True, ondelete="CASCADE")
