"""What part of the ledger is looked at."""

from dataclasses import dataclass
from uuid import UUID

from core.analytics.periods import Period
from core.models import Kind


@dataclass(frozen=True)
class Slice:
    """Calls of one company within a period. An empty tuple leaves that open: all models, all people."""

    company_id: UUID
    period: Period
    models: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    user_ids: tuple[UUID, ...] = ()
    room_ids: tuple[UUID, ...] = ()

    @property
    def is_personal(self) -> bool:
        """Of some people or rooms only: then the ledger itself is read, by who and when, but for what is kept of each
        of them: see `only`.
        """
        return bool(self.user_ids or self.room_ids)

    def only(self, kind: Kind) -> tuple[UUID, ...]:
        """The people, or the rooms, if it is of some of those and of nothing else."""
        if kind is Kind.PERSON and not self.room_ids:
            return self.user_ids
        return self.room_ids if kind is Kind.ROOM and not self.user_ids else ()
