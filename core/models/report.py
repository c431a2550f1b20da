"""What people report: one case for each reported message, and one report for each person on it.

A case outlives its message and everybody in it: what it says of them are plain keys, as in the audit trail.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Column, Index, LargeBinary, String, UniqueConstraint, text
from sqlmodel import Field

from core.models.base import Record, counter_field, enum_field, enum_setting, one_of, time_field
from core.models.conversation import ConversationKind
from core.models.message import MessageRole

MAX_COMMENT = 1_000
MAX_REASON = 500
"""Characters of why a moderator did something."""


class ReportReason(StrEnum):
    HARASSMENT = "harassment"
    HATE = "hate"
    SEXUAL = "sexual"
    DANGEROUS = "dangerous"
    PRIVATE = "private"
    FALSE = "false"
    SPAM = "spam"
    OTHER = "other"
    AUTOMATIC = "automatic"
    """A rule's, never a person's."""


class CaseStatus(StrEnum):
    OPEN = "open"
    CLAIMED = "claimed"
    CLOSED = "closed"


class Decision(StrEnum):
    DISMISSED = "dismissed"
    EDITED = "edited"
    DELETED = "deleted"
    PURGED = "purged"
    """Removed for good: nothing takes that back."""
    GONE = "gone"
    """Nobody decided: the message vanished for good before. The database writes this by itself."""


def _queue(name: str, *columns: str, where: str) -> Index:
    return Index(f"cases_{name}_idx", "company_id", *map(text, columns), postgresql_where=text(where))


class Case(Record, table=True):
    """A message that was reported, or that a moderator came across: until it is decided about, and what was decided."""

    __tablename__ = "cases"
    __table_args__ = (
        UniqueConstraint("message_id"),
        one_of("kind", ConversationKind),
        one_of("role", MessageRole),
        one_of("status", CaseStatus),
        one_of("decision", Decision),
        CheckConstraint("(status = 'claimed') <= (claimed_by IS NOT NULL AND claimed_at IS NOT NULL)", name="claim"),
        CheckConstraint("(status = 'closed') = (decision IS NOT NULL AND decided_at IS NOT NULL)", name="closed"),
        CheckConstraint(f"char_length(reason) <= {MAX_REASON}", name="reason"),
        # What is to be done, those that wait longest first; and what was done, the newest first.
        _queue("waiting", "status", "waiting_since", "id", where="status <> 'closed'"),
        _queue("waiting_kind", "kind", "status", "waiting_since", "id", where="status <> 'closed'"),
        _queue("claimed", "claimed_by", "waiting_since", "id", where="status = 'claimed'"),
        _queue("closed", "decided_at DESC", "id DESC", where="status = 'closed'"),
        _queue("closed_kind", "kind", "decided_at DESC", "id DESC", where="status = 'closed'"),
        _queue("decided", "decided_by", "decided_at DESC", "id DESC", where="status = 'closed'"),
        # What became of somebody's other messages, and messages with the very same text.
        _queue("author", "author_id", "first_reported_at DESC", "id DESC", where="author_id IS NOT NULL"),
        _queue("text", "text_hash", "id", where="status <> 'closed'"),
        # What was reported or decided, by when it was said.
        _queue("said", "said_at DESC", "message_id DESC", where="message_id IS NOT NULL"),
    )

    company_id: UUID = Field(foreign_key="companies.id", ondelete="CASCADE")
    message_id: UUID | None = Field(default=None, foreign_key="messages.id", ondelete="SET NULL")
    """None when the message is gone for good; then the case is closed."""
    subject_id: UUID
    """The message's key, also when it is gone: the audit trail has the case's story under it."""
    conversation_id: UUID
    kind: ConversationKind = enum_field(ConversationKind)
    role: MessageRole = enum_field(MessageRole)
    author_id: UUID | None = None
    """None for the assistant, and for who has no account here."""
    status: CaseStatus = enum_setting(CaseStatus, CaseStatus.OPEN)
    version: int = counter_field()
    """Counts up with whatever moderators do: who acts names the one that they saw."""
    claimed_by: UUID | None = None
    claimed_at: datetime | None = time_field(None)
    said_at: datetime = time_field()
    """When the message was."""
    first_reported_at: datetime = time_field()
    """Of what nobody reported: when a moderator acted on it."""
    waiting_since: datetime = time_field()
    """The report that opened it, the latest time that it was opened."""
    report_count: int = counter_field()
    """0: a moderator came across the message by themselves."""
    reasons: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False))
    """Those of its reports, each once."""
    text_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """SHA-256 of the text as it was reported last; empty when the message is gone."""
    decision: Decision | None = enum_field(Decision, None)
    decided_by: UUID | None = None
    decided_at: datetime | None = time_field(None)
    reason: str = Field(default="", sa_column_kwargs={"server_default": text("''")})


class Report(Record, table=True):
    """One person's word on a message, or what a rule found in it. It is not taken back: a moderator decides."""

    __tablename__ = "reports"
    __table_args__ = (
        UniqueConstraint("case_id", "reporter_id"),
        UniqueConstraint("case_id", "rule_id"),
        one_of("reason", ReportReason),
        CheckConstraint(f"char_length(comment) <= {MAX_COMMENT}", name="comment"),
        CheckConstraint("(reporter_id IS NULL) = (rule_id IS NOT NULL AND rule <> '')", name="by"),
    )

    case_id: UUID = Field(foreign_key="cases.id", ondelete="CASCADE")
    reporter_id: UUID | None = None
    """None for a rule."""
    reason: ReportReason = enum_field(ReportReason)
    comment: str = ""
    rule_id: UUID | None = None
    rule: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    """What the rule was called: a report outlives it."""
