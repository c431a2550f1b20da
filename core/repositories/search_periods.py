"""How far back search gathers of what there is much of: as many months, quarters or years as are likely to be enough.

Each message is marked with the ones that it was said in, so that the inverted index leaves all others out.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from core.search.conditions import Mark


@dataclass(frozen=True, slots=True)
class Period:
    """The last months, quarters or years up to a moment."""

    marks: str
    """As a condition of a `tsquery`."""
    begins: datetime


def period_of(newest: datetime, horizon: datetime, seen: int, wanted: int, since: datetime | None) -> Period | None:
    """The shortest up to the `newest` entry that is likely to have so many, or that reaches back to `since`; None for
    more than two years.

    Likely at the pace at which they were `seen` from the `horizon` on.
    """
    end = newest.astimezone(UTC)
    pace = seen / max(3_600.0, (end - horizon).total_seconds())
    for mark, months, count in PERIODS:
        last = (end.year * 12 + end.month - 1) // months
        begins = datetime(*_month((last - count + 1) * months), 1, tzinfo=UTC)
        if pace * (end - begins).total_seconds() >= wanted or (since is not None and begins <= since):
            marks = [mark.of(_called(last - back, months)) for back in range(count)]
            return Period(f"({' | '.join([*marks, Mark.LATER.of('')])})", begins)
    return None


PERIODS = (
    *((Mark.MONTH, 1, count) for count in (1, 2, 3)),
    *((Mark.QUARTER, 3, count) for count in (2, 3)),
    *((Mark.YEAR, 12, count) for count in (1, 2)),
)
"""Of each the months that one has, and how many of them."""


def _month(months: int) -> tuple[int, int]:
    return months // 12, months % 12 + 1


def _called(number: int, months: int) -> str:
    """What the mark of a period says; `number` counts periods of so many months from the year 0."""
    year, month = _month(number * months)
    return {1: f"{year:04}{month:02}", 3: f"{year:04}{(month + 2) // 3}", 12: f"{year:04}"}[months]
