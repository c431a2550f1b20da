"""Where a month's spending leads: what was spent so far, at the same pace to its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from core.analytics.periods import Bucket, Period

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Pace:
    """Amounts in USD."""

    days: tuple[date, ...]
    """Of the whole month."""
    so_far: tuple[float, ...]
    """What had been spent by the end of each day that has begun."""
    forecast: float | None
    """By the end of the month; None within its first day, and when the month is over."""
    budget: float | None

    @property
    def spent(self) -> float:
        return self.so_far[-1] if self.so_far else 0.0


def is_month(period: Period) -> bool:
    """Whether it is one month of the calendar, drawn by the day."""
    return period.first.day == 1 and (period.last + DAY).day == 1 and period.bucket is Bucket.DAY and period.days <= 31


def pace_of(period: Period, costs: Sequence[float], as_of: datetime, budget: float | None = None) -> Pace | None:
    """`costs`: of each day of the period, which is to be a month. None before the month has begun, or when it is over.

    The forecast is what was spent, divided by the part of the month's time that has passed.
    """
    if not is_month(period) or not period.start <= as_of < period.end:
        return None
    begun = sum(edge <= as_of for edge in period.edges)
    so_far, sum_ = [], 0.0
    for cost in list(costs)[:begun]:
        sum_ += float(cost)
        so_far.append(sum_)
    passed = (as_of - period.start) / (period.end - period.start)
    forecast = sum_ / passed if as_of - period.start >= DAY else None
    days = tuple(period.first + number * DAY for number in range(period.days))
    return Pace(days, tuple(so_far), forecast, budget)
