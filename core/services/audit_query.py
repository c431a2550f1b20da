"""What the audit page shows, as an address says it: a link is a saved search, and names what a file is to hold."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from core.ids import parse_id
from core.models import AuditAction, Outcome, TargetType
from core.repositories.audit_lines import AuditWanted
from core.services.addresses import YES, AddressReader, as_day, as_mark, as_name, as_yes, as_zone

NOBODY = "nobody"
YEARS = range(1970, 2200)
SUBJECTS = tuple(dict.fromkeys(action.subject for action in AuditAction))
LONGEST_SEQUENCE = 18
BACKWARDS = "The last day is before the first, so both were left out."


@dataclass(frozen=True, slots=True)
class AuditQuery:
    first: date | None = None
    last: date | None = None
    zone: ZoneInfo | None = None
    """None: that of the browser."""
    actor_id: UUID | None = None
    by_nobody: bool = False
    """What no person did who was signed in: the command line, and failed sign-ins."""
    actions: tuple[str, ...] = ()
    """Tags, or subjects, which stand for all of their tags."""
    target_type: TargetType | None = None
    target_id: UUID | None = None
    outcome: Outcome | None = None
    text: str = ""
    is_mine: bool = False
    older: str | None = None
    newer: str | None = None
    """Next to which line to go on."""
    event: int | None = None
    """The sequence number of the one that is open."""

    @property
    def is_filtered(self) -> bool:
        narrowed = self.looking(zone=None, is_mine=False)
        return narrowed != type(self)()

    def looking(self, **changes: Any) -> Self:
        """Another list, from its beginning; what was open of this one is closed."""
        return replace(self, **({"older": None, "newer": None, "event": None} | changes))

    def wanted(self, company_id: UUID, zone: ZoneInfo) -> AuditWanted:
        return AuditWanted(
            company_id,
            since=_midnight(self.first, zone) if self.first else None,
            until=_midnight(self.last + timedelta(days=1), zone) if self.last else None,
            actor_id=self.actor_id,
            by_nobody=self.by_nobody,
            actions=expanded(self.actions),
            target_type=self.target_type,
            target_id=self.target_id,
            outcome=self.outcome,
            text=self.text,
        )

    def params(self) -> dict[str, list[str]]:
        """For the address: what is as it always is stays out of it."""
        who = NOBODY if self.by_nobody else self.actor_id
        values: dict[str, tuple[Any, ...]] = {
            "from": (self.first,),
            "to": (self.last,),
            "zone": (self.zone and self.zone.key,),
            "who": (who,),
            "action": self.actions,
            "type": (self.target_type,),
            "target": (self.target_id,),
            "outcome": (self.outcome,),
            "reason": (self.text,),
            "mine": (YES if self.is_mine else None,),
            "older": (self.older,),
            "newer": (self.newer,),
            "event": (self.event,),
        }
        texts = {name: [str(value) for value in given if value] for name, given in values.items()}
        return {name: given for name, given in texts.items() if given}


class Reader(AddressReader):
    def read(self) -> AuditQuery:
        first, last = self.one("from", _day), self.one("to", _day)
        if first and last and last < first:
            self.complaints.append(BACKWARDS)
            first = last = None
        who = self.one("who", lambda text: NOBODY if text == NOBODY else parse_id(text))
        return AuditQuery(
            first=first,
            last=last,
            zone=self.one("zone", as_zone),
            actor_id=who if isinstance(who, UUID) else None,
            by_nobody=who == NOBODY,
            actions=self.all("action", lambda text: text if text in SUBJECTS or text in list(AuditAction) else None),
            target_type=self.one("type", lambda text: TargetType(text) if text in list(TargetType) else None),
            target_id=self.one("target", parse_id),
            outcome=self.one("outcome", lambda text: Outcome(text) if text in list(Outcome) else None),
            text=(self.one("reason", as_name) or "").strip(),
            is_mine=self.one("mine", as_yes) or False,
            older=self.one("older", as_mark),
            newer=self.one("newer", as_mark),
            event=self.one("event", _sequence),
        )


def expanded(actions: tuple[str, ...]) -> tuple[str, ...]:
    """Tags only, in their order."""
    return tuple(action.value for action in AuditAction if action.value in actions or action.subject in actions)


def _day(text: str) -> date | None:
    found = as_day(text)
    return found if found and found.year in YEARS else None


def _sequence(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_SEQUENCE else None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)
