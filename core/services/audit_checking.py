"""Verifying the chains of the audit trail, and what is known of them without it."""

from collections.abc import Iterator
from uuid import UUID

from core.database.engine import Database
from core.permissions import Actor, Permission
from core.repositories.audit_chain import AuditChain, Break, Walk
from core.repositories.audit_lines import AuditLines
from core.services.audit_views import BrokenLink, ChainState, Verified


class AuditChecks:
    def __init__(self, database: Database) -> None:
        self.database = database

    def state(self, actor: Actor) -> ChainState:
        """How long the company's chain is and what the last verification found: two rows, however long it is."""
        actor.require(Permission.AUDIT_VIEW)
        with self.database.reading() as session:
            rows = AuditLines(session).get_last(actor.company_id)
            last = AuditChain(session).get_last_check(actor.company_id)
        return ChainState(rows, last.checked_at, last.sequence, last.problem) if last else ChainState(rows)

    def verify_own(self, actor: Actor) -> Iterator[Verified]:
        """`verify` of the actor's company."""
        actor.require(Permission.AUDIT_VIEW)
        return self.verify(actor.company_id)

    def companies(self) -> list[tuple[UUID, str]]:
        """All that have a chain, or should have one: id and name, empty when the company is gone."""
        with self.database.reading() as session:
            return AuditChain(session).list_companies()

    def verify(self, company_id: UUID, name: str = "") -> Iterator[Verified]:
        """Walks along the chain as it is now, whoever appends to it meanwhile, and keeps what was found. Each batch is
        a read of its own: memory is that of one batch, and nothing is held.
        """
        with self.database.reading() as session:
            walk = Walk(company_id, AuditChain(session).get_ends(company_id))
        found, total = None, walk.ends.last
        while found is None:
            yield Verified(walk.sequence, total)
            with self.database.reading() as session:
                rows = AuditChain(session).list_rows(company_id, after=walk.sequence, last=total)
            if not rows:
                found = walk.end()
                break
            found = walk.take(rows)
        with self.database.transaction() as session:
            AuditChain(session).add_check(company_id, walk, found)
        yield Verified(walk.sequence, total, is_over=True, broken=_link(found, name or str(company_id)))


def _link(found: Break | None, company: str) -> BrokenLink | None:
    return BrokenLink(company, found.sequence, found.problem, found.created_at, found.after) if found else None
