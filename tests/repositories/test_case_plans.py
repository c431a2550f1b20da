"""The moderators' queue is read along an index in its order, whatever it is narrowed to."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from core import clock
from core.database.engine import Database
from core.models import Case, CaseStatus, ConversationKind, ReportReason
from core.repositories.case_lines import CaseWanted, queue_statement
from tests.support.builders import make_company
from tests.support.cases import make_cases

SIZE = 6_000
OPEN, CLAIMED, CLOSED = CaseStatus.OPEN, CaseStatus.CLAIMED, CaseStatus.CLOSED


@pytest.fixture
def some(database: Database) -> Case:
    """One of many cases, a third of them open."""
    with database.transaction() as session:
        company = make_company(session)
        make_cases(session, company, SIZE, still_open=33)
        statement = text("SELECT id FROM cases WHERE status = 'claimed' AND author_id IS NOT NULL LIMIT 1")
        return session.get_one(Case, session.execute(statement).scalar_one())


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def test_each_filter_goes_along_an_index_in_the_order_of_the_list(database: Database, some: Case) -> None:
    now, key = clock.now(), UUID(int=0)
    wanted: dict[str, dict[str, Any]] = {
        "nothing": {},
        "kind": {"kind": ConversationKind.DIRECT},
        "reason": {"reason": ReportReason.SPAM},
        "rare reason": {"reason": ReportReason.HATE},
        "assistant": {"by_assistant": True},
        "dates": {"since": now - timedelta(days=5), "until": now - timedelta(days=2)},
        "kind and reason": {"kind": ConversationKind.GROUP, "reason": ReportReason.SPAM},
    }
    of_few: dict[str, dict[str, Any]] = {
        "author": {"author_id": some.author_id},
        "reviewer": {"reviewer_id": some.claimed_by},
    }
    with database.transaction() as session:
        # Of a table as small as this it may be faster to read all. What matters is that there is another way.
        session.execute(text("SET LOCAL enable_seqscan = off"))
        session.execute(text("SET LOCAL enable_bitmapscan = off"))
        for status in (OPEN, CLOSED):
            for name, filters in wanted.items():
                for place in (None, (status, now - timedelta(days=3), key)):
                    query = CaseWanted(some.company_id, (status,), **filters)
                    [limited] = [
                        one for one in nodes(explained(session, query, status, place)) if one["Node Type"] == "Limit"
                    ]
                    plan = [*nodes(limited)]  # the page; what is put in order above it are its few lines
                    read = [one for one in plan if one.get("Relation Name") == "cases"]
                    assert [one["Node Type"] for one in read] == ["Index Scan"], (status, name, read)
                    names = ("cases_waiting", "cases_closed")
                    assert read[0]["Index Name"].startswith(names[status is CLOSED]), (status, name)
                    assert not [one for one in plan if one["Node Type"].endswith("Sort")], (status, name)
            for name, filters in of_few.items():  # whose index finds few enough to be put in order
                query = CaseWanted(some.company_id, (status,), **filters)
                read = [one for one in nodes(explained(session, query, status, None)) if "Index Name" in one]
                assert any(one["Index Name"].startswith("cases_") for one in read), (status, name)


def test_what_is_counted_and_compared_has_an_index(database: Database, some: Case) -> None:
    with database.transaction() as session:
        # Of a table as small as this it may be faster to read all. What matters is that there is another way.
        session.execute(text("SET LOCAL enable_seqscan = off"))
        for statement in (
            "SELECT id FROM cases WHERE company_id = :company AND status = 'open' LIMIT 100",
            "SELECT id FROM cases WHERE company_id = :company AND text_hash = :hash AND status <> 'closed'",
            "SELECT created_at FROM reports WHERE case_id = :id",
        ):
            given = {"company": some.company_id, "hash": some.text_hash, "id": some.id}
            used = {name: value for name, value in given.items() if f":{name}" in statement}
            [[[plan]]] = session.execute(text(f"EXPLAIN (FORMAT JSON) {statement}"), used)
            assert "Seq Scan" not in {one["Node Type"] for one in nodes(plan["Plan"])}, statement


def explained(session: Any, wanted: CaseWanted, status: CaseStatus, place: Any) -> dict[str, Any]:
    statement, given = queue_statement(wanted, status, place, 31)
    [[[plan]]] = session.execute(text(f"EXPLAIN (FORMAT JSON) {statement}"), given)
    return dict(plan["Plan"])
