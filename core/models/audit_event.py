from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from core.models.base import Record, enum_field, one_of


class Outcome(StrEnum):
    DONE = "done"
    REFUSED = "refused"


class AuditAction(StrEnum):
    """Tags are `subject:action`."""

    COMPANY_CREATED = "company:create"
    COMPANY_UPDATED = "company:update"
    USER_CREATED = "user:create"
    USER_DEACTIVATED = "user:deactivate"
    USER_REACTIVATED = "user:reactivate"
    ROLES_CHANGED = "user:roles"
    PASSWORD_CHANGED = "user:password"
    SIGNED_IN = "session:sign_in"
    SIGNED_OUT = "session:sign_out"
    SIGNED_OUT_EVERYWHERE = "session:sign_out_everywhere"
    CONVERSATION_UPDATED = "conversation:update"
    CONVERSATION_ARCHIVED = "conversation:archive"
    CONVERSATION_UNARCHIVED = "conversation:unarchive"
    CONVERSATION_DELETED = "conversation:delete"
    CONVERSATION_RESTORED = "conversation:restore"
    CONVERSATION_EXPORTED = "conversation:export"
    CONVERSATION_IMPORTED = "conversation:import"
    HISTORY_CLEARED = "conversation:clear_history"
    ROOM_CREATED = "room:create"
    ROOM_UPDATED = "room:update"
    ROOM_JOINED = "room:join"
    ROOM_LEFT = "room:leave"
    MEMBERS_ADDED = "room:add_members"
    MEMBER_REMOVED = "room:remove_member"
    MEMBER_ROLE_CHANGED = "room:member_role"
    MESSAGE_EDITED = "message:edit"
    MESSAGE_DELETED = "message:delete"
    USAGE_EXPORTED = "usage:export"
    BUDGET_SET = "budget:set"
    BUDGET_REMOVED = "budget:remove"
    BUDGET_RAISED = "budget:raise"
    PRICE_SET = "price:set"
    PRICE_REMOVED = "price:remove"

    RETENTION_RULE_SET = "retention:set_rule"
    RETENTION_RULE_REMOVED = "retention:remove_rule"
    RETENTION_RUN_BEGUN = "retention:begin_run"
    RETENTION_RUN_ENDED = "retention:end_run"
    LEGAL_HOLD_PLACED = "legal_hold:place"
    LEGAL_HOLD_RELEASED = "legal_hold:release"


class AuditEvent(Record, table=True):
    """Append-only and hash-chained per company; triggers refuse UPDATE and DELETE.

    No foreign keys: it outlives its subjects. Never content, passwords or tokens.
    """

    __tablename__ = "audit_events"
    __table_args__ = (
        UniqueConstraint("company_id", "sequence"),
        one_of("outcome", Outcome),
        Index("audit_events_company_time_idx", "company_id", text("created_at DESC"), text("id DESC")),
    )

    company_id: UUID
    sequence: int = Field(sa_type=BigInteger)
    actor_id: UUID | None = None
    """None for the system itself and the command line."""
    action: str
    target_type: str
    target_id: UUID | None = None
    before: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    after: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    reason: str = ""
    outcome: Outcome = enum_field(Outcome, Outcome.DONE)
    previous_hash: bytes
    hash: bytes


class AuditHead(SQLModel, table=True):
    """The end of each company's chain; its row lock puts that company's events in sequence."""

    __tablename__ = "audit_heads"

    company_id: UUID = Field(primary_key=True)
    sequence: int = Field(sa_type=BigInteger)
    hash: bytes
