"""What the moderation page shows, as its address says it: a link is a saved queue, with the case that is open."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from core import clock
from core.errors import Invalid
from core.ids import parse_id
from core.models import CaseStatus, ConversationKind, ReportReason
from core.repositories.case_lines import CaseWanted, Position
from core.services.addresses import AddressReader, as_day, as_mark

ASSISTANT = "assistant"
YEARS = range(2000, 2200)
BACKWARDS = "The last day is before the first, so both were left out."
NO_SUCH_PLACE = "That place in the list isn't known. This is its beginning."
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_MOMENT = 17


class Shown(StrEnum):
    """Which part of the queue."""

    TO_DO = "todo"
    OPEN = "open"
    CLAIMED = "claimed"
    CLOSED = "closed"

    @property
    def statuses(self) -> tuple[CaseStatus, ...]:
        return (CaseStatus.OPEN, CaseStatus.CLAIMED) if self is Shown.TO_DO else (CaseStatus(self.value),)


class Age(StrEnum):
    """For how long something has waited at least."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"

    @property
    def span(self) -> timedelta:
        return {Age.HOUR: timedelta(hours=1), Age.DAY: timedelta(days=1), Age.WEEK: timedelta(weeks=1)}[self]


@dataclass(frozen=True, slots=True)
class QueueQuery:
    shown: Shown = Shown.TO_DO
    reason: ReportReason | None = None
    kind: ConversationKind | None = None
    author_id: UUID | None = None
    by_assistant: bool = False
    reviewer_id: UUID | None = None
    """Who claimed or decided it."""
    first: date | None = None
    last: date | None = None
    """Days on which it was reported; of closed ones, decided."""
    age: Age | None = None
    after: str | None = None
    """Behind which line to go on."""
    case_id: UUID | None = None
    """The one that is open."""

    @property
    def is_filtered(self) -> bool:
        return self.looking(shown=Shown.TO_DO, case_id=None) != type(self)()

    def looking(self, **changes: Any) -> Self:
        """Another list, from its beginning; the open case stays open."""
        return replace(self, **({"after": None} | changes))

    def opening(self, case_id: UUID | None) -> Self:
        return replace(self, case_id=case_id)

    def wanted(self, company_id: UUID, zone: ZoneInfo) -> CaseWanted:
        until = midnight(self.last + timedelta(days=1), zone) if self.last else None
        waited = clock.now() - self.age.span if self.age else None
        return CaseWanted(
            company_id,
            self.shown.statuses,
            reason=self.reason,
            kind=self.kind,
            author_id=self.author_id,
            by_assistant=self.by_assistant,
            reviewer_id=self.reviewer_id,
            since=midnight(self.first, zone) if self.first else None,
            until=min(filter(None, (until, waited)), default=None),
        )

    def params(self) -> dict[str, str]:
        """For the address: what is as it always is stays out of it."""
        values = {
            "status": None if self.shown is Shown.TO_DO else self.shown,
            "reason": self.reason,
            "kind": self.kind,
            "author": ASSISTANT if self.by_assistant else self.author_id,
            "reviewer": self.reviewer_id,
            "from": self.first,
            "to": self.last,
            "age": self.age,
            "after": self.after,
            "case": self.case_id,
        }
        return {name: str(value) for name, value in values.items() if value}


class QueueReader(AddressReader):
    def read(self) -> QueueQuery:
        first, last = self.one("from", as_near_day), self.one("to", as_near_day)
        if first and last and last < first:
            self.complaints.append(BACKWARDS)
            first = last = None
        author = self.one("author", lambda text: ASSISTANT if text == ASSISTANT else parse_id(text))
        return QueueQuery(
            shown=self.one("status", lambda text: Shown(text) if text in list(Shown) else None) or Shown.TO_DO,
            reason=self.one("reason", lambda text: ReportReason(text) if text in list(ReportReason) else None),
            kind=self.one("kind", lambda text: ConversationKind(text) if text in list(ConversationKind) else None),
            author_id=author if isinstance(author, UUID) else None,
            by_assistant=author == ASSISTANT,
            reviewer_id=self.one("reviewer", parse_id),
            first=first,
            last=last,
            age=self.one("age", lambda text: Age(text) if text in list(Age) else None),
            after=self.one("after", as_mark),
            case_id=self.one("case", parse_id),
        )


def mark_of(position: Position) -> str:
    status, moment, key = position
    return f"{status}.{(moment - EPOCH) // timedelta(microseconds=1)}.{key.hex}"


def place_of(mark: str) -> Position:
    """Raises Invalid."""
    status, moment, key = [*mark.split("."), "", "", ""][:3]
    found = parse_id(key)
    is_number = moment.isascii() and moment.isdigit() and len(moment) <= LONGEST_MOMENT
    if status not in list(CaseStatus) or found is None or not is_number:
        raise Invalid(NO_SUCH_PLACE)
    return CaseStatus(status), EPOCH + timedelta(microseconds=int(moment)), found


def as_near_day(text: str) -> date | None:
    found = as_day(text)
    return found if found and found.year in YEARS else None


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)
