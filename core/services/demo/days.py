"""When people work: Monday to Friday, in the hours of where they sit; more each month, less in August and December."""

from bisect import bisect
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import accumulate
from random import Random
from zoneinfo import ZoneInfo

LENGTH = 364
"""Days: whole weeks."""
GROWTH = 1.3
"""How much more is said at the end than in the beginning, beside what was said then."""
AUGUST = 0.5
BETWEEN_THE_YEARS = 0.08
HOLIDAYS = {(1, 6), (5, 1), (10, 3), (11, 1)}
HOLIDAY = 0.12
WEEK = (1.0, 1.15, 1.1, 1.05, 0.75, 0.0, 0.0)
HOURS = ((8, 0.5), (9, 1.2), (10, 1.4), (11, 1.2), (12, 0.4), (13, 0.9), (14, 1.3), (15, 1.2), (16, 0.9), (17, 0.4))
CLOSING = time(17, 40)
TRIES = 12


class Year:
    """The year until `now`."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.first = now.date() - timedelta(days=LENGTH)
        self._sums = list(accumulate(_weight(self.first + timedelta(days=at), at) for at in range(LENGTH + 1)))

    def at(self, part: float) -> datetime:
        """The morning of a working day, a part of the year after its beginning."""
        return self.morning(self.first + timedelta(days=round(part * LENGTH)))

    def morning(self, day: date) -> datetime:
        while day.weekday() > 4:
            day -= timedelta(days=1)
        return datetime.combine(day, time(7, 30), UTC)

    @cached_property
    def last_hour(self) -> datetime:
        """The last moment at which most were at work."""
        zone = ZoneInfo("Europe/Berlin")
        local = self.now.astimezone(zone)
        day = local.date()
        if local.time() < time(11):  # too little has been said since the morning
            day -= timedelta(days=1)
        while day.weekday() > 4:
            day -= timedelta(days=1)
        return min(datetime.combine(day, CLOSING, zone).astimezone(UTC), self.now - timedelta(minutes=3))

    def moment(self, chance: Random, zone: str, since: datetime, until: datetime | None = None) -> datetime:
        """Some moment in between at which somebody there is at work; how likely a day is depends on how busy it is."""
        until = until or self.now
        low = self._before((since.date() - self.first).days)
        high = self._before((until.date() - self.first).days + 1)
        for _ in range(TRIES):
            found = self._on(chance, bisect(self._sums, low + chance.random() * (high - low)), zone)
            if since <= found <= until:
                return found
        return max(since, min(until, self.last_hour) - timedelta(minutes=chance.randrange(3, 90)))

    def _before(self, days: int) -> float:
        return self._sums[min(days, len(self._sums)) - 1] if days > 0 else 0.0

    def _on(self, chance: Random, at: int, zone: str) -> datetime:
        day = self.first + timedelta(days=min(at, LENGTH))
        [hour] = chance.choices([hour for hour, _ in HOURS], [weight for _, weight in HOURS])
        local = datetime.combine(day, time(hour, chance.randrange(60), chance.randrange(60)), ZoneInfo(zone))
        return local.astimezone(UTC).replace(microsecond=chance.randrange(1_000) * 1_000)


def _weight(day: date, at: int) -> float:
    weight = WEEK[day.weekday()] * (1 + GROWTH * at / LENGTH)
    if day.month == 8:
        weight *= AUGUST
    if (day.month, day.day) in HOLIDAYS:
        weight *= HOLIDAY
    if (day.month == 12 and day.day >= 24) or (day.month, day.day) == (1, 1):
        weight *= BETWEEN_THE_YEARS
    return weight
