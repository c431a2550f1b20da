from collections.abc import Mapping
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
    """Tags are `subject:action`; what each is done to is in TARGETS."""

    COMPANY_CREATED = "company:create"
    COMPANY_UPDATED = "company:update"
    USER_CREATED = "user:create"
    USER_DEACTIVATED = "user:deactivate"
    USER_REACTIVATED = "user:reactivate"
    IDENTITY_LINKED = "user:link_identity"
    IDENTITIES_UNLINKED = "user:unlink_identities"
    ROLES_CHANGED = "user:roles"
    PASSWORD_CHANGED = "user:password"
    PASSWORD_LINK_MADE = "user:password_link"
    PASSWORD_LINK_REVOKED = "user:revoke_password_link"
    USER_RENAMED = "user:rename"
    OWN_DATA_EXPORTED = "user:export"
    INVITE_MADE = "invite:make"
    INVITE_RENEWED = "invite:renew"
    INVITE_REVOKED = "invite:revoke"
    SIGNED_IN = "session:sign_in"
    SIGNED_OUT = "session:sign_out"
    SIGNED_OUT_EVERYWHERE = "session:sign_out_everywhere"
    SESSION_ENDED = "session:end"
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
    MESSAGE_REPORTED = "moderation:report"
    CASE_CLAIMED = "moderation:claim"
    CASE_RELEASED = "moderation:release"
    CASE_DISMISSED = "moderation:dismiss"
    CASE_REOPENED = "moderation:reopen"
    MESSAGE_MODERATED = "moderation:edit"
    MESSAGE_REMOVED = "moderation:delete"
    MESSAGE_REVERTED = "moderation:revert"
    MESSAGE_RESTORED = "moderation:restore"
    MESSAGE_PURGED = "moderation:purge"
    USAGE_EXPORTED = "usage:export"
    BUDGET_SET = "budget:set"
    BUDGET_REMOVED = "budget:remove"
    BUDGET_RAISED = "budget:raise"
    PRICE_SET = "price:set"
    PRICE_REMOVED = "price:remove"
    AUDIT_EXPORTED = "audit:export"
    RETENTION_RULE_SET = "retention:set_rule"
    RETENTION_RULE_REMOVED = "retention:remove_rule"
    RETENTION_RUN_BEGUN = "retention:begin_run"
    RETENTION_RUN_ENDED = "retention:end_run"
    LEGAL_HOLD_PLACED = "legal_hold:place"
    LEGAL_HOLD_RELEASED = "legal_hold:release"
    USER_SUSPENDED = "user:suspend"
    SUSPENSION_LIFTED = "user:lift_suspension"
    ROOM_LOCKED = "room:lock"
    ROOM_UNLOCKED = "room:unlock"
    RULE_ADDED = "rule:add"
    RULE_CHANGED = "rule:change"
    RULE_DELETED = "rule:delete"
    ACCESS_GRANTED = "access:grant"
    ACCESS_READ = "access:read"
    ACCESS_ENDED = "access:end"
    RECORD_CREATED = "record:create"
    RECORD_UPDATED = "record:update"
    RECORD_DELETED = "record:delete"
    RECORD_RESTORED = "record:restore"
    PERMISSION_REFUSED = "permission:refuse"

    @property
    def subject(self) -> str:
        return self.value.partition(":")[0]


class TargetType(StrEnum):
    USER = "user"
    INVITE = "invite"
    """Of somebody who has no account yet."""
    COMPANY = "company"
    CONVERSATION = "conversation"
    MESSAGE = "message"
    BUDGET = "budget"
    PRICE = "price"
    USAGE = "usage"
    AUDIT = "audit"
    RETENTION = "retention"
    LEGAL_HOLD = "legal_hold"
    RULE = "rule"
    RECORD = "record"
    """A task, or whatever else people and the assistant keep: its `kind` says which."""
    PERMISSION = "permission"


_BY_SUBJECT = {
    "session": TargetType.USER,
    "room": TargetType.CONVERSATION,
    "moderation": TargetType.MESSAGE,
    "access": TargetType.CONVERSATION,
}
TARGETS: Mapping[AuditAction, TargetType] = {
    action: _BY_SUBJECT.get(action.subject) or TargetType(action.subject) for action in AuditAction
} | {AuditAction.HISTORY_CLEARED: TargetType.USER}
"""What each action is done to; by this alone one kind of target is found among millions of rows."""


class ChainProblem(StrEnum):
    """What the first broken link of a chain is."""

    MISSING = "missing"
    CHANGED = "changed"
    MISLINKED = "mislinked"
    """The row is as it was written, but not behind the row that it was written behind."""
    SHORTER = "shorter"
    """Rows at the end are gone."""
    LONGER = "longer"
    """There are rows behind the end."""
    HEAD = "head"
    """The kept end is not that of the last row."""
    REWRITTEN = "rewritten"
    """Whole, but not the chain that was verified before."""


NEWEST = text("created_at DESC"), text("sequence DESC")


def _index(name: str, *columns: str, where: str | None = None) -> Index:
    return Index(
        f"audit_events_{name}_idx", "company_id", *columns, *NEWEST, postgresql_where=text(where) if where else None
    )


class AuditEvent(Record, table=True):
    """Append-only and hash-chained per company; triggers refuse UPDATE and DELETE.

    No foreign keys: it outlives its subjects. Never content, passwords or tokens.
    """

    __tablename__ = "audit_events"
    __table_args__ = (
        UniqueConstraint("company_id", "sequence"),
        one_of("outcome", Outcome),
        # One for each filter, all in the order of the list: newest first.
        _index("time"),
        _index("actor", "actor_id", where="actor_id IS NOT NULL"),
        _index("nobody", where="actor_id IS NULL"),
        _index("action", "action"),
        _index("target", "target_id", where="target_id IS NOT NULL"),
        _index("refused", where="outcome = 'refused'"),
        _index("reasoned", where="reason <> ''"),
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


class AuditCheck(Record, table=True):
    """A verification of a company's chain, kept beside it: append-only too, and without foreign keys.

    What was whole then must still be there, so it also tells a chain that was written anew.
    """

    __tablename__ = "audit_checks"
    __table_args__ = (
        one_of("problem", ChainProblem),
        Index("audit_checks_company_id_idx", "company_id", text("created_at DESC"), text("id DESC")),
    )

    company_id: UUID
    sequence: int = Field(sa_type=BigInteger)
    """Up to here the chain was whole."""
    hash: bytes
    """Of that row."""
    problem: ChainProblem | None = enum_field(ChainProblem, None)
    """Of the next one; None when there was none."""
