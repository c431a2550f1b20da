"""Ledgers made up at random, and the same figures as the usage page's, counted one row after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import add
from uuid import UUID

from hypothesis import strategies as st
from sqlmodel import Session, col, select

from core.analytics.slices import Slice
from core.ids import new_id
from core.models import CallPurpose, CallStatus, ModelCall, UsageSource

MODELS = ("small", "large", "überaus-großes-modell")
TOKENS = st.none() | st.integers(0, 200_000)
COSTS = st.none() | st.decimals(0, 20, places=8)


@dataclass(frozen=True)
class World:
    company_id: UUID
    people: tuple[UUID, ...]
    rooms: tuple[UUID, ...]


def calls_of(session: Session, message_id: UUID) -> list[ModelCall]:
    """What a message came to, in the order of booking."""
    statement = select(ModelCall).where(col(ModelCall.message_id) == message_id).order_by(col(ModelCall.id))
    return list(session.execute(statement).scalars())


def calls_between(
    world: World, start: datetime, end: datetime, near: Sequence[datetime] = ()
) -> st.SearchStrategy[ModelCall]:
    """Calls at any moment, often at a full quarter of an hour, where days begin somewhere, or within two days of one of
    those in `near`.
    """
    minutes = int((end - start).total_seconds() // 60)
    quarters = st.integers(-4 * 24 * 2, 4 * 24 * 2).map(lambda number: timedelta(minutes=15 * number))
    moments = st.one_of(
        *(st.builds(add, st.just(moment), quarters) for moment in near),
        st.integers(0, minutes // 15).map(lambda number: start + timedelta(minutes=15 * number)),
        st.integers(0, minutes * 60_000_000 - 1).map(lambda number: start + timedelta(microseconds=number)),
        st.integers(1, minutes // 15).map(lambda number: start + timedelta(minutes=15 * number, microseconds=-1)),
    )
    return st.builds(
        ModelCall,
        id=st.builds(new_id),
        created_at=moments,
        company_id=st.just(world.company_id),
        user_id=st.none() | st.sampled_from(world.people),
        room_id=st.none() | st.sampled_from(world.rooms),
        run_id=st.none(),
        conversation_id=st.none(),
        message_id=st.none(),
        purpose=st.sampled_from(CallPurpose),
        provider=st.just("api.example.com"),
        model=st.sampled_from(MODELS),
        input_tokens=TOKENS,
        cached_tokens=TOKENS,
        output_tokens=TOKENS,
        usage_source=st.sampled_from(UsageSource),
        input_price=st.none(),
        output_price=st.none(),
        cost=COSTS,
        price_source=st.none(),
        first_token_ms=st.none() | st.integers(0, 400_000),
        duration_ms=st.integers(0, 400_000),
        status=st.sampled_from(CallStatus),
        error_code=st.none() | st.sampled_from(("model_busy", "model_too_slow")),
    )


def within(calls: Sequence[ModelCall], slice_: Slice, start: datetime, end: datetime) -> list[ModelCall]:
    """Those that a slice has between two moments."""
    return [
        call
        for call in calls
        if call.company_id == slice_.company_id
        and start <= call.created_at < end
        and (not slice_.models or call.model in slice_.models)
        and (not slice_.purposes or call.purpose.value in slice_.purposes)
        and (not slice_.user_ids or call.user_id in slice_.user_ids)
        and (not slice_.room_ids or call.room_id in slice_.room_ids)
    ]


def measured(calls: Sequence[ModelCall]) -> dict[str, int | float]:
    """The measures of these calls, as core.models.usage.Measures describes them."""
    timed = [
        call
        for call in calls
        if call.status in (CallStatus.COMPLETE, CallStatus.STOPPED)
        and call.output_tokens is not None
        and call.first_token_ms is not None
        and call.first_token_ms < call.duration_ms
    ]
    return {
        "calls": len(calls),
        "answers": sum(c.purpose is CallPurpose.ANSWER and c.status is not CallStatus.FAILED for c in calls),
        "errors": sum(c.status in (CallStatus.FAILED, CallStatus.INTERRUPTED) for c in calls),
        "input_tokens": sum(c.input_tokens or 0 for c in calls),
        "cached_tokens": sum(c.cached_tokens or 0 for c in calls),
        "output_tokens": sum(c.output_tokens or 0 for c in calls),
        "cost": float(sum((c.cost or Decimal() for c in calls), Decimal())),
        "unpriced": sum(c.cost is None for c in calls),
        "estimated": sum(c.usage_source is UsageSource.ESTIMATED for c in calls),
        "missing": sum(c.usage_source is UsageSource.MISSING for c in calls),
        "timed_tokens": sum(c.output_tokens or 0 for c in timed),
        "timed_ms": sum(c.duration_ms - (c.first_token_ms or 0) for c in timed),
    }


def times(calls: Sequence[ModelCall], *, first_token: bool) -> list[int]:
    """Milliseconds, sorted, of the calls that have them."""
    found = [
        call.first_token_ms if first_token else call.duration_ms
        for call in calls
        if first_token or call.status is CallStatus.COMPLETE
    ]
    return sorted(one for one in found if one is not None)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]
