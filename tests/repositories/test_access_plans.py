"""Each list of access to private conversations is read along an index in its own order."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session

from core import clock
from core.database.engine import Database
from core.models import Company
from core.repositories.access_lines import IN_FORCE, LOOKED, LOOKS, page_of
from tests.repositories.test_case_plans import nodes
from tests.support.builders import make_company

SIZE = 4_000
# Of a company's grants one in a hundred is of one moderator, and of one conversation; each has three looks.
GRANTS = """
    INSERT INTO access_grants (id, created_at, company_id, moderator_id, conversation_id, kind, owner_id, reason,
        expires_at, looks, last_looked_at, last_seq)
    SELECT md5('grant' || n)::uuid, :now - n * interval '90 seconds', :company, md5('moderator' || n % 100)::uuid,
        md5('talk' || n / 40 || n)::uuid, 'group', md5('owner' || n)::uuid, 'Because',
        :now - n * interval '90 seconds' + interval '30 minutes', 3, :now, 9
    FROM generate_series(1, :count) n"""
LOOKS_OF_ALL = """
    INSERT INTO access_looks (id, created_at, grant_id, first_seq, last_seq, messages, is_earlier_version)
    SELECT md5('look' || g.id || k)::uuid, g.created_at + k * interval '1 minute', g.id, k, k + 9, 10, false
    FROM access_grants g, generate_series(1, 3) k"""


@pytest.fixture
def company(database: Database) -> Company:
    with database.transaction() as session:
        company = make_company(session)
        given = {"now": clock.now(), "company": company.id, "count": SIZE}
        session.execute(text(GRANTS), given)
        session.execute(text(LOOKS_OF_ALL))
        session.execute(text("ANALYZE access_grants, access_looks"))
        return company


def plan_of(session: Session, statement: str, given: dict[str, Any]) -> Iterator[dict[str, Any]]:
    used = {name: value for name, value in given.items() if f":{name}" in statement}
    [[[plan]]] = session.execute(text(f"EXPLAIN (FORMAT JSON) {statement}"), used)
    return nodes(plan["Plan"])


def test_each_list_goes_along_its_index(database: Database, company: Company) -> None:
    now = clock.now()
    place = now - timedelta(hours=3), UUID(int=0)
    given: dict[str, Any] = {"company": company.id, "limit": 26, "place_at": place[0], "place_id": place[1], "now": now}
    with database.transaction() as session:
        some = session.execute(text("SELECT id, moderator_id, conversation_id FROM access_grants LIMIT 1")).one()
        given |= {"moderator": some.moderator_id, "conversation": some.conversation_id, "ids": [some.id], "floor": 0}
        # Of a table as small as this it may be faster to read all. What matters is that there is another way.
        session.execute(text("SET LOCAL enable_seqscan = off"))
        session.execute(text("SET LOCAL enable_bitmapscan = off"))
        for name, statement, index in (
            ("everybody's", page_of("company_id = :company", None), "access_grants_company_id_idx"),
            ("everybody's further on", page_of("company_id = :company", place), "access_grants_company_id_idx"),
            ("who looked", page_of(LOOKED, None), "access_grants_looked_idx"),
            ("who looked further on", page_of(LOOKED, place), "access_grants_looked_idx"),
        ):
            plan = list(plan_of(session, statement, given))
            assert [one["Index Name"] for one in plan if "Index Name" in one] == [index], name
            assert not [one for one in plan if one["Node Type"].endswith("Sort")], name
        for statement, index in ((IN_FORCE, "access_grants_own_idx"), (LOOKS, "access_looks_grant_id_idx")):
            assert index in [one.get("Index Name") for one in plan_of(session, statement, given)], index
