"""What the services of records have in common: tasks are the first kind of them, and the next one is wired the same."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from core.models import AuditAction, TargetType
from core.permissions import Actor
from core.repositories.audit import Audit


class Leave(Enum):
    """The default of what an update may change: leaving it out is not emptying it."""

    ALONE = "alone"


LEAVE: Final = Leave.ALONE


def record_change(
    session: Session,
    actor: Actor,
    action: AuditAction,
    kind: str,
    record_id: UUID | None,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """To the trail, which never has what people wrote: of texts give the length. Call it last in its transaction.

    `kind`: what it is, in lower case, as the trail shows it. `record_id`: None for several at once.
    """
    Audit(session).record(
        action,
        actor=actor,
        company_id=actor.company_id,
        target_type=TargetType.RECORD,
        target_id=record_id,
        before={"kind": kind, **before} if before is not None else None,
        after={"kind": kind, **(after or {})},
    )
