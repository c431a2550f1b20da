"""What part of the ledger is looked at."""

from dataclasses import dataclass
from uuid import UUID

from core.analytics.periods import Period


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
        """Of some people or rooms only: then the ledger itself is read, by who and when."""
        return bool(self.user_ids or self.room_ids)
