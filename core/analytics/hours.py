"""The hours of the week in which a slice's calls were made, as the clocks of its zone showed them."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
from pandas import DataFrame
from sqlalchemy import Connection, text

from core.analytics.periods import Period
from core.analytics.slices import Slice
from core.analytics.sources import Given, slots

HOURS_A_WEEK = 168
MONDAY = datetime(1970, 1, 5, tzinfo=UTC)


def heat(connection: Connection, slice_: Slice) -> DataFrame:
    """Columns weekday (0: Monday), hour (0 to 23) and calls: all 168, in the hours of the period's zone."""
    given = Given(slice_)
    changes, offsets = offsets_of(slice_.period)
    offset = f"(CAST({given.add(offsets)} AS int[]))[width_bucket(start, CAST({given.add(changes)} AS timestamptz[]))]"
    # As a float it is a tenth of the work, and still tells microseconds apart.
    since = f"floor(date_part('epoch', start))::bigint + {offset} - {int(MONDAY.timestamp())}"
    statement = f"""SELECT ((({since}) / 3600) % {HOURS_A_WEEK})::int, sum(calls)::bigint
        FROM {slots(slice_, given, None)} GROUP BY 1"""
    calls = np.zeros(HOURS_A_WEEK, dtype=np.int64)
    for place, number in connection.execute(text(statement), given.values):
        calls[place] = number
    places = np.arange(HOURS_A_WEEK)
    return DataFrame({"weekday": places // 24, "hour": places % 24, "calls": calls})


def offsets_of(period: Period) -> tuple[list[datetime], list[int]]:
    """From when on the zone is how many seconds ahead of UTC, within the period."""
    changes, offsets = [period.start], [_offset(period.start, period)]
    day: date = period.first
    for _ in range(period.days):
        day += timedelta(days=1)
        edge = min(datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1), period.end)
        if _offset(edge, period) != offsets[-1]:
            changes.append(_change(changes[-1], edge, period))
            offsets.append(_offset(edge, period))
    return changes, offsets


def _change(low: datetime, high: datetime, period: Period) -> datetime:
    """The quarter of an hour between the two in which the clocks change; they do so on one."""
    was, step = _offset(low, period), timedelta(minutes=15)
    while high - low > step:
        middle = low + (high - low) // step // 2 * step
        low, high = (middle, high) if _offset(middle, period) == was else (low, middle)
    return high


def _offset(moment: datetime, period: Period) -> int:
    return round((moment.astimezone(period.zone).utcoffset() or timedelta()).total_seconds())
