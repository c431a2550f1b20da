"""Who is suspended and which rooms are locked is read along an index, however many there were before."""

from typing import Any

import pytest
from sqlalchemy import text

from core import clock
from core.database.engine import Database
from core.models import Company, User
from core.repositories.room_locks import RoomLocks
from core.repositories.suspensions import Suspensions
from tests.bench.statements import statements_of
from tests.repositories.test_case_plans import nodes
from tests.support.builders import make_company, make_user

SIZE = 5_000
SUSPENSIONS = """
    INSERT INTO suspensions (id, created_at, company_id, user_id, until, reason, suspended_by, lifted_at)
    SELECT md5('suspension' || n)::uuid, now() - n * interval '1 hour', :company, :user,
        now() + (50 - n) * interval '1 hour', 'Insults', :user, CASE n % 3 WHEN 0 THEN now() END
    FROM generate_series(1, :size) n"""
ROOMS = """
    INSERT INTO conversations (id, created_at, company_id, owner_id, kind, title, last_message_at, instructions,
        is_titled, last_seq, locked_at, lock_reason)
    SELECT md5('room' || n)::uuid, now(), :company, :user, 'company', 'Room ' || n, now(), '', true, 0,
        CASE n % 100 WHEN 0 THEN now() - n * interval '1 hour' END, CASE n % 100 WHEN 0 THEN 'Heated' ELSE '' END
    FROM generate_series(1, :size) n"""


@pytest.fixture
def many(database: Database) -> tuple[Company, User]:
    with database.transaction() as session:
        company = make_company(session)
        user = make_user(session, company)
        for statement in (SUSPENSIONS, ROOMS):
            session.execute(text(statement), {"company": company.id, "user": user.id, "size": SIZE})
        session.execute(text("ANALYZE suspensions, conversations, users"))
    return company, user


def test_each_list_goes_along_its_index(database: Database, many: tuple[Company, User]) -> None:
    (company, user), now = many, clock.now()
    with database.transaction() as session:
        suspensions, locks = Suspensions(session), RoomLocks(session)
        behind = suspensions.list_in_force(company.id, now, limit=10)[-1].place
        after = locks.list_locked(company.id, limit=10)[-1].place
        asked: dict[str, Any] = {
            "suspensions_in_force_idx": lambda: suspensions.list_in_force(company.id, now, after=behind, limit=11),
            "suspensions_user_idx": lambda: suspensions.list_of(user.id, 6),
            "conversations_company_locked_idx": lambda: locks.list_locked(company.id, after=after, limit=11),
        }
        for index, ask in asked.items():
            with statements_of(database) as sent:
                assert ask()
            explain = session.connection().exec_driver_sql
            [(sql, values)] = sent
            plan = explain(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", values).scalar_one()[0]["Plan"]
            found = list(nodes(plan))
            assert index in {one.get("Index Name") for one in found}
            assert not [one for one in found if one["Node Type"] == "Sort"], index
            read = [one for one in found if one.get("Index Name") == index]
            assert read[0]["Actual Rows"] <= 11
