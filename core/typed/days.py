"""A few words as the day they mean."""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta

from core.typed import day_words as words

LAST_YEAR = 2199
"""As far as tasks go."""
MONTH_FIRST = frozenset({"US", "PH", "FM", "GU", "MH", "PR", "VI"})
"""The countries that write 5/15."""
DAYS = {"day": 1, "week": 7}
NO_DAYS = frozenset({"24/7", "9/11"})

_UNIT = "|".join(words.UNITS)
_COUNT = rf"\d{{1,4}}|{'|'.join(words.COUNTS)}"
_MONTH = "|".join(sorted(words.MONTHS, key=len, reverse=True))
_WEEKDAY = "|".join(words.WEEKDAYS)

NAMED = (
    (words.TODAY, lambda today: today),
    (words.TOMORROW, lambda today: _later(today, 1)),
    (words.AFTER_TOMORROW, lambda today: _later(today, 2)),
    (words.YESTERDAY, lambda today: _later(today, -1)),
    (words.NEXT_WEEK, lambda today: _later(today, 7 - today.weekday())),
    (words.NEXT_MONTH, lambda today: _months_later(today.replace(day=1), 1)),
    (words.END_OF_MONTH, lambda today: _later(_months_later(today.replace(day=1), 1), -1)),
)
_NAMED: list[tuple[re.Pattern[str], Callable[[date], date]]] = [(re.compile(text), day) for text, day in NAMED]

_WEEKDAY_TEXT = re.compile(
    rf"(?:(?P<next>{words.NEXT}|{words.NEXT_WEEK}) (?:on |am |le |el )?|(?:{words.THIS}) )?(?P<day>{_WEEKDAY})\.?"
    rf"(?: (?:(?P<next_behind>{words.NEXT_BEHIND})|{words.THIS_BEHIND}))?"
)
_WITHIN = re.compile(rf"(?:{words.WITHIN}) (?P<count>{_COUNT}) (?P<unit>{_UNIT})")
_ISO = re.compile(r"(?P<year>\d{4})(?P<mark>[-/])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})")
_DOTTED = re.compile(r"(?P<day>\d{1,2})\. ?(?P<month>\d{1,2})\.(?: ?(?P<year>\d{4}|\d{2}))?")
_DOTTED_BARE = re.compile(r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})(?P<year>)")
_EITHER_ORDER = re.compile(r"(?P<one>\d{1,2})/(?P<other>\d{1,2})(?:/(?P<year>\d{4}|\d{2}))?")
_DASHED = re.compile(r"(?P<one>\d{1,2})-(?P<other>\d{1,2})-(?P<year>\d{4})")
_DAY_MONTH = re.compile(
    rf"(?P<day>\d{{1,2}})(?:\.|st|nd|rd|th|er|e)? ?(?:of |de )?"
    rf"(?P<month>{_MONTH})\.?,?(?: (?:de |del )?(?P<year>\d{{4}}))?"
)
_MONTH_DAY = re.compile(rf"(?P<month>{_MONTH})\.? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?(?: (?P<year>\d{{4}}))?")


def day_of(text: str, today: date, locale: str, *, is_led: bool) -> date | None:
    """The day that a folded text names as a whole; None for what names none, ValueError for one like 31 April.

    `locale`, like "en-US", decides between day and month where both orders make sense; `is_led`: a word before it says
    that a day follows, so that short forms count, which are something else where they stand alone.
    """
    for named, day in _NAMED:
        if named.fullmatch(text):
            return day(today)
    if found := _WEEKDAY_TEXT.fullmatch(text):
        return _weekday(today, words.WEEKDAYS[found["day"]], is_next=bool(found["next"] or found["next_behind"]))
    if is_led and text.rstrip(".") in words.SHORT_WEEKDAYS:
        return _weekday(today, words.SHORT_WEEKDAYS[text.rstrip(".")], is_next=False)
    if found := _WITHIN.fullmatch(text):
        return _within(today, found["count"], words.UNITS[found["unit"]])
    return _written(text, today, locale, is_led=is_led)


def _written(text: str, today: date, locale: str, *, is_led: bool) -> date | None:
    for pattern in (_ISO, _DOTTED, *([_DOTTED_BARE] if is_led else [])):
        if found := pattern.fullmatch(text):
            return _day(today, found["year"], int(found["month"]), int(found["day"]))
    for pattern in (_DAY_MONTH, _MONTH_DAY):
        if found := pattern.fullmatch(text):
            return _day(today, found["year"], words.MONTHS[found["month"]], int(found["day"]))
    found = _EITHER_ORDER.fullmatch(text) or _DASHED.fullmatch(text)
    if not found or text in NO_DAYS:
        return None
    day, month = int(found["one"]), int(found["other"])
    if month > 12 or (day <= 12 and is_month_first(locale)):
        day, month = month, day
    return _day(today, found["year"], month, day)


def is_month_first(locale: str) -> bool:
    """English without a country is American, as browsers have it; en-001 is that of the world."""
    parts = locale.replace("_", "-").split("-")
    country = next((part.upper() for part in parts[1:] if len(part) == 2), "")
    is_placed = bool(country) or any(part.isdigit() for part in parts[1:])
    return country in MONTH_FIRST or (not is_placed and parts[0].lower() == "en")


def is_dotted_by_custom(locale: str) -> bool:
    """Whether days are written like 3.11. there."""
    return locale.replace("_", "-").partition("-")[0].lower() in words.DOTTED


def _day(today: date, year: str | None, month: int, day: int) -> date:
    """Without a year the next such day, today included. Raises ValueError where the calendar has none."""
    if year:
        return date(int(year) if len(year) == 4 else 2000 + int(year), month, day)
    for later in range(9):  # a leap day comes again after eight years at the latest
        try:
            found = date(today.year + later, month, day)
        except ValueError:
            continue
        if found >= today:
            return found
    raise ValueError("no such day in any year")


def _weekday(today: date, weekday: int, *, is_next: bool) -> date:
    """The coming one, never today; with "next" that of the week that begins with the next Monday."""
    if is_next:
        return _later(today, 7 - today.weekday() + weekday)
    return _later(today, (weekday - today.weekday() - 1) % 7 + 1)


def _within(today: date, count: str, unit: str) -> date | None:
    number = words.COUNTS.get(count) or int(count)
    try:
        found = (
            _months_later(today, number) if unit == "month" else _later(today, number * (7 if unit == "week" else 1))
        )
    except (OverflowError, ValueError):
        return None
    return found if found.year <= LAST_YEAR else None


def _later(day: date, days: int) -> date:
    return day + timedelta(days=days)


def _months_later(day: date, months: int) -> date:
    """The same day of that month, or its last one."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
