"""The parts of a document as plain JSON values, and back: what each is made of stands here once.

What is as it is by default is left out. Reading refuses whatever a conversation can't be made of, with a sentence that
names the place.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from dataclasses import Field as DataField
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from math import isfinite
from typing import Any, get_args

from core.errors import Invalid
from core.models import (
    MAX_EMOJI,
    CallPurpose,
    CallStatus,
    ConversationKind,
    MessageRole,
    MessageStatus,
    MessageType,
    Score,
    StepState,
    UsageSource,
)
from core.transfer.document import Booked, Did, Document, Person, Rated, Reacted, Revision, Said
from core.transfer.values import is_storable

LONGEST = 1_000_000
"""Characters of one message."""
LONG, SHORT = 100_000, 200
DEEPEST = 100
EARLIEST, LATEST = 1900, 2200
"""Years: nearer to the edges of the calendar a moment has no day in some time zones."""
MOST = 2**31 - 1
LARGEST_SEQ = 2**53 - 1
SOURCE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
AMOUNT = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,12})?")
UNSTORABLE = "has a character that can't be stored: NUL, or half of one"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a field may hold. `read` is given the value and the place where it stands, for the sentence."""

    write: Callable[[Any], Any]
    read: Callable[[Any, str], Any]


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    kind: Kind
    key: str
    """What it is called in JSON."""


