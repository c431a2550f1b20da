"""The tasks of somebody who has very many of them, among those of everybody else."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

from sqlalchemy import text

from core import clock
from core.database.engine import Database
from core.permissions import Actor, Role
from core.services.task_views import TaskGroup, TaskPlace, TasksWanted, Whose
from core.services.tasks import TaskService
from tests.bench.measure import interleaved
from tests.bench.stand import Stand, run
from tests.bench.table import Row, at_most, ms
from tests.support.builders import make_actor, make_company, make_user

PEOPLE = 100
FEW = 50
"""Tasks of somebody beside whom the others are measured."""
BATCH = 5
# A third is done; of the open ones some are overdue, some due today, and some have no day. Every tenth was given away.
TASKS = """
INSERT INTO tasks (id, created_at, company_id, owner_id, assignee_id, title, description, status, due_on, completed_at,
    source, version)
SELECT gen_random_uuid(), now(), :company, :owner,
    CASE WHEN n % 10 = 0 THEN CAST(:other AS uuid) ELSE CAST(:owner AS uuid) END, 'Task number ' || n,
    CASE WHEN n % 4 = 0 THEN repeat('what there is to say of it ', 8) ELSE '' END,
    CASE WHEN n % 3 = 0 THEN 'done' ELSE 'open' END,
    CASE WHEN n % 5 = 0 THEN NULL ELSE CAST(:today AS date) + (n % 400 - 20) END,
    CASE WHEN n % 3 = 0 THEN now() - n * interval '1 minute' END, 'person', 0
FROM generate_series(1, :count) AS n
"""


def measure(stand: Stand) -> list[Row]:
    one, total = stand.pick(100_000, 5_000), stand.pick(1_000_000, 20_000)
    today = clock.now().date()
    with stand.database() as database:
        busy, quiet = _seed(database, today, one, total)
        run(database.engine.url, "VACUUM ANALYZE tasks")
        tasks = TaskService(database)
        rows = []
        for what, (look, most) in LOOKS.items():
            pair = [look(tasks, person, today) for person in (busy, quiet)]
            rows.append(_beside(stand, f"{what}, {one:,} of {total:,} tasks", pair, most))
        return [*rows, _completing(stand, tasks, busy, quiet, one)]


Look = Callable[[TaskService, Actor, date], Callable[[], object]]


def _page(wanted: TasksWanted) -> Look:
    return lambda tasks, actor, _: lambda: tasks.list_page(actor, wanted)


def _group(group: TaskGroup) -> Look:
    return lambda tasks, actor, today: lambda: tasks.list_page(actor, TasksWanted(group=group, today=today))


def _middle(tasks: TaskService, actor: Actor, today: date) -> Callable[[], object]:
    place = TaskPlace(UUID(int=0), today.replace(year=today.year + 1) if (today.month, today.day) != (2, 29) else today)
    return lambda: tasks.list_page(actor, TasksWanted(group=TaskGroup.UPCOMING, today=today), after=place)


# What is looked at, and how many times it may cost what it costs beside 50 tasks; None: it grows with what is counted.
LOOKS: dict[str, tuple[Look, float | None]] = {
    "a page of what is overdue": (_group(TaskGroup.OVERDUE), 3.0),
    "a page of what is upcoming": (_group(TaskGroup.UPCOMING), 3.0),
    "a page in the middle of it": (_middle, 3.0),
    "a page of what is done": (_group(TaskGroup.DONE), 3.0),
    "a page of what was given to others": (_page(TasksWanted(whose=Whose.GIVEN)), 3.0),
    "how many are due": (lambda tasks, actor, today: lambda: tasks.count_due(actor, today), None),
    "how many in each group": (lambda tasks, actor, today: lambda: tasks.counts(actor, today), None),
    "a search for a rare word": (
        lambda tasks, actor, _: lambda: tasks.find(actor, "nowhere", TasksWanted()), None,
    ),
}  # fmt: skip

ROWS = [*(f"{what}, 1 of 1 tasks" for what in LOOKS), "complete and reopen, 1 tasks"]


def _beside(stand: Stand, what: str, looks: list[Callable[[], object]], most: float | None) -> Row:
    ours, floor = interleaved(looks, rounds=stand.rounds(20, 5, what), batch=BATCH)
    return at_most(what, ms(ours.median), f"{ms(floor.median)} of {FEW}", ours.ratio(floor), most)


def _completing(stand: Stand, tasks: TaskService, busy: Actor, quiet: Actor, one: int) -> Row:
    def turn(actor: Actor) -> Callable[[], object]:
        task = tasks.list_page(actor, TasksWanted(), limit=1).tasks[0].id

        def turned() -> None:
            tasks.complete(actor, task)
            tasks.reopen(actor, task)

        return turned

    what = f"complete and reopen, {one:,} tasks"
    ours, floor = interleaved([turn(busy), turn(quiet)], rounds=stand.rounds(20, 5, what), batch=BATCH)
    return at_most(what, ms(ours.median), f"{ms(floor.median)} of {FEW}", ours.ratio(floor), 1.5)


def _seed(database: Database, today: date, one: int, total: int) -> tuple[Actor, Actor]:
    """Somebody with very many tasks, and somebody with a few; the rest is shared among the others."""
    with database.transaction() as session:
        company = make_company(session)
        busy, quiet, *others = (make_user(session, company, (Role.STAFF,)) for _ in range(PEOPLE))
        rest = (total - one - FEW) // len(others)
        for person, count in ((busy, one), (quiet, FEW), *((other, rest) for other in others)):
            given = {"company": company.id, "owner": person.id, "other": others[0].id, "today": today, "count": count}
            session.execute(text(TASKS), given)
        return make_actor(busy, (Role.STAFF,)), make_actor(quiet, (Role.STAFF,))
