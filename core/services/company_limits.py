"""How much of one thing the people of a company may do within a while, as its admins set it."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.database.engine import Database
from core.errors import Invalid, Overtaken
from core.models import LONGEST_WINDOW, MAX_COUNT, AuditAction, RateLimit
from core.permissions import Actor, Permission
from core.repositories.companies import Companies
from core.repositories.rate_limits import LimitLine, RateLimits
from core.repositories.users import Users
from core.services.company_changes import OVERTAKEN, record_on_company
from core.services.limits import Limit, Limited, RateLimiter
from core.typed.numbers import whole_of

__all__ = ["CompanyLimits", "LimitLine", "LimitView"]

NO_NUMBER = "Write the limit as a whole number, like 60. Leave it empty for Parley's own."
NOTHING = "A limit of nothing would refuse everything. Choose more than 0, or take the role away."
TOO_MANY = f"A limit can be {MAX_COUNT:,} at most."
NO_WHILE = "Choose a minute, an hour or a day."


@dataclass(frozen=True, slots=True)
class LimitView:
    event: Limited
    own: LimitLine | None
    """None: as Parley has it."""
    parleys: Limit
    by_role: dict[str, Limit]
    """What Parley has for single roles, where the company has set nothing."""

    @property
    def in_force(self) -> Limit:
        return limit_of(self.own) or self.parleys


class CompanyLimits:
    def __init__(self, database: Database, limiter: RateLimiter) -> None:
        self.database = database
        self.limiter = limiter

    def list_all(self, actor: Actor) -> tuple[LimitView, ...]:
        actor.require(Permission.SETTINGS_MANAGE)
        with self.database.reading() as session:
            own = {line.event: line for line in RateLimits(session).list_limits(actor.company_id)}
        return tuple(
            LimitView(event, own.get(event.value), self.limiter.parleys(event), self.limiter.by_role(event))
            for event in Limited
        )

    def set(self, actor: Actor, event: Limited, count: str, seconds: int, *, seen: Limit | None) -> None:
        """For everybody of the company, from their next one on. `count` as typed: empty for as Parley has it. `seen`:
        what whoever sets it had before them. Raises Invalid, Overtaken.
        """
        actor.require(Permission.SETTINGS_MANAGE)
        wanted = checked_limit(count, seconds)
        with self.database.transaction() as session:
            Companies(session).lock(actor.company_id)
            limits = RateLimits(session)
            limit = limits.get_limit(actor.company_id, event.value)
            before = (limit.count, limit.seconds) if limit else None
            if before != seen:
                raise Overtaken(OVERTAKEN.format(who=_name(session, limit.set_by if limit else None)))
            if before == wanted:
                return
            if wanted is None:
                assert limit  # something was there, as it differs
                limits.remove_limit(limit)
            else:
                number, span = wanted
                limit = limit or RateLimit(
                    company_id=actor.company_id, event=event.value, count=number, seconds=span, set_at=clock.now()
                )
                limit.count, limit.seconds, limit.set_by, limit.set_at = number, span, actor.user_id, clock.now()
                limits.put_limit(limit)
            changed = {"before": _audited(event, before), "after": _audited(event, wanted)}
            record_on_company(session, AuditAction.COMPANY_UPDATED, actor, actor.company_id, **changed)


def limit_of(line: LimitLine | None) -> Limit | None:
    return (line.count, line.seconds) if line else None


def checked_limit(count: str, seconds: int) -> Limit | None:
    """None for nothing typed. Raises Invalid."""
    text = count.strip()
    if not text:
        return None
    number = whole_of(text.lstrip("-"))
    if number is None:
        raise Invalid(NO_NUMBER)
    if text.startswith("-") or number == 0:
        raise Invalid(NOTHING)
    if number > MAX_COUNT:
        raise Invalid(TOO_MANY)
    if not 1 <= seconds <= LONGEST_WINDOW:
        raise Invalid(NO_WHILE)
    return number, seconds


def _name(session: Session, user_id: UUID | None) -> str:
    return Users(session).list_names([user_id]).get(user_id, "Somebody") if user_id else "Somebody"


def _audited(event: Limited, limit: Limit | None) -> dict[str, object]:
    """None: as Parley has it."""
    return {"limit": event.value, "count": limit[0] if limit else None, "seconds": limit[1] if limit else None}
