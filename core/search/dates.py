"""Days as people write them behind before: and after:."""

import re
from datetime import date, datetime, time, timedelta, tzinfo

DATES = "Write a date like 2026-11-24, 2026-11 or 2026, today, yesterday, or 7d, 2w, 3m, 1y for so long ago."

_DATE = re.compile(r"(?P<year>\d{4})(?:[-/.](?P<month>\d{1,2})(?:[-/.](?P<day>\d{1,2}))?)?")
_AGO = re.compile(r"(?P<count>\d{1,4})(?P<unit>[dwmy])")
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


def day_of(text: str, today: date, zone: tzinfo) -> datetime | None:
    """When that day, month or year begins in the zone; None for what is no date."""
    found = _day(text.strip().lower(), today)
    return datetime.combine(found, time(), zone) if found else None


def _day(text: str, today: date) -> date | None:
    if text in ("today", "yesterday"):
        return today - timedelta(days=text == "yesterday")
    try:
        if ago := _AGO.fullmatch(text):
            return today - timedelta(days=int(ago["count"]) * _DAYS[ago["unit"]])
        if found := _DATE.fullmatch(text):
            return date(int(found["year"]), int(found["month"] or 1), int(found["day"] or 1))
    except (ValueError, OverflowError):
        pass
    return None
