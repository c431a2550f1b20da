"""The check before a call, and the list of budgets, on filled tables: by their indexes, and few rows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlmodel import Session

from core import clock
from core.config import Settings
from core.database.engine import Database, connect
from core.ids import new_id
from core.models import BudgetHold, ConversationKind
from core.permissions import Actor, Role
from core.repositories.budget_lines import BudgetLine, BudgetLines
from core.repositories.notices import Notices
from core.repositories.standings import Asker, Standings
from core.services.budgets import BudgetService, BudgetView
from tests.bench.statements import statements_of
from tests.conftest import cloned
from tests.repositories.test_plans import Plan, numbered
from tests.support.builders import make_actor, make_company, make_conversation, make_user

pytestmark = pytest.mark.xdist_group("budget plans")  # the tables are filled once

PEOPLE, DAYS, PAGE = 1_000, 62, 20
LARGE = {"usage_spans", "budgets", "budget_raises", "users", "notices", "answer_runs", "conversations", "members"}
MEASURES = (
    "calls, answers, errors, input_tokens, cached_tokens, output_tokens, cost, unpriced, estimated, missing,"
    " timed_tokens, timed_ms"
)
FILL = f"""
INSERT INTO users (id, created_at, company_id, email, display_name, is_active)
    SELECT uuidv7(), now(), :company, 'somebody' || n || '@example.com', 'Somebody ' || n, true
    FROM generate_series(1, {PEOPLE}) n;
INSERT INTO user_roles (user_id, role) SELECT id, 'staff' FROM users WHERE display_name LIKE 'Somebody%';
INSERT INTO budgets (id, created_at, company_id, scope, user_id, period, unit, amount, marks)
    SELECT uuidv7(), now(), :company, 'person', id, period, unit, 500, '{{80,100}}'
    FROM users, (VALUES ('day'), ('week'), ('month')) AS p (period), (VALUES ('usd'), ('tokens')) AS u (unit);
INSERT INTO budgets (id, created_at, company_id, scope, room_id, period, unit, amount, marks)
    SELECT uuidv7(), now(), :company, 'room', id, 'month', 'usd', 500, '{{80,100}}' FROM conversations;
INSERT INTO budgets (id, created_at, company_id, scope, period, unit, amount, marks)
    VALUES (uuidv7(), now(), :company, 'company', 'month', 'usd', 500, '{{80,100}}');
INSERT INTO budget_raises (id, created_at, budget_id, amount, reason, ends_at)
    SELECT uuidv7(), now(), id, 5, 'So', now() + interval '1 day' FROM budgets;
INSERT INTO usage_spans (company_id, kind, span, start, subject, model, purpose, {MEASURES})
    SELECT :company, 'person', 'day', current_date - d, id, '', '', 1, 1, 0, 900, 0, 100, 7, 0, 0, 0, 0, 0
    FROM users, generate_series(0, {DAYS}) d;
INSERT INTO notices (id, created_at, user_id, key, kind, text)
    SELECT uuidv7(), now(), id, 'key ' || n, 'budget', 'So.' FROM users, generate_series(1, 5) n;
INSERT INTO members (conversation_id, user_id, kind, role, joined_at, last_read_seq, read_said, muted)
    SELECT c.id, u.id, 'group', 'member', now(), 0, 0, false FROM conversations c, users u WHERE u.id <> :me;
INSERT INTO messages (id, created_at, conversation_id, seq, role, message_type, content, status)
    SELECT uuidv7(), now(), :room, n, 'assistant', 'text', 'So.', 'complete' FROM generate_series(1, 5000) n;
INSERT INTO answer_runs (id, created_at, conversation_id, message_id, asked_by, status, partial, heartbeat_at)
    SELECT uuidv7(), now(), :room, id, :me, 'complete', '', now() FROM messages;
INSERT INTO budget_holds (id, company_id, user_id, room_id, usd, tokens, expires_at)
    SELECT uuidv7(), :company, :me, :room, 0, 1, now() FROM generate_series(1, 5);
