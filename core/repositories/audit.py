"""The trail of who did what: append-only, each row's hash covering the row before it."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from core.models import AuditAction, AuditEvent, AuditHead, Outcome
from core.permissions import Actor
from core.repositories.base import Repository

FIRST_HASH = bytes(32)


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
        head = self._lock_head(company_id)
        event = AuditEvent(
            company_id=company_id,
            sequence=head.sequence + 1,
            actor_id=actor.user_id if actor else None,
            action=action.value,
            target_type=target_type,
            target_id=target_id,
            before=_plain(before),
            after=_plain(after),
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
        """The first sequence number that is missing or was tampered with; None when the chain is whole.

        Reads through a cursor, however long the chain is: for a `transaction()`.
        """
        expected, previous = 1, FIRST_HASH
        statement = select(AuditEvent).where(AuditEvent.company_id == company_id).order_by(col(AuditEvent.sequence))
        with closing(self.session.exec(statement.execution_options(yield_per=500))) as events:
            for event in events:
                is_next = event.sequence == expected and event.previous_hash == previous
                if not is_next or event.hash != hash_of(event):
                    return expected
                expected, previous = expected + 1, event.hash
        head = self.session.get(AuditHead, company_id, populate_existing=True)
        end = (head.sequence, head.hash) if head else (0, FIRST_HASH)
        return None if end == (expected - 1, previous) else expected


def hash_of(event: AuditEvent) -> bytes:
    """SHA-256 over the previous hash and the row's fields as JSON with sorted keys and no spaces."""
    fields = {
        "id": str(event.id),
        "created_at": event.created_at.astimezone(UTC).isoformat(),
        "company_id": str(event.company_id),
        "sequence": event.sequence,
        "actor_id": str(event.actor_id) if event.actor_id else None,
        "action": event.action,
        "target_type": event.target_type,
        "target_id": str(event.target_id) if event.target_id else None,
        "before": event.before,
        "after": event.after,
        "reason": event.reason,
        "outcome": event.outcome.value,
    }
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(event.previous_hash + canonical.encode()).digest()


def _plain(value: Any) -> Any:
    """What comes back from JSONB exactly as it went in: no floats, whose text PostgreSQL may write differently."""
    match value:
        case None | bool():
            return value
        case int():
            return int(value)
        case Mapping():
            return {str(key): _plain(part) for key, part in value.items()}
        case list() | tuple():
            return [_plain(part) for part in value]
        case set() | frozenset():
            return sorted(str(part) for part in value)
        case _:
            return str(value)
