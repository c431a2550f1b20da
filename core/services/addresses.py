"""Reading what an address asks for: what can't be used is left out, and said."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import TypeVar
from zoneinfo import ZoneInfo, available_timezones

YES = "1"
LONGEST_NAME = 200
LONGEST_MARK = 100
MOST_VALUES = 200
"""Of one filter."""

Value = TypeVar("Value")
Params = Mapping[str, Sequence[str]]


class AddressReader:
    """What can't be used is left out, with a sentence in `complaints`."""

    def __init__(self, params: Params) -> None:
        self.params = params
        self.complaints: list[str] = []

    def complain(self, name: str) -> None:
        """Says that this part of the address is left out."""
        given = self.params[name][0]
        short = given if len(given) <= 40 else f"{given[:39]}…"
        self.complaints.append(f"“{name}={short}” in the address can't be used and was left out.")

    def one(self, name: str, parse: Callable[[str], Value | None]) -> Value | None:
        return next(iter(self.all(name, parse)[:1]), None)

    def all(self, name: str, parse: Callable[[str], Value | None]) -> tuple[Value, ...]:
        texts = [text for text in self.params.get(name, ()) if text]
        found = [parse(text) for text in texts[:MOST_VALUES]]
        if None in found or len(texts) > MOST_VALUES:
            self.complain(name)
        return tuple(dict.fromkeys(value for value in found if value is not None))


@cache
def zones() -> tuple[str, ...]:
    """All that there are, by name."""
    return tuple(sorted(available_timezones() - {"localtime", "Factory"}))


def as_zone(text: str) -> ZoneInfo | None:
    return ZoneInfo(text) if text in zones() else None


def as_yes(text: str) -> bool | None:
    return True if text == YES else None


def as_name(text: str) -> str | None:
    return text if len(text) <= LONGEST_NAME and "\0" not in text else None


def as_mark(text: str) -> str | None:
    return text if len(text) <= LONGEST_MARK else None


def as_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
