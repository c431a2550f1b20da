"""How long conversations keep what was said, what must stay nevertheless, and how far the removing is."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from core.models.base import Record, enum_field, one_of, time_field
from core.models.conversation import ConversationKind

MAX_DAYS = 36_500


class RetentionRule(Record, table=True):
    """Messages in conversations of that kind go for good when they are older. No row: they are kept for good."""

    __tablename__ = "retention_rules"
    __table_args__ = (
        UniqueConstraint("company_id", "kind"),
        one_of("kind", ConversationKind),
        CheckConstraint(f"days BETWEEN 1 AND {MAX_DAYS}", name="days"),
    )

    company_id: UUID = Field(foreign_key="companies.id", ondelete="CASCADE")
    kind: ConversationKind = enum_field(ConversationKind)
    days: int
    set_by: UUID | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")
    set_at: datetime = time_field()


class LegalHold(Record, table=True):
    """While it is in force, nothing goes from the conversation, or from any that the person is or was a member of.

    Not foreign keys: it outlives its subject, as a record of what was held.
    """

    __tablename__ = "legal_holds"
    __table_args__ = (
        CheckConstraint("(user_id IS NULL) <> (conversation_id IS NULL)", name="subject"),
        CheckConstraint("reason <> ''", name="reason"),
        CheckConstraint("(released_at IS NULL) = (release_reason = '')", name="release"),
        # One in force on the same.
        Index(
            "legal_holds_in_force_key",
            "company_id",
            "user_id",
            "conversation_id",
            unique=True,
            postgresql_where=text("released_at IS NULL"),
            postgresql_nulls_not_distinct=True,
        ),
    )

    company_id: UUID = Field(foreign_key="companies.id", ondelete="CASCADE")
    user_id: UUID | None = None
    conversation_id: UUID | None = None
    reason: str
    placed_by: UUID | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")
    released_at: datetime | None = time_field(None)
    released_by: UUID | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")
    release_reason: str = ""


class RetentionRun(Record, table=True):
    """One time through a company's conversations, kind by kind in the order of their ids. `created_at`: its begin."""

    __tablename__ = "retention_runs"
    __table_args__ = (
        one_of("kind", ConversationKind),
        Index("retention_runs_company_id_idx", "company_id", text("created_at DESC")),
        Index("retention_runs_unfinished_key", "company_id", unique=True, postgresql_where=text("finished_at IS NULL")),
    )

    company_id: UUID = Field(foreign_key="companies.id", ondelete="CASCADE")
    cutoffs: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    """By kind, the moment before which what was said goes; fixed at the begin. As ISO 8601."""
    kind: ConversationKind | None = enum_field(ConversationKind, None, nullable=True)
    """Where it is; None before it has begun."""
    conversation_id: UUID | None = None
    """The last conversation of that kind that it looked at; None: it begins with the first."""
    is_partway: bool = False
    """True where that conversation may have more that goes."""
    removed: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    """By kind: `messages` that went, `conversations` that they were in, and `chats` of which nothing was left."""
    finished_at: datetime | None = time_field(None)
