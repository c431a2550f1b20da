"""What moderators may see is walked along an index in the order of time, however much was said."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from core import clock
from core.database.engine import Database
from core.models import Case
from core.repositories.overseen import Fate, Narrowed, Overseen, Walked
from tests.bench.statements import statements_of
from tests.repositories.test_case_plans import nodes
from tests.support.builders import make_company
from tests.support.cases import make_cases

SIZE, REACH = 6_000, 500
ONE_INDEXED = """
    INSERT INTO message_words (message_id, company_id, conversation_id, scope_id, is_room, said_at, words)
    VALUES (:id, :company, :room, :room, true, :at, array_to_tsvector(ARRAY['walrus']))"""


@pytest.fixture
def some(database: Database) -> Case:
    """One of many cases, a third of them open; of the messages a twentieth was taken back."""
    with database.transaction() as session:
        company = make_company(session)
        make_cases(session, company, SIZE, still_open=33)
        session.execute(text("UPDATE messages SET deleted_at = now() WHERE seq % 20 = 3"))
        session.execute(text("ANALYZE messages"))
        statement = text("SELECT id FROM cases WHERE status = 'claimed' AND author_id IS NOT NULL LIMIT 1")
        return session.get_one(Case, session.execute(statement).scalar_one())


def test_walks_go_along_their_index_and_have_an_end(database: Database, some: Case) -> None:
    now = clock.now()
    narrowed = [
        Narrowed(some.company_id),
        Narrowed(some.company_id, author_id=some.author_id),
        Narrowed(some.company_id, by_assistant=True),
        Narrowed(some.company_id, room_id=some.conversation_id),
        Narrowed(some.company_id, since=now - timedelta(days=5), until=now - timedelta(days=1)),
    ]
    place = (now - timedelta(days=3), UUID(int=0))
    with database.transaction() as session:
        overseen = Overseen(session, REACH)
        session.execute(text("SET LOCAL enable_seqscan = off"))  # as a search has it
        walks: list[tuple[str, Callable[..., Walked]]] = [
            *(("cases_said_idx", partial(by_fate, overseen, fate)) for fate in Fate),
            ("messages_taken_back_idx", overseen.walk_taken_back),
        ]
        for index, walk in walks:
            for one in narrowed:
                for before in (None, place):
                    with statements_of(database) as sent:
                        walk(one, 31, before)
                    for statement, given in sent:
                        check(session, statement, given, index)


def test_words_are_looked_for_before_the_messages(database: Database, some: Case) -> None:
    """Each by its key, and of what does not have them nothing else is read."""
    with database.transaction() as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        given = {"id": some.message_id, "company": some.company_id, "room": some.conversation_id, "at": some.said_at}
        session.execute(text(ONE_INDEXED), given)
        narrowed = Narrowed(some.company_id, until=some.said_at + timedelta(seconds=1))
        with statements_of(database) as sent:
            walk = Overseen(session, REACH).walk_cases(narrowed, Fate.ANY, 31, words="'walrus'")
        statement, given = sent[0]
        check(session, statement, given, "cases_said_idx")
        [[[found]]] = session.connection().exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", given)
    loops = {one["Index Name"]: one["Actual Loops"] for one in nodes(found["Plan"]) if "Index Name" in one}
    assert [one.key for one in walk.found] == [some.message_id]
    assert loops["messages_pkey"] == 1
    assert loops["message_words_pkey"] <= REACH


def by_fate(overseen: Overseen, fate: Fate, narrowed: Narrowed, limit: int, before: Any) -> Walked:
    return overseen.walk_cases(narrowed, fate, limit, before)


def check(session: Any, statement: str, given: Any, index: str) -> None:
    [[[found]]] = session.connection().exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", given)
    plan = [*nodes(found["Plan"])]
    assert index in {one.get("Index Name") for one in plan}, statement
    assert not [one for one in plan if one["Node Type"] == "Seq Scan"], statement
    [walked] = [one for one in plan if one.get("Index Name") == index]
    assert walked["Actual Rows"] * walked["Actual Loops"] <= REACH


def test_a_walk_says_how_far_it_came(database: Database, some: Case) -> None:
    """Everything is found in the end, once, however short the walks are."""
    with database.reading() as session:
        expected = session.execute(text("SELECT message_id FROM cases WHERE status <> 'closed'")).scalars().all()
        found, before = [], None
        while True:
            walk = Overseen(session, REACH).walk_cases(Narrowed(some.company_id), Fate.OPEN, 100, before)
            found += [one.key for one in walk.found]
            if walk.horizon is None:
                break
            before = walk.horizon
    assert len(found) == len(set(found))
    assert set(found) == set(expected)
