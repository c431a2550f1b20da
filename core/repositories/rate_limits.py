from datetime import timedelta
from uuid import UUID

from sqlalchemy import Float, Interval, cast, delete, extract, func, insert, select

from core.ids import derived_id, new_id
from core.models import RateLimitEvent
from core.models.base import table_of
from core.repositories.base import Repository

_events = table_of(RateLimitEvent)

LONGEST_WINDOW = timedelta(hours=1)
PRUNED = 3
"""Each new event takes up to so many old ones along, whoever's they are: the table stays as small as what is recent."""


class RateLimits(Repository):
    """What people did lately, by PostgreSQL's clock and, for one person, event and room, one transaction at a time."""

    def lock(self, user_id: UUID, event: str, room_id: UUID | None) -> None:
        """Until this transaction ends nobody else counts or adds the same."""
        key = derived_id(str(user_id), event, str(room_id)).int & (2**63 - 1)
        self.session.execute(select(func.pg_advisory_xact_lock(key)))

    def wait_for(self, user_id: UUID, event: str, room_id: UUID | None, *, count: int, window: timedelta) -> float:
        """Seconds until there are fewer than `count` within `window`; 0 when there are now."""
        now, span = func.clock_timestamp(), cast(window, Interval)
        statement = (
            select(cast(extract("epoch", _events.c.created_at + span - now), Float))
            .where(
                _events.c.user_id == user_id,
                _events.c.event == event,
                _events.c.room_id.is_(None) if room_id is None else _events.c.room_id == room_id,
                _events.c.created_at > now - span,
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
            .where(_events.c.created_at < func.clock_timestamp() - cast(LONGEST_WINDOW, Interval))
            .order_by(_events.c.created_at)
            .limit(PRUNED)
            .with_for_update(skip_locked=True)
        )
        self.session.execute(delete(_events).where(_events.c.id.in_(old.scalar_subquery())))
