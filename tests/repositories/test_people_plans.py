"""The list of ten thousand people is read along the index by name, page by page."""

from typing import Any

import pytest
from sqlalchemy import text

from core import clock
from core.database.engine import Database
from core.permissions import Role
from core.repositories import people_lines
from core.repositories.people_lines import PeopleLines, PeopleWanted, PersonState
from tests.repositories.test_case_plans import nodes
from tests.support.builders import make_company

SIZE = 10_000
PEOPLE = """
    INSERT INTO users (id, created_at, company_id, email, display_name, is_active)
    SELECT md5('person' || n)::uuid, now(), :company, 'person' || n || '@example.com', 'Person ' || n % 5000, n % 10 > 0
    FROM generate_series(1, :count) n"""


def test_a_page_goes_along_the_index_wherever_it_is(database: Database) -> None:
    with database.transaction() as session:
        company = make_company(session)
        session.execute(text(PEOPLE), {"company": company.id, "count": SIZE})
        session.execute(text("INSERT INTO user_roles (user_id, role) SELECT id, 'staff' FROM users"))
        session.execute(text("ANALYZE users, user_roles"))
        lines, now = PeopleLines(session), clock.now()
        seen = lines.list_page(company.id, PeopleWanted(), now, limit=50)
        while len(page := lines.list_page(company.id, PeopleWanted(), now, after=seen[-1].position, limit=2_000)):
            seen = [*seen, *page]
        assert len({line.id for line in seen}) == len(seen) == SIZE
        assert [line.sorted_as for line in seen] == sorted(line.sorted_as for line in seen)
        given: dict[str, Any] = {"company": company.id, "now": now, "limit": 51}
        given |= {"after_name": "person 4", "after_id": seen[0].id}
        for where in ("", " AND (lower(u.display_name), u.id) > (:after_name, :after_id)"):
            statement = people_lines._LINES.format(where=where)
            used = {name: value for name, value in given.items() if f":{name}" in statement}
            [[[plan]]] = session.execute(text(f"EXPLAIN (FORMAT JSON) {statement}"), used)
            found = list(nodes(plan["Plan"]))
            assert "users_by_name_idx" in {node.get("Index Name") for node in found}, where
            assert not [node for node in found if node["Node Type"] == "Seq Scan" and node["Relation Name"] == "users"]


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (PeopleWanted(), 100),
        (PeopleWanted("PERSON 42"), 2),
        (PeopleWanted("n42@example"), 1),
        (PeopleWanted("%"), 0),
        (PeopleWanted(role=Role.STAFF), 50),
        (PeopleWanted(role=Role.ADMIN), 0),
        (PeopleWanted(state=PersonState.DEACTIVATED), 10),
        (PeopleWanted(state=PersonState.ACTIVE, role=Role.STAFF), 40),
        (PeopleWanted(state=PersonState.SUSPENDED), 0),
    ],
)
def test_filters(database: Database, wanted: PeopleWanted, count: int) -> None:
    with database.transaction() as session:
        company = make_company(session)
        session.execute(text(PEOPLE.replace("5000", "50")), {"company": company.id, "count": 100})
        session.execute(
            text("INSERT INTO user_roles (user_id, role) SELECT id, 'staff' FROM users WHERE email ~ '[02468]@'")
        )
        found = PeopleLines(session).list_page(company.id, wanted, clock.now(), limit=200)
    assert len(found) == count
