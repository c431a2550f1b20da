"""What somebody's tasks cost, however many they are: pages come out of indexes, and so do the numbers of the groups."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import URL
from sqlmodel import Session

from core import clock
from core.config import Settings
from core.database.engine import Database, connect
from core.ids import new_id
from core.models import TaskStatus
from core.permissions import Actor, Role
from core.repositories.own_data import FIRST, OwnData
from core.repositories.task_lines import TaskLines, counts_statement
from core.repositories.tasks import Tasks
from core.services.task_views import TaskGroup, TaskPlace, TasksWanted, Whose
from tests.bench.statements import statements_of
from tests.bench.tasks.keeping import TASKS
from tests.conftest import cloned
from tests.repositories.test_plans import Plan
from tests.support.builders import make_actor, make_company, make_user

MANY, FEW = 400, 50
OTHERS = 6
AS_OF_MANY = "SET enable_seqscan = off; SET enable_bitmapscan = off"
"""Of so few it is cheaper to read the table; what matters is that the indexes have all that is asked for."""


@pytest.mark.parametrize("whose", Whose)
def test_groups_are_counted_without_a_look_at_the_tasks(fresh_database: Database, whose: Whose) -> None:
    today = clock.now().date()
    with fresh_database.transaction() as session:
        company = make_company(session)
        busy, *others = (make_user(session, company, (Role.STAFF,)) for _ in range(OTHERS))
        for person, count in ((busy, MANY), *((other, FEW) for other in others)):
            given = {"company": company.id, "owner": person.id, "other": others[0].id, "today": today, "count": count}
            session.execute(text(TASKS), given)
        actor = make_actor(busy, (Role.STAFF,))
    wanted = counts_statement(whose).params(me=actor.user_id, today=today)
    statement = wanted.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
    with fresh_database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("VACUUM ANALYZE tasks"))
        connection.execute(text(AS_OF_MANY))
        plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}").scalars())
    assert plan.count("Index Only Scan") == plan.count("Scan"), plan


VERY_MANY, DELETED, PAGE, DAYS = 20_000, 300, 20, 300
HALF = UUID(int=2**127)
DEPTH = 10
"""Blocks of an index that it takes to find a place in it, with some to spare: to walk there would take many more."""
# A third each is done, due within days, and due some day; nothing of it was given to others.
OWN = """
INSERT INTO tasks (id, created_at, company_id, owner_id, assignee_id, title, description, status, due_on, completed_at,
    deleted_at, source, version)
SELECT gen_random_uuid(), now(), :company, :owner, :owner, 'Task number ' || n, '',
    CASE WHEN n % 3 = 0 THEN 'done' ELSE 'open' END,
    CASE WHEN n % 3 = 1 THEN CAST(:today AS date) + 1 + n % :days END,
    CASE WHEN n % 3 = 0 THEN now() - n * interval '1 minute' END,
    CASE WHEN n <= :deleted THEN now() - interval '1 day' END, 'person', 0
