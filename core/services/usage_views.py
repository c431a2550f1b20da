"""What the usage page asks for and gets."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from pandas import DataFrame

from core.analytics.periods import Period
from core.models import CallPurpose, CallStatus, UsageSource


class Chart(StrEnum):
    MODEL_COST = "cost-by-model"
    PURPOSE_COST = "cost-by-purpose"
    TOKENS = "tokens"
    ANSWERS = "answers"
    PEOPLE = "people"


class Table(StrEnum):
    """What can be taken along as a file: the frame of exactly that view."""

    MAIN = "chart"
    MODELS = "models"
    PEOPLE = "people"
    ROOMS = "rooms"
    LATENCY = "latency"
    ERRORS = "errors"
    HEAT = "hours"
    CALLS = "calls"


@dataclass(frozen=True)
class Wanted:
    """The page's filters. Empty tuples: all."""

    first: date
    last: date
    zone: ZoneInfo
    models: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    user_ids: tuple[UUID, ...] = ()
    room_ids: tuple[UUID, ...] = ()
    is_mine: bool = False
    """Only what this person asked; always so for whoever may not see what everybody uses."""


@dataclass(frozen=True)
class Point:
    """A place in the main chart: one of its buckets, by its start, and one or some of its series (those that it calls
    "Other" are several). None, or none: all of them.
    """

    start: datetime | None = None
    series: tuple[str, ...] = ()


@dataclass(frozen=True)
class Totals:
    """What a period came to. `cost` in USD, of the calls whose cost is known."""

    calls: int
    answers: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost: float
    unpriced: int
    """Calls whose cost nobody knows."""
    exact: int
    estimated: int
    missing: int
    """Calls by where their tokens come from."""
    people: int


@dataclass(frozen=True)
class UsageView:
    """Everything the page draws. Frames as in core.analytics.frames; `people` and `rooms` with a column `name`."""

    period: Period
    as_of: datetime
    totals: Totals
    before: Totals
    main: DataFrame
    sparks: DataFrame
    """Over time, without series, with people."""
    models: DataFrame
    people: DataFrame
    rooms: DataFrame
    latency: DataFrame
    errors: DataFrame
    heat: DataFrame


@dataclass(frozen=True)
class CallLine:
    """One row of the ledger. `conversation_id` only where this person may read it."""

    id: UUID
    created_at: datetime
    user_name: str | None
    """None where nobody is left to name."""
    model: str
    provider: str
    purpose: CallPurpose
    status: CallStatus
    input_tokens: int | None
    cached_tokens: int | None
    output_tokens: int | None
    usage_source: UsageSource
    cost: Decimal | None
    """USD; None: nobody knows."""
    duration_ms: int
    first_token_ms: int | None
    error_code: str | None
    conversation_id: UUID | None
    conversation_title: str | None


@dataclass(frozen=True)
class CallsPage:
    """The newest first. `older`: the mark behind which to go on; None at the end."""

    lines: tuple[CallLine, ...]
    older: str | None


@dataclass(frozen=True)
class Choices:
    """What the filters offer."""

    models: tuple[str, ...]
    people: tuple[tuple[UUID, str], ...]
    rooms: tuple[tuple[UUID, str], ...]
