import threading
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from core.database.engine import Database
from core.ids import new_id
from core.models import AuditAction, AuditEvent, Outcome
from core.permissions import Role
from core.repositories.audit import Audit
from tests.support.builders import make_actor, make_company, make_user

ODD_VALUES = {
    "text": 'naïve \u2028 \U0001f600 "quoted" \\',
    "number": 12345678901234567890,
    "fraction": 1e22,
    "nested": {"b": [1, None, True], "a": {"z": {}}},
    "id": UUID(int=7),
    "role": Role.ADMIN,
    "roles": frozenset({Role.STAFF, Role.ADMIN}),
}


def record(session: Session, company_id: UUID, **fields: object) -> AuditEvent:
    defaults: dict[str, object] = {"actor": None, "target_type": "user", "target_id": new_id()}
    return Audit(session).record(
        AuditAction.ROLES_CHANGED,
        company_id=company_id,
        **defaults | fields,  # type: ignore[arg-type]
    )


def test_the_chain_is_whole_whatever_the_values_are(database: Database) -> None:
    with database.transaction() as session:
        company = make_company(session)
        actor = make_actor(make_user(session, company))
        first = record(session, company.id, actor=actor, before=ODD_VALUES, after={}, reason="asked \u202e for")
        second = record(session, company.id, outcome=Outcome.REFUSED)
        other = record(session, make_company(session).id)
        session.expire_all()
        assert (first.sequence, second.sequence, other.sequence) == (1, 2, 1)
        assert (first.actor_id, second.actor_id) == (actor.user_id, None)
        assert second.previous_hash == first.hash
        assert Audit(session).verify(company.id) is None
        assert [event.id for event in Audit(session).list_recent(company.id)] == [second.id, first.id]
        assert Audit(session).verify(new_id()) is None


@pytest.mark.parametrize(
    ("tampering", "broken"),
    [
        ("UPDATE audit_events SET reason = 'other' WHERE company_id = :company AND sequence = 2", 2),
        ("UPDATE audit_events SET actor_id = gen_random_uuid() WHERE company_id = :company AND sequence = 3", 3),
        ("UPDATE audit_events SET after = '{\"a\": 2}' WHERE company_id = :company AND sequence = 1", 1),
        ("UPDATE audit_events SET created_at = created_at - interval '1 microsecond' WHERE company_id = :company", 1),
        ("DELETE FROM audit_events WHERE company_id = :company AND sequence = 2", 2),
        ("DELETE FROM audit_events WHERE company_id = :company AND sequence = 3", 3),
        ("DELETE FROM audit_events WHERE company_id = :company", 1),
    ],
)
def test_tampering_is_refused_and_found_when_forced(database: Database, tampering: str, broken: int) -> None:
    with database.transaction() as session:
        company = make_company(session)
        for _ in range(3):
            record(session, company.id, after={"a": 1})
        with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
            session.connection().execute(text(tampering), {"company": company.id})
        session.connection().execute(text("SET LOCAL session_replication_role = replica"))  # no triggers
        session.connection().execute(text(tampering), {"company": company.id})
        session.expire_all()
        assert Audit(session).verify(company.id) == broken


def test_many_at_once_make_one_chain(fresh_database: Database) -> None:
    with fresh_database.transaction() as session:
        company_id = make_company(session).id
    ready = threading.Barrier(8)

    def write() -> None:
        ready.wait()
        for _ in range(5):
            with fresh_database.transaction() as session:
                record(session, company_id)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with fresh_database.transaction() as session:
        assert Audit(session).verify(company_id) is None
        assert Audit(session).list_recent(company_id)[0].sequence == 40
