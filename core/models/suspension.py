"""People whom a moderator keeps out for a time, and those who were kept out before."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from core.models.base import Record, time_field


class Suspension(Record, table=True):
    """Runs out by itself; a person has at most one that is in force, which `users.suspended_until` repeats.

    Who it is about and who decided it are plain keys, as in a case: it is a record of what was done.
    """

    __tablename__ = "suspensions"
    __table_args__ = (
        CheckConstraint("until > created_at", name="until"),
        CheckConstraint("reason <> ''", name="reason"),
        # Those that may be in force, the first to end first; and one person's, the newest first.
        Index("suspensions_in_force_idx", "company_id", "until", "id", postgresql_where=text("lifted_at IS NULL")),
        Index("suspensions_user_idx", "user_id", text("created_at DESC"), text("id DESC")),
    )

    company_id: UUID = Field(foreign_key="companies.id", ondelete="CASCADE")
    user_id: UUID
    until: datetime = time_field()
    reason: str
    suspended_by: UUID
    case_id: UUID | None = None
    """The case that it was decided from."""
    lifted_at: datetime | None = time_field(None)
    lifted_by: UUID | None = None
    note: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    """Why it was lifted."""
