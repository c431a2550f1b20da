"""A place in a list that is in order of a moment and a key, as an address can carry it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from core.errors import Invalid
from core.ids import parse_id

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_MOMENT = 17
UNKNOWN = "That place in the list isn't known. This is its beginning."


def mark_of(position: tuple[datetime, UUID]) -> str:
    return f"{(position[0] - EPOCH) // timedelta(microseconds=1)}.{position[1]}"


def place_of(mark: str, unknown: str = UNKNOWN) -> tuple[datetime, UUID]:
    """Raises Invalid with `unknown` for what is no place."""
    moment, _, key = mark.partition(".")
    found = parse_id(key)
    if found is None or not moment.isascii() or not moment.isdigit() or len(moment) > LONGEST_MOMENT:
        raise Invalid(unknown)
    return EPOCH + timedelta(microseconds=int(moment)), found
