"""How many tasks somebody has in each group is counted from indexes, however many they are."""

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql

from core import clock
from core.database.engine import Database
from core.permissions import Role
from core.repositories.task_lines import counts_statement
from core.services.task_views import Whose
from tests.bench.tasks.keeping import TASKS
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
