"""What calls to models were for and how they went, as rows of the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.assistant.prices import Price, price_of
from core.assistant.stream import AnswerStream, Attempt, Usage
from core.errors import AnswerInterrupted
from core.ids import new_id
from core.models import CallPurpose, CallStatus, ModelCall, RunStatus
from core.repositories.model_prices import ModelPrices


@dataclass(frozen=True, slots=True)
class Origin:
    """Whom and what a call to a model was for."""

    company_id: UUID
    user_id: UUID
    conversation_id: UUID
    message_id: UUID
    run_id: UUID
    room_id: UUID | None = None
    """The conversation, where that is a room."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call to a model as it went, for the ledger. Times are seconds."""

    purpose: CallPurpose
    model: str
    usage: Usage
    status: CallStatus
    seconds: float
    first_token_seconds: float | None = None
    error_code: str | None = None
    id: UUID = field(default_factory=new_id)
    """The ledger row's: written once more, because the first acknowledgement was lost, it is one row."""


def calls_of(
    purpose: CallPurpose, streams: Sequence[AnswerStream], status: RunStatus, error_code: str | None
) -> list[Call]:
    """A ledger entry for each attempt: those that failed and were tried again, and the last, which counted."""
    calls = [
        _failed(purpose, stream, one)
        for stream in streams
        for one in stream.attempts or [Attempt(error_code, stream.seconds, stream.usage)]
    ]
    if calls:
        counted = streams[-1]
        calls[-1] = replace(
            calls[-1],
            usage=counted.usage,
            status=_status_of(counted, status, error_code),
            first_token_seconds=counted.first_token_seconds,
            error_code=error_code,
        )
    return calls


def repeated_calls(purpose: CallPurpose, streams: Sequence[AnswerStream]) -> list[Call]:
    """Entries for the attempts that failed and were followed by another: they are known before the answer has ended."""
    return [
        _failed(purpose, stream, one)
        for stream in streams
        for one in stream.attempts[: stream.repeated if stream is streams[-1] else None]
    ]


def _failed(purpose: CallPurpose, stream: AnswerStream, one: Attempt) -> Call:
    return Call(purpose, stream.model, one.usage, CallStatus.FAILED, one.seconds, error_code=one.error_code, id=one.id)


def _status_of(counted: AnswerStream, ended: RunStatus, error_code: str | None) -> CallStatus:
    """As the answer ended; but one that was to be continued is interrupted where the call for it has just failed."""
    if ended is RunStatus.INTERRUPTED and not counted.text and error_code != AnswerInterrupted.code:
        return CallStatus.FAILED
    return CallStatus(ended.value)


def rows_of(session: Session, provider: str, booked: Sequence[tuple[Origin, Call]]) -> list[ModelCall]:
    """The ledger rows of calls, at the prices in force now."""
    at = clock.now()
    own = ModelPrices(session).in_force([(origin.company_id, call.model) for origin, call in booked], at)
    return [
        _row_of(provider, origin, call, price_of(provider, call.model, call.usage, at, own.get(key)), at)
        for origin, call in booked
        for key in [(origin.company_id, call.model)]
    ]


def _row_of(provider: str, origin: Origin, call: Call, price: Price, at: datetime) -> ModelCall:
    return ModelCall(
        id=call.id,
        created_at=at,
        company_id=origin.company_id,
        user_id=origin.user_id,
        conversation_id=origin.conversation_id,
        message_id=origin.message_id,
        room_id=origin.room_id,
        run_id=origin.run_id,
        purpose=call.purpose,
        provider=provider,
        model=call.model,
        input_tokens=call.usage.input_tokens,
        cached_tokens=call.usage.cached_tokens,
        output_tokens=call.usage.output_tokens,
        usage_source=call.usage.source,
        input_price=price.input_price,
        output_price=price.output_price,
        cost=price.cost,
        price_source=price.source,
        first_token_ms=_milliseconds(call.first_token_seconds),
        duration_ms=round(call.seconds * 1000),
        status=call.status,
        error_code=call.error_code,
    )


def unlinked(row: ModelCall) -> ModelCall:
    """The same, of a conversation that is gone: in which room it was stays."""
    row.conversation_id = row.message_id = None
    return row


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)
