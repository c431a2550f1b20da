"""What a foreign file says, taken for what it should be; whatever else stands there counts as not said."""

import hashlib
import json
import re
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from core.lines import is_blank, one_line
from core.models import MAX_TITLE

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
SECONDS_END = 1e11
"""Numbers above are milliseconds, above a thousand times that microseconds, then nanoseconds."""
LONGEST_ID = 200
LONGEST_NAME = 100
MOST_TOKENS = 2**31 - 1

SURROGATE = re.compile("[\ud800-\udfff]")
UNSTORABLE = "Characters that can't be stored (NUL, halves of characters) were removed or replaced."


def a_dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def a_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def a_text(value: object) -> str:
    return value if isinstance(value, str) else ""


def a_name(value: object) -> str:
    """One line, not too long; empty where nothing of it is seen."""
    return _a_line(value, LONGEST_NAME)


def a_title(value: object) -> str:
    return _a_line(value, MAX_TITLE)


def _a_line(value: object, limit: int) -> str:
    line = one_line(a_text(value))
    return "" if is_blank(line) else cut(line, limit)


def a_count(value: object) -> int | None:
    """A number of tokens; None for whatever can't be one."""
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS
    return value if is_count else None  # type: ignore[return-value]


def a_time(value: object) -> datetime | None:
    """From seconds, milli-, micro- or nanoseconds since 1970, or as ISO 8601; None for what no chat can have."""
    try:
        found = _from_text(value) if isinstance(value, str) else _from_number(value)
    except (OSError, OverflowError, ValueError):  # which of them, the platform decides
        return None
    return found if found and EARLIEST <= found < LATEST else None


def _from_text(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def _from_number(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    seconds = float(value)
    if not isfinite(seconds):
        return None
    for _ in range(3):
        if seconds > SECONDS_END:
            seconds /= 1000
    return datetime.fromtimestamp(seconds, UTC)


def an_id(value: object, whole: object) -> str:
    """What the source calls it; or a name made of all that it says, the same each time."""
    given = a_text(value).strip()
    if given and len(given) <= LONGEST_ID:
        return given
    return "sha256:" + hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def fenced(text: str, language: str = "") -> str:
    """As a block of code, whatever ticks are in it."""
    ticks = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{ticks}{language if language.isalnum() else ''}\n{text}\n{ticks}"


def is_storable(text: str) -> bool:
    return "\0" not in text and not SURROGATE.search(text)


def storable(value: Any) -> Any:
    """The same without NUL characters, and with a mark in place of each half of a character. Keys as well."""
    if isinstance(value, str):
        return SURROGATE.sub("\ufffd", value.replace("\0", ""))
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    return value
