"""A period put together from whole months and days of UTC, and what is left at its ends from the ledger itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from core.models import Span

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Days:
    """The rows of `span` that start on `first` or later, before `end`; `sign` -1: to be taken away."""

    sign: int
    span: Span
    first: date
    end: date

    @property
    def starts(self) -> Iterator[date]:
        """Of each of its days, or months, the first day."""
        start = self.first
        while start < self.end:
            yield start
            start = _following(start) if self.span is Span.MONTH else start + DAY


@dataclass(frozen=True)
class Rest:
    """The calls from `start` to before `end`."""

    sign: int
    start: datetime
    end: datetime


Part = Days | Rest


def parts_of(start: datetime, end: datetime) -> tuple[Part, ...]:
    """What to add up, and to take away, for the calls from `start` to before `end`: mostly months, at most 16 days at
    each end of them, and at most half a day of single calls at each end of those.

    Right for whatever adds up, such as a sum or a count; not for a largest value.
    """
    if end - start <= DAY:
        return (Rest(1, start, end),)
    first, edge = nearest_day(start), nearest_day(end)
    return (*_rest(start, first, 1), *_days(first, edge), *_rest(end, edge, -1))


def _days(first: date, end: date) -> Iterator[Part]:
    month, last_month = _nearest_month(first), _nearest_month(end)
    if month >= last_month:
        if first < end:
            yield Days(1, Span.DAY, first, end)
        return
    yield from _span(first, month, 1)
    yield Days(1, Span.MONTH, month, last_month)
    yield from _span(end, last_month, -1)


def _span(at: date, nearest: date, sign: int) -> Iterator[Part]:
    """From `at` to where whole months begin (or, with the sign turned, end)."""
    if at < nearest:
        yield Days(sign, Span.DAY, at, nearest)
    elif at > nearest:
        yield Days(-sign, Span.DAY, nearest, at)


def _rest(at: datetime, nearest: date, sign: int) -> Iterator[Part]:
    begins = datetime.combine(nearest, time(), UTC)
    if at < begins:
        yield Rest(sign, at, begins)
    elif at > begins:
        yield Rest(-sign, begins, at)


def nearest_day(moment: datetime) -> date:
    """The one of UTC whose midnight is next to it."""
    return (moment.astimezone(UTC) + DAY / 2).date()


def _nearest_month(day: date) -> date:
    month, following = day.replace(day=1), _following(day)
    return month if day - month <= following - day else following


def _following(day: date) -> date:
    """The first of the month after it."""
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)
