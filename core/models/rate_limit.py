from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from core.models.base import Record, time_field

MAX_COUNT = 100_000
LONGEST_WINDOW = 86_400
"""Seconds that a limit may look back."""


class RateLimit(SQLModel, table=True):
    """How much of one thing a person may do, as their company has it. No row: as the settings have it."""

    __tablename__ = "rate_limits"
    __table_args__ = (
        CheckConstraint(f"count BETWEEN 1 AND {MAX_COUNT}", name="count"),
        CheckConstraint(f"seconds BETWEEN 1 AND {LONGEST_WINDOW}", name="seconds"),
    )

    company_id: UUID = Field(foreign_key="companies.id", primary_key=True, ondelete="CASCADE")
    event: str = Field(primary_key=True)
    count: int
    seconds: int
    set_by: UUID | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")
    set_at: datetime = time_field()


class RateLimitEvent(Record, table=True):
    """Something a person did that there is a limit for, by PostgreSQL's clock: machines differ, it does not."""

    __tablename__ = "rate_limit_events"
    __table_args__ = (
        Index("rate_limit_events_window_idx", "user_id", "event", "room_id", "created_at"),
        Index("rate_limit_events_created_at_idx", "created_at"),
    )

    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    event: str
    room_id: UUID | None = None
    """None for what happens in no room. Not a foreign key: it says which window, and outlives nothing."""
