from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field

from core.models.base import Record, amount_field, enum_field, one_of


class CallPurpose(StrEnum):
    ANSWER = "answer"
    TOOL = "tool"
    TITLE = "title"
    SUMMARY = "summary"


class CallStatus(StrEnum):
    COMPLETE = "complete"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


class UsageSource(StrEnum):
    EXACT = "exact"
    """The provider said so."""
    ESTIMATED = "estimated"
    """Counted by us from the text, because the provider's figure never came."""
    MISSING = "missing"
    """Unknown: the call failed before anything could be counted."""


MEASURED_COLUMNS = (
    "company_id",
    "purpose",
    "model",
    "status",
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "usage_source",
    "cost",
    "first_token_ms",
    "duration_ms",
    "error_code",
)
"""What a call counts for: kept in the indexes of a person's and a room's calls, which lie scattered over the ledger."""


class ModelCall(Record, table=True):
    """The ledger: one row a call to a model, whatever its purpose and end.

    It outlives the content. Its links are blanked when a conversation or message is purged; the figures, whose call it
    was and in which room, and the prices in force at the time, stay. Prices are USD per million tokens.
    """

    __tablename__ = "model_calls"
    __table_args__ = (
        one_of("purpose", CallPurpose),
        one_of("status", CallStatus),
        one_of("usage_source", UsageSource),
        Index("model_calls_company_time_idx", "company_id", text("created_at DESC"), text("id DESC")),
        Index(
            "model_calls_conversation_id_idx", "conversation_id", postgresql_where=text("conversation_id IS NOT NULL")
        ),
        Index("model_calls_message_id_idx", "message_id", postgresql_where=text("message_id IS NOT NULL")),
        Index(
            "model_calls_user_time_idx",
            "user_id",
            text("created_at DESC"),
            postgresql_include=["room_id", *MEASURED_COLUMNS],
            postgresql_where=text("user_id IS NOT NULL"),
        ),
        Index(
            "model_calls_room_time_idx",
            "room_id",
            text("created_at DESC"),
            postgresql_include=["user_id", *MEASURED_COLUMNS],
            postgresql_where=text("room_id IS NOT NULL"),
        ),
        # Few of many, and asked for by themselves.
        Index(
            "model_calls_failed_idx",
            "company_id",
            "created_at",
            postgresql_where=text("status IN ('failed', 'interrupted')"),
        ),
    )

    company_id: UUID = Field(foreign_key="companies.id", ondelete="CASCADE")
    user_id: UUID | None = None
    """Who asked. Not a foreign key: how many people there were does not change when one of them goes."""
    conversation_id: UUID | None = Field(default=None, foreign_key="conversations.id", ondelete="SET NULL")
    message_id: UUID | None = Field(default=None, foreign_key="messages.id", ondelete="SET NULL")
    room_id: UUID | None = None
    """The conversation, where that is a room; it stays when the room goes."""
    run_id: UUID | None = None
    purpose: CallPurpose = enum_field(CallPurpose)
    provider: str
    model: str
    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    usage_source: UsageSource = enum_field(UsageSource)
    input_price: Decimal | None = amount_field(14, 6)
    output_price: Decimal | None = amount_field(14, 6)
    cost: Decimal | None = amount_field(16, 8)
    """USD; None when the price or the tokens are unknown, never 0 for want of knowing."""
    price_source: str | None = None
    first_token_ms: int | None = None
    duration_ms: int
    status: CallStatus = enum_field(CallStatus)
    error_code: str | None = None
