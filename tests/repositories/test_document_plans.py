"""Exports on a filled table, by PostgreSQL's own account."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql

from core.config import Settings
from core.database.engine import Database, connect
from core.ids import new_id
from core.models import Conversation
from core.repositories import document_pages
from core.repositories.documents import Documents
from tests.conftest import cloned
from tests.support.documents import talk
from tests.support.talks import Desk

pytestmark = pytest.mark.xdist_group("document plans")  # the tables are filled once
HIDDEN_FROM = 700
LENGTH, OTHERS = 1_500, 3
HIDE = "UPDATE messages SET superseded_with_id = gen_random_uuid() WHERE conversation_id = :id AND seq > :seq"


@pytest.fixture(scope="module")
def filled(server_url: object, template: str) -> Iterator[tuple[Database, Conversation]]:
    with cloned(server_url, template) as url:  # type: ignore[arg-type]
        database = connect(Settings(_env_file=None), url)  # type: ignore[call-arg]
        desk = Desk(database)
        with database.transaction() as session:
            for number in range(OTHERS):
                made = Documents(session).put(desk.me, talk(LENGTH, f"Talk {number}"))
            session.execute(text(HIDE), {"id": made.id, "seq": HIDDEN_FROM})
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
        yield database, made
        database.dispose()


@pytest.mark.parametrize("statement", ["_SHOWN", "_ALL"])
@pytest.mark.parametrize("after", [0, HIDDEN_FROM - 100, LENGTH - 400])
def test_a_page_costs_what_it_gives(filled: tuple[Database, Conversation], statement: str, after: int) -> None:
    database, conversation = filled
    compiled = getattr(document_pages, statement).compile(dialect=postgresql.psycopg.dialect())
    given = compiled.params | {"conversation": conversation.id, "after": after, "last": LENGTH, "limit": 300}
    with database.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS OFF, TIMING OFF) {compiled}", given).scalars()
        lines = "\n".join(plan)
    assert "Seq Scan on messages" not in lines
    assert "messages_transcript_idx" in lines
    assert "Rows Removed by Filter" not in lines, lines


def test_counting_looks_at_what_is_hidden_only(filled: tuple[Database, Conversation]) -> None:
    database, conversation = filled
    with database.reading() as session:
        floors = {conversation.id: 0, new_id(): 0}
        assert Documents(session).count_messages(floors, with_hidden=True) == LENGTH
        assert Documents(session).count_messages(floors, with_hidden=False) == HIDDEN_FROM
