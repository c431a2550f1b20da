"""Sums over the ledger, each at the grain of what is drawn from it, and kept in the transaction that books a call.

All of them can be made anew from `model_calls` and `ratings`; core.repositories.usage_rollups says how. Money is
counted in hundred-millionths of a US dollar, the scale of `ModelCall.cost`, so that sums of it are whole and exact.
"""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, Integer, SmallInteger, text
from sqlalchemy.dialects.postgresql import BIT
from sqlmodel import Field, SQLModel

from core.models.base import enum_field, one_of, time_field
from core.models.message import Score

DOLLAR = Decimal(100_000_000)
"""Units of `Measures.cost`."""
BLOCK = 1_024
"""People in one row of who was active."""
ANY = ""
"""Stands for all models, or all purposes, in a row that does not tell them apart."""
NOBODY = UUID(int=0)
"""Stands for the person of a call of which the ledger no longer says whose it was."""


class Grain(StrEnum):
    DAY = "day"
    """Of UTC: only of who was active."""
    HOUR = "hour"
    QUARTER = "quarter"
    """Of an hour: for the time zones whose days begin in between."""


class Face(StrEnum):
    """What a row over time tells apart."""

    TOTAL = "total"
    MODEL = "model"
    PURPOSE = "purpose"
    BOTH = "both"


class Kind(StrEnum):
    """Whose sums a row of days holds, and whether it tells models and purposes apart."""

    MODEL = "model"
    """Each model and purpose; `subject` is NOBODY."""
    PERSON = "person"
    PERSON_BOTH = "person_both"
    ROOM = "room"
    ROOM_BOTH = "room_both"


class Span(StrEnum):
    """In UTC."""

    DAY = "day"
    WEEK = "week"
    """From Monday on: only of times, whose buckets are many."""
    MONTH = "month"


class Clocked(StrEnum):
    """What a call's times are kept of."""

    DURATION = "duration"
    """Of calls that were completed."""
    FIRST_TOKEN = "first_token"


def key(kind: Any = None, **options: Any) -> Any:
    return Field(primary_key=True, **({"sa_type": kind} if kind else {}), **options)


def sum_field() -> Any:
    return Field(sa_type=BigInteger)


class Measures(SQLModel):
    calls: int = sum_field()
    answers: int = sum_field()
    """Calls for an answer that did not fail."""
    errors: int = sum_field()
    """Calls that failed or were interrupted."""
    input_tokens: int = sum_field()
    """With those that were cached."""
    cached_tokens: int = sum_field()
    output_tokens: int = sum_field()
    cost: int = sum_field()
    """In units of which there are DOLLAR to a dollar; of the calls whose cost is known."""
    unpriced: int = sum_field()
    """Calls whose cost nobody knows."""
    estimated: int = sum_field()
    missing: int = sum_field()
    """Calls whose tokens were estimated, or are unknown; of the rest the provider told them."""
    timed_tokens: int = sum_field()
    timed_ms: int = sum_field()
    """Output tokens and the milliseconds since the first of them, of calls that told both."""


MEASURES = tuple(Measures.model_fields)


class UsageSlot(Measures, table=True):
    """What happened over time, in any time zone."""

    __tablename__ = "usage_slots"
    __table_args__ = (one_of("grain", Grain), one_of("face", Face))

    company_id: UUID = key(foreign_key="companies.id", ondelete="CASCADE")
    grain: Grain = enum_field(Grain, primary_key=True)
    face: Face = enum_field(Face, primary_key=True)
    start: datetime = time_field(primary_key=True)
    model: str = key()
    purpose: str = key()


class UsageSpan(Measures, table=True):
    """What models, people and rooms came to in whole days and months of UTC."""

    __tablename__ = "usage_spans"
    __table_args__ = (one_of("kind", Kind), one_of("span", Span))

    company_id: UUID = key(foreign_key="companies.id", ondelete="CASCADE")
    kind: Kind = enum_field(Kind, primary_key=True)
    span: Span = enum_field(Span, primary_key=True)
    start: date = key()
    subject: UUID = key()
    model: str = key()
    purpose: str = key()


class UsageNumber(SQLModel, table=True):
    """A person's place among the bits of UsagePresence. Not a foreign key: it stays when the person goes."""

    __tablename__ = "usage_numbers"

    user_id: UUID = key()
    number: int = Field(sa_column=Column(Integer, Identity(always=True, minvalue=0, start=0), nullable=False))


class UsagePresence(SQLModel, table=True):
    """Who used the assistant on a day and in a quarter of an hour, as bits: people are counted once over any time, in
    any zone.
    """

    __tablename__ = "usage_presence"
    __table_args__ = (one_of("grain", Grain),)

    company_id: UUID = key(foreign_key="companies.id", ondelete="CASCADE")
    grain: Grain = enum_field(Grain, primary_key=True)
    model: str = key()
    purpose: str = key()
    start: datetime = time_field(primary_key=True)
    block: int = key(Integer)
    people: str = Field(sa_column=Column(BIT(BLOCK), nullable=False))
    """Bit n is the person whose number is `block` * BLOCK + n."""


class UsageLatency(SQLModel, table=True):
    """How often calls took how long. See core.analytics.latency for what a bucket is."""

    __tablename__ = "usage_latencies"
    __table_args__ = (one_of("clocked", Clocked), one_of("span", Span))

    company_id: UUID = key(foreign_key="companies.id", ondelete="CASCADE")
    clocked: Clocked = enum_field(Clocked, primary_key=True)
    span: Span = enum_field(Span, primary_key=True)
    model: str = key()
    """Each, and all of them together as ANY."""
    purpose: str = key()
    start: date = key()
    bucket: int = key(SmallInteger)
    calls: int = sum_field()


class UsageError(SQLModel, table=True):
    """How often calls ended with which error."""

    __tablename__ = "usage_errors"
    __table_args__ = (one_of("span", Span),)

    company_id: UUID = key(foreign_key="companies.id", ondelete="CASCADE")
    span: Span = enum_field(Span, primary_key=True)
    start: date = key()
    code: str = key()
    model: str = key()
    purpose: str = key()
    calls: int = sum_field()


class Rating(SQLModel, table=True):
    """What a person thought of an answer, apart from its content as the ledger is: it stays when the answer goes."""

    __tablename__ = "ratings"
    __table_args__ = (
        one_of("score", Score),
        Index("ratings_company_time_idx", "company_id", "created_at"),
    )

    message_id: UUID = key()
    user_id: UUID = key()
    company_id: UUID = Field(foreign_key="companies.id", ondelete="CASCADE")
    room_id: UUID | None = None
    model: str
    """The one that wrote the answer, when it was rated."""
    score: Score = enum_field(Score)
    created_at: datetime = time_field()
    """When the person first rated it."""


class UsageRating(SQLModel, table=True):
    __tablename__ = "usage_ratings"
    __table_args__ = (one_of("span", Span),)

    company_id: UUID = key(foreign_key="companies.id", ondelete="CASCADE")
    span: Span = enum_field(Span, primary_key=True)
    start: date = key()
    model: str = key()
    up: int = sum_field()
    down: int = sum_field()


class UsageRebuild(SQLModel, table=True):
    """How far the sums have been made anew: one row while that is unfinished, none otherwise."""

    __tablename__ = "usage_rebuilds"
    __table_args__ = (Index("usage_rebuilds_one_key", text("(true)"), unique=True),)

    began_at: datetime = time_field(primary_key=True)
    next_day: date | None = None
    """The first day of UTC that is still to do; None before it has begun."""
