"""Whatever is done to a chain behind Parley's back is found, and the first broken link is named."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from core.database.engine import Database
from core.ids import new_id
from core.models import AuditAction, AuditEvent, ChainProblem, Outcome, TargetType
from core.repositories import audit_chain
from core.repositories.audit import MOST_REFUSED, NOT_KEPT, Audit
from core.repositories.audit_chain import AuditChain, Break
from core.repositories.audit_hash import hash_of
from core.services.audit_checking import AuditChecks
from core.services.audit_views import Verified
from tests.support.builders import make_actor, make_company, make_user
from tests.support.properties import tried

ROWS = 7
VALUES: dict[str, str] = {
    "id": "gen_random_uuid()",
    "created_at": "created_at + interval '1 microsecond'",
    "actor_id": "gen_random_uuid()",
    "action": "action || 'x'",
    "target_type": "target_type || ' '",
    "target_id": "CASE WHEN target_id IS NULL THEN gen_random_uuid() END",
    "before": """coalesce(before, '{}') || '{"x": 1}'""",
    "after": "CASE WHEN after IS NULL THEN 'null'::jsonb END",
    "reason": "reason || '.'",
    "outcome": "CASE outcome WHEN 'done' THEN 'refused' ELSE 'done' END",
    "previous_hash": "set_byte(previous_hash, :byte, get_byte(previous_hash, :byte) # 1)",
    "hash": "set_byte(hash, :byte, get_byte(hash, :byte) # 1)",
}
"""One other value for each column."""


def record(session: Session, company_id: UUID, **fields: Any) -> AuditEvent:
    given: dict[str, Any] = {"actor": None, "target_type": "user", "target_id": new_id()}
    return Audit(session).record(AuditAction.ROLES_CHANGED, company_id=company_id, **given | fields)


@pytest.fixture
def company_id(database: Database) -> UUID:
    with database.transaction() as session:
        company = make_company(session)
        actor = make_actor(make_user(session, company))
        for number in range(ROWS):
            record(
                session,
                company.id,
                actor=actor if number % 2 else None,
                before={"roles": ["staff"]} if number % 3 else None,
                after={"roles": ["admin", number]} if number % 3 != 1 else None,
                target_id=new_id() if number % 4 else None,
                reason="because" if number % 2 else "",
            )
        return company.id


@contextmanager
def undone(database: Database) -> Iterator[Session]:
    """As the owner of the tables, without triggers; afterwards it never happened."""
    with database.transaction() as session:
        place = session.begin_nested()
        session.execute(text("SET LOCAL session_replication_role = replica"))
        yield session
        place.rollback()


def broken(session: Session, company_id: UUID, statement: str, **given: Any) -> Break | None:
    found = session.execute(text(statement), given | {"company": company_id})
    assert found.rowcount > 0  # type: ignore[attr-defined]
    return AuditChain(session).find_break(company_id)


def test_the_hash_is_what_it_always_was() -> None:
    """Else no chain of before would be whole any more."""
    event = AuditEvent(
        id=UUID(int=1), created_at=datetime(2026, 5, 1, 12, 0, 0, 1234, UTC), company_id=UUID(int=2), sequence=7,
        action="user:roles", target_type="user", target_id=UUID(int=3), before={"roles": ["staff"]},
        after={"roles": ["admin", "é\u2028"], "n": 10**20}, reason='naïve "x"', outcome=Outcome.DONE,
        previous_hash=bytes(range(32)), hash=b"",
    )  # fmt: skip
    assert hash_of(event).hex() == "062b65eee286008dc8c696f20ad77a8d3bc6095cbf739a2e0a53a082e6b25d53"


@tried(120)
@given(column=st.sampled_from(sorted(VALUES)), sequence=st.integers(1, ROWS), byte=st.integers(0, 31))
@example(column="after", sequence=2, byte=0)
def test_any_other_value_in_any_row_is_found(
    database: Database, company_id: UUID, column: str, sequence: int, byte: int
) -> None:
    with undone(database) as session:
        statement = f"UPDATE audit_events SET {column} = {VALUES[column]} WHERE company_id = :company AND sequence = :n"
        options = {"byte": byte} if ":byte" in VALUES[column] else {}
        found = broken(session, company_id, statement, n=sequence, **options)
        assert found and (found.sequence, found.problem) == (sequence, ChainProblem.CHANGED)
        assert found.created_at is not None
    with database.reading() as session:
        assert AuditChain(session).find_break(company_id) is None


@tried(60)
@given(gone=st.sets(st.integers(1, ROWS), min_size=1))
def test_rows_that_are_gone_are_found(database: Database, company_id: UUID, gone: set[int]) -> None:
    with undone(database) as session:
        found = broken(
            session, company_id, "DELETE FROM audit_events WHERE company_id = :company AND sequence = ANY(:gone)",
            gone=list(gone),
        )  # fmt: skip
        left = max(set(range(1, ROWS + 1)) - gone, default=0)
        assert found and found.sequence == min(gone)
        assert found.problem is (ChainProblem.MISSING if min(gone) < left else ChainProblem.SHORTER)
        assert (found.created_at, found.after is None) == (None, min(gone) == 1)


@tried(40)
@given(pair=st.sets(st.integers(1, ROWS), min_size=2, max_size=2))
def test_rows_that_changed_places_are_found(database: Database, company_id: UUID, pair: set[int]) -> None:
    one, other = sorted(pair)
    with undone(database) as session:
        session.execute(text("ALTER TABLE audit_events DROP CONSTRAINT audit_events_company_id_sequence_key"))
        found = broken(
            session, company_id,
            "UPDATE audit_events SET sequence = CAST(:one AS bigint) + :other - sequence"
            " WHERE company_id = :company AND sequence IN (:one, :other)",
            one=one, other=other,
        )  # fmt: skip
        assert found and (found.sequence, found.problem) == (one, ChainProblem.CHANGED)


def rewrite(session: Session, company_id: UUID, first: int, *, with_head: bool) -> None:
    """As somebody would who knows how hashes are made: another reason, and all hashes from there on."""
    previous = None
    for event in reversed(Audit(session).list_recent(company_id)):
        if event.sequence >= first:
            event.reason += "!" if event.sequence == first else ""
            event.previous_hash = previous or event.previous_hash
            event.hash = hash_of(event)
            session.add(event)
        previous = event.hash
    if with_head:
        session.execute(
            text("UPDATE audit_heads SET hash = :hash WHERE company_id = :company"),
            {"hash": previous, "company": company_id},
        )
    session.flush()


def test_the_end_and_what_was_verified_before_are_held_against_it(database: Database, company_id: UUID) -> None:
    heads = "UPDATE audit_heads SET {} WHERE company_id = :company"
    checks = AuditChecks(database)
    for statement, sequence, problem in (
        (heads.format("sequence = 9"), ROWS + 1, ChainProblem.SHORTER),
        (heads.format("sequence = 5"), 6, ChainProblem.LONGER),
        (heads.format("hash = sha256('x')"), ROWS, ChainProblem.HEAD),
        ("DELETE FROM audit_heads WHERE company_id = :company", 1, ChainProblem.LONGER),
    ):
        with undone(database) as session:
            found = broken(session, company_id, statement)
            assert found and (found.sequence, found.problem) == (sequence, problem)
    with undone(database) as session:
        session.execute(
            text("UPDATE audit_events SET reason = 'x' WHERE company_id = :company AND sequence = 3"),
            {"company": company_id},
        )
        [event] = [one for one in Audit(session).list_recent(company_id) if one.sequence == 3]
        session.execute(
            text("UPDATE audit_events SET hash = :hash WHERE id = :id"), {"hash": hash_of(event), "id": event.id}
        )
        found = AuditChain(session).find_break(company_id)
        assert found and (found.sequence, found.problem) == (4, ChainProblem.MISLINKED)
    with undone(database) as session:
        rewrite(session, company_id, 2, with_head=True)
        assert AuditChain(session).find_break(company_id) is None  # nobody could tell
    assert [step.broken for step in checks.verify(company_id)][-1] is None
    with undone(database) as session:  # but now there is something to hold it against
        rewrite(session, company_id, 2, with_head=True)
        found = AuditChain(session).find_break(company_id)
        assert found and (found.sequence, found.problem) == (ROWS, ChainProblem.REWRITTEN)
    with undone(database) as session:
        session.execute(
            text("DELETE FROM audit_events WHERE company_id = :company AND sequence > 5"), {"company": company_id}
        )
        session.execute(
            text("UPDATE audit_heads h SET sequence = 5, hash = e.hash FROM audit_events e"
                 " WHERE h.company_id = :company AND e.company_id = :company AND e.sequence = 5"),
            {"company": company_id},
        )  # fmt: skip
        found = AuditChain(session).find_break(company_id)
        assert found and (found.sequence, found.problem) == (6, ChainProblem.SHORTER)


@pytest.mark.parametrize("table", ["audit_events", "audit_checks"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET hash = hash", "DELETE FROM {}", "TRUNCATE {}"])
def test_nobody_changes_what_was_written(database: Database, company_id: UUID, table: str, statement: str) -> None:
    list(AuditChecks(database).verify(company_id))
    with pytest.raises(DBAPIError, match=f"{table} is append-only"), database.transaction() as session:
        session.execute(text(statement.format(table)))


def test_it_is_walked_along_in_batches_while_others_append(
    fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_chain, "BATCH", 3)
    with fresh_database.transaction() as session:
        company_id = make_company(session).id
    ready, writers, each = threading.Barrier(5), 4, 15

    def write() -> None:
        ready.wait()
        for _ in range(each):
            with fresh_database.transaction() as session:
                record(session, company_id)

    threads = [threading.Thread(target=write) for _ in range(writers)]
    for thread in threads:
        thread.start()
    ready.wait()
    last: list[Verified] = []
    while any(thread.is_alive() for thread in threads) or not last or last[-1].rows < writers * each:
        last.append(list(AuditChecks(fresh_database).verify(company_id))[-1])
        assert last[-1].broken is None and last[-1].rows == last[-1].total
    for thread in threads:
        thread.join()
    with fresh_database.reading() as session:
        sequences = [event.sequence for event in Audit(session).list_recent(company_id, limit=100)]
    assert sequences == list(range(writers * each, 0, -1))


def test_every_company_that_ever_had_a_chain_is_verified(database: Database, company_id: UUID) -> None:
    list(AuditChecks(database).verify(company_id))
    with database.transaction() as session:
        empty, gone = make_company(session).id, new_id()
        record(session, gone)
        assert {company_id, empty, gone} <= {key for key, _ in AuditChain(session).list_companies()}
    with undone(database) as session:
        for table in ("audit_events", "audit_heads"):
            session.execute(text(f"DELETE FROM {table} WHERE company_id = :company"), {"company": company_id})
        assert company_id in {key for key, _ in AuditChain(session).list_companies()}
        assert AuditChain(session).find_break(company_id) == Break(1, ChainProblem.SHORTER)


def refuse(session: Session, company_id: UUID, target_id: UUID, most: int = 10) -> AuditEvent | None:
    return Audit(session).record_refused(
        AuditAction.SIGNED_IN, actor=None, company_id=company_id, target_type=TargetType.USER, target_id=target_id,
        most=most,
    )  # fmt: skip


def test_refusals_are_kept_up_to_a_number_that_nobody_can_raise(database: Database, company_id: UUID) -> None:
    with database.transaction() as session:
        mine, others = new_id(), new_id()
        kept = [refuse(session, company_id, mine) for _ in range(14)]
        assert [event is not None for event in kept] == [True] * 10 + [False] * 4
        assert [event.after for event in kept if event][-2:] == [None, {"further": NOT_KEPT}]
        assert refuse(session, company_id, others)  # somebody else's are kept all the same
        assert not refuse(session, company_id, new_id(), most=0)
        many = [refuse(session, company_id, new_id(), most=1) for _ in range(MOST_REFUSED)]
        assert sum(event is not None for event in many) == MOST_REFUSED - 11
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text("UPDATE audit_events SET created_at = created_at - interval '61 minutes'"))
        assert refuse(session, company_id, mine)


def test_what_an_action_is_done_to_is_always_the_same(database: Database, company_id: UUID) -> None:
    """A filter for one kind of target depends on it."""
    with database.transaction() as session, pytest.raises(ValueError, match="done to a user, not to a company"):
        record(session, company_id, target_type="company")
