"""Leave to read a private conversation for a while, and each look that was taken under it.

Both outlive the conversation and everybody in it: what they say of them are plain keys, as in the audit trail.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from core.models.base import Record, counter_field, enum_field, one_of, time_field
from core.models.conversation import ConversationKind


class AccessGrant(Record, table=True):
    """In force from when it was taken until it expires, or was ended before."""

    __tablename__ = "access_grants"
    __table_args__ = (
        one_of("kind", ConversationKind),
        CheckConstraint("kind <> 'company'", name="private"),
        CheckConstraint("reason <> ''", name="reason"),
        CheckConstraint("expires_at > created_at", name="expires_at"),
        CheckConstraint("(looks = 0) = (last_looked_at IS NULL)", name="looks"),
        # One for each moderator and conversation; who takes another one has the old one ended, if only by its time.
        Index(
            "access_grants_held_key",
            "moderator_id",
            "conversation_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        # A moderator's own, those that expire first.
        Index("access_grants_own_idx", "moderator_id", "expires_at", postgresql_where=text("ended_at IS NULL")),
        # All of a company's, and those under which somebody looked into a conversation: the newest first.
        Index("access_grants_company_id_idx", "company_id", text("created_at DESC"), text("id DESC")),
        Index(
            "access_grants_looked_idx",
            "conversation_id",
            text("created_at DESC"),
            text("id DESC"),
            postgresql_where=text("looks > 0"),
        ),
    )

    company_id: UUID = Field(foreign_key="companies.id", ondelete="CASCADE")
    moderator_id: UUID
    conversation_id: UUID
    kind: ConversationKind = enum_field(ConversationKind)
    owner_id: UUID
    """The conversation's."""
    case_id: UUID | None = None
    """The case of a reported message that led there; None: somebody gave the conversation's address."""
    reason: str
    expires_at: datetime = time_field()
    ended_at: datetime | None = time_field(None)
    """When it was ended by somebody, or found to have expired; until then `expires_at` alone counts."""
    looks: int = counter_field()
    """How many are recorded under it."""
    last_looked_at: datetime | None = time_field(None)
    last_seq: int = counter_field()
    """The last message that was read under it: whoever may see none of those has nothing to be told."""

    def is_in_force(self, now: datetime) -> bool:
        return self.ended_at is None and self.expires_at > now


class AccessLook(Record, table=True):
    """A page of a conversation that was read under a grant. `created_at`: when."""

    __tablename__ = "access_looks"
    __table_args__ = (Index("access_looks_grant_id_idx", "grant_id", text("created_at DESC"), text("id DESC")),)

    grant_id: UUID = Field(foreign_key="access_grants.id", ondelete="CASCADE")
    first_seq: int
    """0 where there was nothing."""
    last_seq: int
    messages: int
    since: datetime | None = time_field(None)
    """When the first of them was said; kept, as they may not be."""
    until: datetime | None = time_field(None)
    is_earlier_version: bool = False
    """Whether they were of a version that the conversation does not show any more."""
