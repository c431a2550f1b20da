"""Axes of time and of values.

Buckets stand side by side by their number, not on an axis of dates: all are equally wide, and the hour that comes twice
when the clocks go back is two of them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.analytics.chart_style import FAINT
from core.analytics.periods import Bucket, Period
from core.analytics.units import Unit

MOST_TICKS = 6
HOURS = (1, 3, 6, 12, 24)
FEW = 5
"""Up to so many things are counted one by one on the axis."""
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Buckets:
    """Where they begin, in order, in the zone in which they are to be read, and where the last one ends."""

    starts: tuple[datetime, ...]
    end: datetime
    bucket: Bucket

    @classmethod
    def of(cls, period: Period) -> "Buckets":
        starts = tuple(edge.astimezone(period.zone) for edge in period.edges)
        return cls(starts, period.end.astimezone(period.zone), period.bucket)

    def __len__(self) -> int:
        return len(self.starts)

    def names(self) -> list[str]:
        """What each is, in full."""
        ends = [*self.starts[1:], self.end]
        return [self._name(start, end) for start, end in zip(self.starts, ends, strict=True)]

    def axis(self) -> dict[str, Any]:
        marked = self._marked()
        years = [self.starts[place].year for place in marked]
        is_new = [year != before for year, before in zip(years, [None, *years[:-1]], strict=True)]
        shows_year = self.bucket is Bucket.MONTH or len(set(years)) > 1
        labels = [
            self._label(self.starts[place]) + (f"<br>{self.starts[place].year}" if shows_year and new else "")
            for place, new in zip(marked, is_new, strict=True)
        ]
        return {
            "tickmode": "array",
            "tickvals": marked,
            "ticktext": labels,
            "tickangle": 0,
            "range": [-0.6, len(self) - 0.4],
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
        }

    def _marked(self) -> list[int]:
        """Those that the axis names."""
        if self.bucket is Bucket.HOUR:
            step = next(step for step in HOURS if len(self) <= step * MOST_TICKS)
            return [place for place, start in enumerate(self.starts) if start.hour % step == 0 and start.minute == 0]
        step = -(-len(self) // MOST_TICKS)
        return list(range(0, len(self), step))

    def _label(self, start: datetime) -> str:
        if self.bucket is Bucket.MONTH:
            return f"{start:%b}"
        is_day = self.bucket is not Bucket.HOUR or (start.hour == 0 and start.minute == 0)
        return f"{start:%-d %b}" if is_day else f"{start:%H:%M}"

    def _name(self, start: datetime, end: datetime) -> str:
        if self.bucket is Bucket.HOUR:
            return f"{start:%A, %-d %B %Y, %H:%M}–{end:%H:%M}"
        last = (end - timedelta(microseconds=1)).date()
        if start.date() == last:
            return f"{start:%A, %-d %B %Y}"
        is_whole_month = (
            start.day == 1 and (last + DAY).day == 1 and (start.year, start.month) == (last.year, last.month)
        )
        if is_whole_month:
            return f"{start:%B %Y}"
        if (start.year, start.month) == (last.year, last.month):
            return f"{start:%-d}–{last:%-d %B %Y}"
        begins = f"{start:%-d %B}" if start.year == last.year else f"{start:%-d %B %Y}"
        return f"{begins} – {last:%-d %B %Y}"


def value_axis(unit: Unit, largest: float) -> dict[str, Any]:
    """From zero on, whose line is drawn."""
    axis: dict[str, Any] = {
        "rangemode": "tozero",
        "zeroline": True,
        "zerolinecolor": FAINT,
        "fixedrange": True,
        "nticks": 6,
        "title": None,
    }
    match unit:
        case Unit.DOLLARS:
            places = 0 if largest >= 10 else 2 if largest >= 0.1 else 4
            return axis | {"tickprefix": "$", "tickformat": f",.{places}f"}
        case Unit.COUNT if largest <= FEW:
            return axis | {"dtick": 1, "tickformat": "d", "range": [0, max(largest, 1) * 1.08]}
        case Unit.COUNT | Unit.TOKENS:
            return axis | {"exponentformat": "B", "separatethousands": True}
        case Unit.MILLISECONDS:
            return axis | {"ticksuffix": " ms", "separatethousands": True}
        case Unit.SHARE:
            return axis | {"tickformat": ".0%"}
    return axis
