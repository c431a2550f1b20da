"""The only place that asks the time."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def now() -> datetime:
    """The present moment, aware and in UTC."""
    return datetime.now(UTC)


def today(zone: str | None) -> date:
    """The day that it is there now; in UTC where nobody said where, or it is no zone that is known here."""
    try:
        return now().astimezone(ZoneInfo(zone or "UTC")).date()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return now().date()
