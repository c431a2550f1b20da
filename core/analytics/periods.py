"""Days as a person means them, in their own time zone, and the buckets they are drawn in."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo

from core.errors import Invalid

EARLIEST = date(2000, 1, 1)
LATEST = date(2199, 12, 31)
LONGEST = 1_100
"""Days: three years."""
MOST_HOURS, MOST_DAYS, MOST_WEEKS = 3, 90, 400
"""Up to so many days are drawn by the hour, by the day, by the week."""
HOUR = timedelta(hours=1)


class Bucket(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True)
class Period:
    """From the first to the last day, both included, as they are in `zone`."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def bucket(self) -> Bucket:
        if self.days <= MOST_HOURS:
            return Bucket.HOUR
        if self.days <= MOST_DAYS:
            return Bucket.DAY
        return Bucket.WEEK if self.days <= MOST_WEEKS else Bucket.MONTH

    @cached_property
    def start(self) -> datetime:
        """In UTC."""
        return midnight(self.first, self.zone)

    @cached_property
    def end(self) -> datetime:
        """In UTC: the first moment that does not belong to it."""
        return midnight(self.last + timedelta(days=1), self.zone)

    @cached_property
    def edges(self) -> tuple[datetime, ...]:
        """Where the buckets begin, in UTC and in order. The first and the last may be cut by the period."""
        if self.bucket is Bucket.HOUR:
            return tuple(self._hours())
        return tuple(midnight(day, self.zone) for day in self._days())

    @property
    def before(self) -> "Period":
        """As many days, right before it."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1), self.zone)

    def _hours(self) -> list[datetime]:
        """On the day the clocks change there are 23 of them, or 25."""
        edges, edge = [], self.start
        while edge < self.end:
            edges.append(edge)
            local = edge.astimezone(self.zone)
            into = timedelta(minutes=local.minute, seconds=local.second)
            edge += HOUR - into  # where clocks change by half an hour, the next full one comes sooner
        return edges

    def _days(self) -> list[date]:
        found = [self.first]
        day = self.first
        while (day := _next(day, self.bucket)) <= self.last:
            found.append(day)
        return found


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When that day begins there, in UTC; where the clocks skip midnight, the moment they do."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _next(day: date, bucket: Bucket) -> date:
    if bucket is Bucket.DAY:
        return day + timedelta(days=1)
    if bucket is Bucket.WEEK:  # they begin on Mondays
        return day + timedelta(days=7 - day.weekday())
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


class Preset(StrEnum):
    TODAY = "today"
    YESTERDAY = "yesterday"
    WEEK = "7d"
    MONTH = "30d"
    QUARTER = "90d"
    YEAR = "12m"
    THIS_MONTH = "this-month"
    LAST_MONTH = "last-month"

    @property
    def label(self) -> str:
        return LABELS[self]

    def period(self, today: date, zone: ZoneInfo) -> Period:
        return Period(*self._days(today), zone)

    def _days(self, today: date) -> tuple[date, date]:
        if self is Preset.YESTERDAY:
            return today - timedelta(days=1), today - timedelta(days=1)
        if self is Preset.THIS_MONTH:
            return today.replace(day=1), _next(today, Bucket.MONTH) - timedelta(days=1)
        if self is Preset.LAST_MONTH:
            last = today.replace(day=1) - timedelta(days=1)
            return last.replace(day=1), last
        return today - timedelta(days=LENGTHS[self] - 1), today


LENGTHS = {Preset.TODAY: 1, Preset.WEEK: 7, Preset.MONTH: 30, Preset.QUARTER: 90, Preset.YEAR: 365}
LABELS = {
    Preset.TODAY: "Today",
    Preset.YESTERDAY: "Yesterday",
    Preset.WEEK: "7 days",
    Preset.MONTH: "30 days",
    Preset.QUARTER: "90 days",
    Preset.YEAR: "12 months",
    Preset.THIS_MONTH: "This month",
    Preset.LAST_MONTH: "Last month",
}


def period_of(first: date, last: date, zone: ZoneInfo) -> Period:
    """Raises Invalid for what is reversed, too long or out of range. Days to come are allowed, and empty."""
    if first > last:
        raise Invalid(f"The period begins on {first:%-d %B %Y}, after its end on {last:%-d %B %Y}. Swap the two.")
    if first < EARLIEST or last > LATEST:
        raise Invalid(f"Choose days between {EARLIEST.year} and {LATEST.year}.")
    period = Period(first, last, zone)
    if period.days > LONGEST:
        raise Invalid(f"That are {period.days:,} days. Choose {LONGEST:,} or fewer.")
    return period
