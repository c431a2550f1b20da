"""Walking along the chains of the audit trail, in batches, while others append to them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core import ids
from core.models import AuditCheck, ChainProblem
from core.repositories.audit_hash import FIRST_HASH, hash_over
from core.repositories.base import Repository

BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Break:
    """The first broken link: the sequence number, what is wrong, and when that row was written. None: the row is not
    there; then `after` is when the last row before it was.
    """

    sequence: int
    problem: ChainProblem
    created_at: datetime | None = None
    after: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ends:
    """What a chain should be like at one moment: where its head says that it ends, and what was whole before."""

    sequence: int = 0
    hash: bytes = FIRST_HASH
    last: int = 0
    """The highest sequence number that there is a row of."""
    known: int = 0
    known_hash: bytes = FIRST_HASH
    """The furthest row that was ever found whole."""


@dataclass(frozen=True, slots=True)
class LastCheck:
    checked_at: datetime
    sequence: int
    problem: ChainProblem | None


class Walk:
    """One chain, from its first row on: hand in the rows in order, batch by batch, then ask for the end."""

    def __init__(self, company_id: UUID, ends: Ends) -> None:
        self.company_id = str(company_id)
        self.ends = ends
        self.sequence = 0
        """Up to here it is whole."""
        self.hash = FIRST_HASH
        self.time: datetime | None = None

    def take(self, rows: Sequence[Sequence[Any]]) -> Break | None:
        """Rows of ROWS."""
        for row in rows:
            sequence, created_at, previous, own = row[0], row[2], row[10], row[11]
            if sequence != self.sequence + 1:
                return self._missing()
            if own != hash_over(previous, self._fields(row)):
                return Break(sequence, ChainProblem.CHANGED, created_at)
            if previous != self.hash:
                return Break(sequence, ChainProblem.MISLINKED, created_at)
            if sequence == self.ends.known and own != self.ends.known_hash:
                return Break(sequence, ChainProblem.REWRITTEN, created_at)
            self.sequence, self.hash, self.time = sequence, own, created_at
        return None

    def end(self) -> Break | None:
        """Behind the last row."""
        ends = self.ends
        if self.sequence < ends.last:  # gone while it was walked along
            return self._missing()
        if self.sequence < max(ends.sequence, ends.known):
            return Break(self.sequence + 1, ChainProblem.SHORTER, after=self.time)
        if self.sequence > ends.sequence:
            return Break(ends.sequence + 1, ChainProblem.LONGER)
        if self.hash != ends.hash:
            return Break(self.sequence, ChainProblem.HEAD, self.time)
        return None

    def _missing(self) -> Break:
        return Break(self.sequence + 1, ChainProblem.MISSING, after=self.time)

    def _fields(self, row: Sequence[Any]) -> dict[str, Any]:
        """As in `hash_of`."""
        return {
            "id": row[1],
            "created_at": row[2].astimezone(UTC).isoformat(),
            "company_id": self.company_id,
            "sequence": row[0],
            "actor_id": row[3],
            "action": row[4],
            "target_type": row[5],
            "target_id": row[6],
            "before": _loaded(row[7]),
            "after": _loaded(row[8]),
            "reason": row[9],
            "outcome": row[12],
        }


ROWS = """
    SELECT sequence, id::text, created_at, actor_id::text, action, target_type, target_id::text, before::text,
        after::text, reason, previous_hash, hash, outcome
    FROM audit_events WHERE company_id = :company AND sequence > :after AND sequence <= :last
    ORDER BY sequence LIMIT :batch"""
# One statement, so one moment: whoever appends changes both in one transaction.
ENDS = """
    SELECT coalesce(h.sequence, 0), coalesce(h.hash, :first), coalesce(e.sequence, 0), coalesce(c.sequence, 0),
        coalesce(c.hash, :first)
    FROM (SELECT) AS one
    LEFT JOIN (SELECT * FROM audit_heads WHERE company_id = :company) h ON true
    LEFT JOIN (
        SELECT sequence FROM audit_events WHERE company_id = :company ORDER BY sequence DESC LIMIT 1
    ) e ON true
    LEFT JOIN (
        SELECT sequence, hash FROM audit_checks WHERE company_id = :company ORDER BY sequence DESC LIMIT 1
    ) c ON true"""
# Whoever appears anywhere: a company whose rows are all gone is to be found too. Of the events one row for each.
COMPANIES = """
    WITH RECURSIVE found AS (
        (SELECT company_id FROM audit_events ORDER BY company_id LIMIT 1)
        UNION ALL
        SELECT (SELECT e.company_id FROM audit_events e WHERE e.company_id > found.company_id
            ORDER BY e.company_id LIMIT 1)
        FROM found WHERE found.company_id IS NOT NULL
    )
    SELECT u.company_id, coalesce(c.name, '')
    FROM (
        SELECT company_id FROM found WHERE company_id IS NOT NULL
        UNION SELECT company_id FROM audit_heads UNION SELECT company_id FROM audit_checks
        UNION SELECT id FROM companies
    ) u LEFT JOIN companies c ON c.id = u.company_id ORDER BY u.company_id"""


class AuditChain(Repository):
    def get_ends(self, company_id: UUID) -> Ends:
        found = self.session.execute(text(ENDS), {"company": company_id, "first": FIRST_HASH}).one()
        return Ends(*found)

    def list_rows(self, company_id: UUID, *, after: int, last: int) -> Sequence[Sequence[Any]]:
        """The next BATCH of them, none when there are no more."""
        given = {"company": company_id, "after": after, "last": last, "batch": BATCH}
        return self.session.execute(text(ROWS), given).all()

    def find_break(self, company_id: UUID) -> Break | None:
        """None when the chain is whole."""
        walk = Walk(company_id, self.get_ends(company_id))
        for rows in self._batches(walk):
            if found := walk.take(rows):
                return found
        return walk.end()

    def _batches(self, walk: Walk) -> Iterator[Sequence[Sequence[Any]]]:
        while rows := self.list_rows(UUID(walk.company_id), after=walk.sequence, last=walk.ends.last):
            yield rows

    def list_companies(self) -> list[tuple[UUID, str]]:
        """Each company that has a chain, or should have one, with its name; empty when it is gone."""
        return [(row[0], row[1]) for row in self.session.execute(text(COMPANIES))]

    def add_check(self, company_id: UUID, walk: Walk, found: Break | None) -> None:
        check = AuditCheck(
            id=ids.new_id(),
            company_id=company_id,
            sequence=walk.sequence,
            hash=walk.hash,
            problem=found.problem if found else None,
        )
        self.session.add(check)
        self.session.flush()

    def get_last_check(self, company_id: UUID) -> LastCheck | None:
        statement = """SELECT created_at, sequence, problem FROM audit_checks WHERE company_id = :company
            ORDER BY created_at DESC, id DESC LIMIT 1"""
        row = self.session.execute(text(statement), {"company": company_id}).one_or_none()
        return LastCheck(row[0], row[1], ChainProblem(row[2]) if row[2] else None) if row else None


def _loaded(text_: str | None) -> Any:
    """JSON's own null is written by nobody: it is not what an absent value was hashed as."""
    if text_ is None:
        return None
    return text_ if text_ == "null" else json.loads(text_)
