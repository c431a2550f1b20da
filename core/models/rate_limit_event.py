from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from core.models.base import Record


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