class Part:
    """A dataclass as an object of JSON, its fields in this order."""

    def __init__(self, made: type[Any], **kinds: Kind) -> None:
        self.made = made
        self.fields = tuple(Field(name, kind, RENAMED.get(name, name)) for name, kind in kinds.items())
        self.keys = frozenset(field.key for field in self.fields)
        self._defaults = {field.name: _default(field) for field in fields(made) if _default(field) is not MISSING}

    def write(self, part: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for field in self.fields:
            value = getattr(part, field.name)
            if field.name not in self._defaults or value != self._defaults[field.name]:
                found[field.key] = field.kind.write(value)
        return found

    def read(self, value: Any, place: str) -> Any:
        return self.made(**self.values(value, place))

    def values(self, value: Any, place: str) -> dict[str, Any]:
        """The fields that are given. Raises Invalid."""
        given = an_object(value, place)
        found: dict[str, Any] = {}
        for field in self.fields:
            said = given.get(field.key)
            if said is not None:
                found[field.name] = field.kind.read(said, f"{place}.{field.key}" if place else field.key)
            elif field.name not in self._defaults:
                raise refusal(f"{place}.{field.key}" if place else field.key, "is missing")
            else:
                found[field.name] = self._defaults[field.name]
        return found


def _default(field: DataField[Any]) -> Any:
    """What need not be said; None where that is possible at all."""
    if field.default_factory is not MISSING:
        return field.default_factory()
    return None if type(None) in get_args(field.type) else field.default


def refusal(place: str, what: str) -> Invalid:
    return Invalid(f"This is no conversation of Parley: {place or 'it'} {what}.")


def an_object(value: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise refusal(place, "is not an object")
    return value


def a_list(value: Any, place: str) -> list[Any]:
    if not isinstance(value, list):
        raise refusal(place, "is not a list")
    return value


def text_of(limit: int, *, least: int = 0) -> Kind:
    def read(value: Any, place: str) -> str:
        if not isinstance(value, str):
            raise refusal(place, "is not a text")
        if not is_storable(value):
            raise refusal(place, UNSTORABLE)
        if not least <= len(value) <= limit:
            raise refusal(place, f"has {len(value):,} characters; {least:,} to {limit:,} are possible")
        return value

    return Kind(str, read)


def number_up_to(most: int, least: int = 0) -> Kind:
    def read(value: Any, place: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise refusal(place, "is not a whole number")
        if not least <= value <= most:
            raise refusal(place, f"is not between {least:,} and {most:,}")
        return value

    return Kind(int, read)


def member_of(enum: type[StrEnum]) -> Kind:
    def read(value: Any, place: str) -> StrEnum:
        if not isinstance(value, str) or value not in set(enum):
            raise refusal(place, f"is none of {', '.join(enum)}")
        return enum(value)

    return Kind(lambda member: member.value, read)


def list_of(kind: Kind) -> Kind:
    def read(value: Any, place: str) -> tuple[Any, ...]:
        return tuple(kind.read(item, f"{place}[{number}]") for number, item in enumerate(a_list(value, place)))

    return Kind(lambda items: [kind.write(item) for item in items], read)


def part_of(part: Part) -> Kind:
    return Kind(part.write, part.read)


def _read_yes(value: Any, place: str) -> bool:
    if not isinstance(value, bool):
        raise refusal(place, "is neither true nor false")
    return value


def write_time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _read_time(value: Any, place: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is not None and EARLIEST <= moment.year <= LATEST:
            return moment.astimezone(UTC)
    except (OverflowError, TypeError, ValueError):
        pass
    raise refusal(place, "is no moment with its time zone, like 2026-11-24T09:00:00Z")


def _read_amount(value: Any, place: str) -> Decimal:
    if not isinstance(value, str) or not AMOUNT.fullmatch(value):
        raise refusal(place, 'is no amount as a text, like "0.25"')
    return Decimal(value)


def _read_seconds(value: Any, place: str) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= MOST:
        raise refusal(place, "is no number of seconds")
    return float(value)


def _read_source(value: Any, place: str) -> str:
    if not isinstance(value, str) or not SOURCE.fullmatch(value):
        raise refusal(place, "is no name of small letters, digits and dashes")
    return value


def _read_anything(value: Any, place: str) -> dict[str, Any]:
    _check_anything(an_object(value, place), place)
    return dict(value)


def _check_anything(value: Any, place: str, depth: int = 0) -> None:
    if depth > DEEPEST:
        raise refusal(place, "is nested too deeply")
    if isinstance(value, str) and not is_storable(value):
        raise refusal(place, UNSTORABLE)
    if isinstance(value, float) and not isfinite(value):
        raise refusal(place, "is no number")
    if isinstance(value, Mapping):
        for key, item in value.items():
            _check_anything(key, place)
            _check_anything(item, place, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check_anything(item, place, depth + 1)


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list | tuple) else value


RENAMED = {"message_type": "type"}

TIME = Kind(write_time, _read_time)
YES = Kind(bool, _read_yes)
AMOUNT_OF_MONEY = Kind(lambda amount: format(amount, "f"), _read_amount)
COUNT = number_up_to(MOST)
SEQ = number_up_to(LARGEST_SEQ, 1)
PLACE = number_up_to(MOST)
NAME = text_of(SHORT)

PERSON = Part(Person, name=NAME, email=text_of(SHORT))
REVISION = Part(
    Revision, content=text_of(LONGEST), replaced_at=TIME, edited_by=PLACE, reason=text_of(LONG), by_moderator=YES
)
REACTED = Part(Reacted, emoji=text_of(MAX_EMOJI, least=1), by=PLACE, at=TIME)
RATED = Part(Rated, score=member_of(Score), by=PLACE, at=TIME, tags=list_of(NAME), comment=text_of(LONG))
BOOKED = Part(
    Booked,
    at=TIME,
    purpose=member_of(CallPurpose),
    provider=NAME,
    model=NAME,
    status=member_of(CallStatus),
    usage_source=member_of(UsageSource),
    duration_ms=COUNT,
    by=PLACE,
    input_tokens=COUNT,
    cached_tokens=COUNT,
    output_tokens=COUNT,
    input_price=AMOUNT_OF_MONEY,
    output_price=AMOUNT_OF_MONEY,
    cost=AMOUNT_OF_MONEY,
    price_source=NAME,
    first_token_ms=COUNT,
    error_code=NAME,
)
DID = Part(
    Did,
    name=text_of(SHORT),
    state=member_of(StepState),
    at=COUNT,
    arguments=text_of(LONG),
    shown=text_of(LONG),
    seconds=Kind(float, _read_seconds),
    is_undone=YES,
)
SAID = Part(
    Said,
    seq=SEQ,
    role=member_of(MessageRole),
    message_type=member_of(MessageType),
    status=member_of(MessageStatus),
    sender=PLACE,
    created_at=TIME,
    content=text_of(LONGEST),
    reply_to=SEQ,
    version_group=SEQ,
    superseded_with=SEQ,
    model=NAME,
    tokens=COUNT,
    reached_limit=YES,
    edited_at=TIME,
    edited_by=PLACE,
    edit_reason=text_of(LONG),
    deleted_at=TIME,
    delete_reason=text_of(LONG),
    revisions=list_of(part_of(REVISION)),
    reactions=list_of(part_of(REACTED)),
    ratings=list_of(part_of(RATED)),
    calls=list_of(part_of(BOOKED)),
    steps=list_of(part_of(DID)),
)
HEAD = Part(
    Document,
    source=Kind(str, _read_source),
    id=text_of(SHORT, least=1),
    kind=member_of(ConversationKind),
    title=text_of(LONG),
    is_titled=YES,
    created_at=TIME,
    last_message_at=TIME,
    archived_at=TIME,
    model=NAME,
    instructions=text_of(LONG),
    extra=Kind(_sorted, _read_anything),
)