FROM generate_series(1, :count) AS n
"""


@dataclass(frozen=True)
class Kept:
    """Somebody who keeps very many tasks for themselves, and somebody who keeps a few beside them."""

    database: Database
    many: Actor
    few: Actor
    today: date

    @property
    def place(self) -> TaskPlace:
        """Behind most of what is due and done."""
        days, minutes = timedelta(days=DAYS - 1), timedelta(minutes=VERY_MANY - 3 * PAGE)
        return TaskPlace(FIRST, self.today + days, clock.now() - minutes)

    def page(self, wanted: TasksWanted, after: TaskPlace | None = None) -> "Query":
        return lambda session: TaskLines(session).list_page(self.many, wanted, after=after, limit=PAGE)


Query = Callable[[Session], object]


@pytest.fixture(scope="module")
def kept(server_url: URL, template: str) -> Iterator[Kept]:
    with cloned(server_url, template) as url:
        database = connect(Settings(_env_file=None), url)  # type: ignore[call-arg]
        try:
            today = clock.now().date()
            with database.transaction() as session:
                company = make_company(session)
                many, few = (make_user(session, company, (Role.STAFF,)) for _ in range(2))
                for person, count, deleted in ((many, VERY_MANY, DELETED), (few, FEW, 3)):
                    given = {"company": company.id, "owner": person.id, "today": today, "days": DAYS}
                    session.execute(text(OWN), given | {"count": count, "deleted": deleted})
            with database.engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
            yield Kept(database, make_actor(many, (Role.STAFF,)), make_actor(few, (Role.STAFF,)), today)
        finally:
            database.dispose()


PAGES: dict[str, Callable[[Kept], Query]] = {
    "upcoming": lambda k: k.page(TasksWanted(group=TaskGroup.UPCOMING, today=k.today)),
    "upcoming, behind most": lambda k: k.page(TasksWanted(group=TaskGroup.UPCOMING, today=k.today), k.place),
    "some day": lambda k: k.page(TasksWanted(group=TaskGroup.SOMEDAY, today=k.today)),
    "some day, behind half": lambda k: k.page(TasksWanted(group=TaskGroup.SOMEDAY, today=k.today), TaskPlace(HALF)),
    "from a day on": lambda k: k.page(TasksWanted(TaskStatus.OPEN, due_from=k.today)),
    "from a day on, behind most": lambda k: k.page(TasksWanted(TaskStatus.OPEN, due_from=k.today), k.place),
    "from a day on that is far": lambda k: k.page(
        TasksWanted(TaskStatus.OPEN, due_from=k.today + timedelta(days=DAYS + 1))
    ),
    "open, behind most": lambda k: k.page(TasksWanted(TaskStatus.OPEN), k.place),
    "done": lambda k: k.page(TasksWanted(TaskStatus.DONE)),
    "done, behind most": lambda k: k.page(TasksWanted(TaskStatus.DONE), k.place),
    "everything": lambda k: k.page(TasksWanted()),
    "given to others": lambda k: k.page(TasksWanted(whose=Whose.GIVEN)),
    "one's own data": lambda k: lambda s: OwnData(s).tasks(k.many.user_id, FIRST, PAGE),
    "one's own data, behind half": lambda k: lambda s: OwnData(s).tasks(k.many.user_id, HALF, PAGE),
}


def plans_of(kept: Kept, query: Query) -> Iterator[Plan]:
    """Of each statement of it, as it was carried out; nothing of that stays."""
    with Session(kept.database.engine) as session:
        with statements_of(kept.database) as sent:
            query(session)
        session.rollback()
        for sql, values in sent:
            explained = session.connection().exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", values)
            yield Plan(explained.scalar_one()[0]["Plan"])
            session.rollback()


def scans_of(plan: Plan) -> list[dict[str, Any]]:
    return [node for node in plan.nodes if node.get("Relation Name") == "tasks"]


@pytest.mark.parametrize("what", PAGES)
def test_a_page_is_read_from_where_it_begins_to_where_it_ends(kept: Kept, what: str) -> None:
    """Also by somebody who gave nothing to others: nobody looks through what they do themselves for that."""
    [plan] = plans_of(kept, PAGES[what](kept))
    for scan in scans_of(plan):
        assert scan["Node Type"] == "Index Scan", scan
        assert scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0) <= PAGE, scan
        assert scan["Shared Hit Blocks"] + scan["Shared Read Blocks"] <= scan["Actual Rows"] + DEPTH, scan


DEEDS: dict[str, Callable[[Kept], Query]] = {
    "clear what is done": lambda k: lambda s: Tasks(s).clear_done(k.few.user_id, clock.now()),
    "bring it back": lambda k: lambda s: Tasks(s).restore_cleared(k.few.user_id, clock.now()),
    "those to share with": lambda k: lambda s: TaskLines(s).list_people(k.few, also=new_id()),
    "all of one's own data": lambda k: lambda s: OwnData(s).tasks(k.few.user_id, FIRST, VERY_MANY),
}


@pytest.mark.parametrize("what", DEEDS)
def test_nobody_looks_through_the_tasks_of_others(kept: Kept, what: str) -> None:
    for plan in plans_of(kept, DEEDS[what](kept)):
        assert "Seq Scan" not in {scan["Node Type"] for scan in scans_of(plan)}, plan.root
        assert plan.rows <= 3 * FEW, plan.rows
