"""Refusals in the audit trail: who was told that something is not theirs to see or do."""

import logging
from uuid import UUID

from core import clock
from core.database.engine import Database
from core.errors import DatabaseUnavailable, NotPermitted, NotSignedIn
from core.models import AuditAction, TargetType
from core.repositories.audit import Audit
from core.repositories.users import Users

log = logging.getLogger(__name__)


class Refusals:
    """One line for each person and sentence within an hour, however often they try."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def note(self, session_id: UUID | None, error: Exception) -> None:
        """Keeps a refusal of somebody who is signed in; of everything else nothing. Never in the way of what is said
        about it on the screen.
        """
        if session_id is None or not isinstance(error, NotPermitted) or isinstance(error, NotSignedIn):
            return
        try:
            with self.database.transaction() as session:
                actor = Users(session).get_actor(session_id, clock.now())
                if actor is None:
                    return
                Audit(session).record_refused(
                    AuditAction.PERMISSION_REFUSED,
                    actor=actor,
                    company_id=actor.company_id,
                    target_type=TargetType.PERMISSION,
                    target_id=None,
                    after={"permission": error.permission} if error.permission else None,
                    reason=str(error),
                )
        except DatabaseUnavailable:
            log.warning("refusal_not_recorded")
