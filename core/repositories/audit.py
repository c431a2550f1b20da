"""The trail of who did what: append-only, each row's hash covering the row before it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from core import clock
from core.models import TARGETS, AuditAction, AuditEvent, AuditHead, Outcome
from core.permissions import Actor
from core.repositories.audit_chain import AuditChain
from core.repositories.audit_hash import FIRST_HASH, hash_of
from core.repositories.base import Repository
from core.repositories.bulk import Bulk

WINDOW = timedelta(hours=1)
NOT_KEPT = "not recorded for up to an hour"
MOST_REFUSED = 500
"""Refusals of a company that are kept within the window, whoever is refused."""
# By the indexes of what is refused, and of whom: a few hundred entries at most, however long the chain is.
REFUSED_LATELY = """
    SELECT
        (SELECT count(*) FROM (SELECT FROM audit_events WHERE company_id = :company AND outcome = 'refused'
            AND created_at > :since LIMIT :most_of_all) AS all_of_them),
        (SELECT count(*) FROM (SELECT FROM audit_events WHERE company_id = :company AND {whom}
            AND created_at > :since AND outcome = 'refused' AND action = :action AND reason = :reason
            LIMIT :most) AS theirs)"""


class Audit(Repository):
    def record(
        self,
        action: AuditAction,
        *,
        actor: Actor | None,
        company_id: UUID,
        target_type: str,
        target_id: UUID | None,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        reason: str = "",
        outcome: Outcome = Outcome.DONE,
    ) -> AuditEvent:
        """Appends to the company's chain. Call it last: the chain's lock is held until the transaction ends."""
        if target_type != TARGETS[action]:
            raise ValueError(f"{action} is done to a {TARGETS[action]}, not to a {target_type}: see TARGETS")
        head = self._lock_head(company_id)
        event = AuditEvent(
            company_id=company_id,
            sequence=head.sequence + 1,
            actor_id=actor.user_id if actor else None,
            action=action.value,
            target_type=target_type,
            target_id=target_id,
            before=plain(before),
            after=plain(after),
            reason=reason,
            outcome=outcome,
            previous_hash=head.hash,
            hash=b"",
        )
        event.hash = hash_of(event)
        head.sequence, head.hash = event.sequence, event.hash
        self.session.add_all([head, event])
        self.session.flush()
        return event

    def record_refused(
        self,
        action: AuditAction,
        *,
        actor: Actor | None,
        company_id: UUID,
        target_type: str,
        target_id: UUID | None,
        after: Mapping[str, Any] | None = None,
        reason: str = "",
        most: int = 1,
    ) -> AuditEvent | None:
        """The same for what was refused, but within WINDOW at most `most` times about the same target, or by the same
        actor where there is none, and MOST_REFUSED times in the company. None when that is reached.

        Whoever tries again and again can so neither fill the trail nor hold its lock. The last row says that there
        may be more.
        """
        whom = "target_id = :whom" if target_id else "actor_id = :whom"
        given = {
            "company": company_id,
            "whom": target_id or (actor.user_id if actor else None),
            "since": clock.now() - WINDOW,
            "action": action.value,
            "reason": reason,
            "most": most,
            "most_of_all": MOST_REFUSED,
        }
        of_all, theirs = self.session.execute(text(REFUSED_LATELY.format(whom=whom)), given).one()
        if of_all >= MOST_REFUSED or theirs >= most:
            return None
        is_last = of_all == MOST_REFUSED - 1 or (most > 1 and theirs == most - 1)
        return self.record(
            action,
            actor=actor,
            company_id=company_id,
            target_type=target_type,
            target_id=target_id,
            after=dict(after or {}) | {"further": NOT_KEPT} if is_last else after,
            reason=reason,
            outcome=Outcome.REFUSED,
        )

    def append_past(self, events: Sequence[AuditEvent]) -> None:
        """Events that are linked already, as a company's whole chain so far; for what is made up."""
        if not events:
            return
        Bulk(self.session).copy(AuditEvent, [event.model_dump() for event in events])
        last = events[-1]
        self.session.add(AuditHead(company_id=last.company_id, sequence=last.sequence, hash=last.hash))
        self.session.flush()

    def _lock_head(self, company_id: UUID) -> AuditHead:
        start = insert(AuditHead).values(company_id=company_id, sequence=0, hash=FIRST_HASH)
        self.session.exec(start.on_conflict_do_nothing())
        statement = select(AuditHead).where(AuditHead.company_id == company_id).with_for_update()
        return self.session.exec(statement.execution_options(populate_existing=True)).one()

    def list_recent(self, company_id: UUID, limit: int = 50) -> list[AuditEvent]:
        """The newest first."""
        statement = (
            select(AuditEvent)
            .where(AuditEvent.company_id == company_id)
            .order_by(col(AuditEvent.sequence).desc())
            .limit(limit)
        )
        return list(self.session.exec(statement))

    def verify(self, company_id: UUID) -> int | None:
        """The first sequence number that is missing or was tampered with; None when the chain is whole."""
        found = AuditChain(self.session).find_break(company_id)
        return found.sequence if found else None


def plain(value: Any) -> Any:
    """What comes back from JSONB exactly as it went in: no floats, whose text PostgreSQL may write differently."""
    match value:
        case None | bool():
            return value
        case int():
            return int(value)
        case Mapping():
            return {str(key): plain(part) for key, part in value.items()}
        case list() | tuple():
            return [plain(part) for part in value]
        case set() | frozenset():
            return sorted(str(part) for part in value)
        case _:
            return str(value)
