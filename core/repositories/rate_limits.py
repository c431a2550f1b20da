from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Float, Interval, cast, delete, extract, func, insert, literal_column, select
from sqlmodel import col

from core.ids import derived_id, new_id
from core.models import LONGEST_WINDOW, RateLimit, RateLimitEvent, User
from core.models.base import table_of
from core.repositories.base import Repository

_events, _limits = table_of(RateLimitEvent), table_of(RateLimit)
# Since when this statement runs, which begins with the lock held: `clock_timestamp()`, which may be another one at each
# row, is a bound for no index.
_now = func.statement_timestamp()

OLDEST = timedelta(seconds=LONGEST_WINDOW)
PRUNED = 3
"""Each new event takes up to so many old ones along, whoever's they are: the table stays as small as what is recent."""


@dataclass(frozen=True, slots=True)
class LimitLine:
    """A limit as a company has it. `set_by`: None when they are gone."""

    event: str
    count: int
    seconds: int
    set_at: datetime
    set_by: str | None


class RateLimits(Repository):
    """What people did lately, by PostgreSQL's clock and, for one person, event and room, one transaction at a time."""

    def lock(self, company_id: UUID, user_id: UUID, event: str, room_id: UUID | None) -> tuple[int, int] | None:
        """Until this transaction ends nobody else counts or adds the same. Gives what the company has set for it, as
        count and seconds, in the same query; None where it has set nothing.
        """
        key = derived_id(str(user_id), event, str(room_id)).int & (2**63 - 1)
        one, own = select(literal_column("1")).subquery(), _limits
        is_own = (own.c.company_id == company_id) & (own.c.event == event)
        statement = select(func.pg_advisory_xact_lock(key), own.c.count, own.c.seconds)
        found = self.session.execute(statement.select_from(one.outerjoin(own, is_own))).one()
        return (found[1], found[2]) if found[1] is not None else None

    def wait_for(self, user_id: UUID, event: str, room_id: UUID | None, *, count: int, window: timedelta) -> float:
        """Seconds until there are fewer than `count` within `window`; 0 when there are now."""
        span = cast(window, Interval)
        statement = (
            select(cast(extract("epoch", _events.c.created_at + span - _now), Float))
            .where(
                _events.c.user_id == user_id,
                _events.c.event == event,
                _events.c.room_id.is_(None) if room_id is None else _events.c.room_id == room_id,
                _events.c.created_at > _now - span,
            )
            .order_by(_events.c.created_at.desc())
            .offset(count - 1)
            .limit(1)
        )
        left = self.session.execute(statement).scalar_one_or_none()
        return 0.0 if left is None else max(float(left), 0.0)

    def add(self, user_id: UUID, event: str, room_id: UUID | None) -> None:
        row = {"id": new_id(), "user_id": user_id, "event": event, "room_id": room_id}
        self.session.execute(insert(_events).values(row | {"created_at": func.clock_timestamp()}))
        self._prune()

    def _prune(self) -> None:
        old = (
            select(_events.c.id)
            .where(_events.c.created_at < _now - cast(OLDEST, Interval))
            .order_by(_events.c.created_at)
            .limit(literal_column(f"{PRUNED}"))  # so that a plan for all values knows it as well
            .with_for_update(skip_locked=True)
        )
        self.session.execute(delete(_events).where(_events.c.id.in_(old.scalar_subquery())))

    # What a company has set

    def list_limits(self, company_id: UUID) -> list[LimitLine]:
        own = _limits
        statement = (
            select(own.c.event, own.c.count, own.c.seconds, own.c.set_at, col(User.display_name))
            .outerjoin(User, col(User.id) == own.c.set_by)
            .where(own.c.company_id == company_id)
        )
        return [LimitLine(*tuple(row)) for row in self.session.execute(statement)]

    def get_limit(self, company_id: UUID, event: str) -> RateLimit | None:
        return self.session.get(RateLimit, (company_id, event), populate_existing=True)

    def put_limit(self, limit: RateLimit) -> None:
        self.session.add(limit)
        self.session.flush()

    def remove_limit(self, limit: RateLimit) -> None:
        self.session.delete(limit)
        self.session.flush()