"""


@dataclass(frozen=True)
class Filled:
    database: Database
    me: Actor
    room_id: UUID

    @property
    def asker(self) -> Asker:
        return Asker(self.me.company_id, self.me.user_id, self.room_id)

    @property
    def hold(self) -> BudgetHold:
        me = self.me
        return BudgetHold(
            id=new_id(), company_id=me.company_id, user_id=me.user_id, usd=Decimal(), tokens=9, expires_at=clock.now()
        )

    def lines(self, session: Session, **options: Any) -> list[BudgetLine]:
        return BudgetLines(session).list_page(self.me, clock.now(), limit=PAGE, **options)

    def standings(self, session: Session) -> object:
        standings, now = Standings(session), clock.now()
        applying = standings.list_applying(self.asker, now)
        assert len(applying) == 8  # six of the person, the room's, the company's
        return standings.list_standings(self.me.company_id, applying, now)

    def page(self) -> tuple[BudgetView, ...]:
        return BudgetService(self.database).page(self.me, limit=PAGE)


@pytest.fixture(scope="module")
def filled(server_url: URL, template: str) -> Iterator[Filled]:
    with cloned(server_url, template) as url:
        database = connect(Settings(_env_file=None), url)  # type: ignore[call-arg]
        try:
            with database.transaction() as session:
                company = make_company(session)
                user = make_user(session, company, (Role.STAFF, Role.ADMIN))
                rooms = [make_conversation(session, user, kind=ConversationKind.GROUP) for _ in range(50)]
                given = {"company": company.id, "room": rooms[0].id, "me": user.id}
                for statement in FILL.split(";\n")[:-1]:
                    session.connection().execute(text(statement), given)
            with database.engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
            yield Filled(database, make_actor(user, (Role.STAFF, Role.ADMIN)), rooms[0].id)
        finally:
            database.dispose()


Query = Callable[[Session, Filled], object]
ROWS_OF_CHECK = 600
"""Six budgets of a person with at most 31 days each, as many for the room and the company, and what is beside them."""
QUERIES: dict[str, tuple[Query, int]] = {
    "the check": (lambda s, f: f.standings(s), ROWS_OF_CHECK),
    "holding": (lambda s, f: Standings(s).hold(f.hold, clock.now()), PAGE),
    "giving back": (lambda s, _: Standings(s).release(new_id()), 10),
    "the first page": (lambda s, f: f.lines(s), 10 * PAGE),
    "a later page": (lambda s, f: f.lines(s, before=f.lines(s)[-1].position), 20 * PAGE),
    "raises of a page": (lambda s, f: BudgetLines(s).list_raises([new_id() for _ in range(PAGE)], clock.now()), PAGE),
    "notices": (lambda s, f: Notices(s).list_unread(f.me.user_id, clock.now(), limit=6), 10),
}


@pytest.mark.parametrize("what", QUERIES)
def test_it_reads_few_rows_by_their_indexes(filled: Filled, what: str) -> None:
    query, most = QUERIES[what]
    with Session(filled.database.engine) as session:
        with statements_of(filled.database) as sent:
            query(session, filled)
        session.rollback()
        assert sent
        for sql, values in sent:
            for how, given in (("ANALYZE", values), ("GENERIC_PLAN", None)):
                explain = f"EXPLAIN ({how}, FORMAT JSON) {sql if given else numbered(sql)}"
                plan = Plan(session.connection().exec_driver_sql(explain, given).scalar_one()[0]["Plan"])
                whole = {node["Relation Name"] for node in plan.nodes if node["Node Type"] == "Seq Scan"} & LARGE
                assert not whole, f"{explain}\n{plan.root}"
                assert how != "ANALYZE" or plan.rows <= most, plan.rows


def test_how_a_page_stands_reads_its_own_days_alone(filled: Filled) -> None:
    with statements_of(filled.database) as sent:
        views = filled.page()
    assert len(views) == PAGE and len(sent) == 3
    with Session(filled.database.engine) as session:
        for sql, values in sent:
            explained = session.connection().exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", values)
            plan = Plan(explained.scalar_one()[0]["Plan"])
            assert not {node["Relation Name"] for node in plan.nodes if node["Node Type"] == "Seq Scan"} & LARGE
            assert plan.rows <= PAGE * 31 + 10 * PAGE


def test_names_are_looked_for_among_the_budgets_alone(filled: Filled) -> None:
    with Session(filled.database.engine) as session:
        found = filled.lines(session, name="somebody 7")
    assert len(found) == PAGE and all(line.name and "Somebody 7" in line.name for line in found)
