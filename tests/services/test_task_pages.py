"""Pages of tasks against a plain walk over all of them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import product
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from core.database.engine import Database
from core.ids import new_id
from core.models import Task, TaskSource, TaskStatus
from core.permissions import Actor, Role
from core.repositories.own_data import FIRST, OwnData
from core.repositories.task_lines import TaskLines
from core.repositories.task_wanted import TaskGroup, TasksWanted, Whose
from tests.support.builders import make_actor, make_company, make_user

TODAY = date(2026, 5, 6)
DAYS = (None, date.min, date.max, *(TODAY + timedelta(days=days) for days in (-400, -1, 0, 0, 1, 2)))
MOMENTS = [datetime(2026, 5, 6, hour, tzinfo=UTC) for hour in range(3)]
"""Few: many are done, and due, at the same."""
SOME_DAY = date.max.toordinal() + 1


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.transaction() as session:
        yield session


@pytest.fixture
def people(session: Session) -> list[Actor]:
    company = make_company(session)
    return [make_actor(make_user(session, company, (Role.STAFF,))) for _ in range(3)]


@pytest.fixture
def tasks(session: Session, people: list[Actor]) -> list[Task]:
    random = Random(7)

    def make() -> Task:
        status = random.choice(list(TaskStatus))
        owner, assignee = random.choice(people), random.choice(people)
        return Task(
            id=new_id(), company_id=owner.company_id, owner_id=owner.user_id, assignee_id=assignee.user_id,
            title="Task", description="", status=status, due_on=random.choice(DAYS),
            source=random.choice(list(TaskSource)),
            completed_at=random.choice(MOMENTS) if status is TaskStatus.DONE else None,
            deleted_at=random.choice([None, None, None, *MOMENTS[:1]]),
        )  # fmt: skip

    made = [make() for _ in range(150)]
    session.add_all(made)
    session.flush()
    return made


def due(task: Task) -> int:
    return task.due_on.toordinal() if task.due_on else SOME_DAY


def is_in(task: Task, me: UUID, wanted: TasksWanted) -> bool:
    is_mine, is_given = task.assignee_id == me, task.owner_id == me != task.assignee_id
    today = wanted.today.toordinal() if wanted.today else 0
    groups = {
        TaskGroup.OVERDUE: due(task) < today,
        TaskGroup.TODAY: due(task) == today,
        TaskGroup.UPCOMING: today < due(task) < SOME_DAY,
        TaskGroup.SOMEDAY: due(task) == SOME_DAY,
    }
    status = TaskStatus.OPEN if wanted.group in groups else TaskStatus.DONE if wanted.group else wanted.status
    return (
        task.deleted_at is None
        and {Whose.ALL: is_mine or is_given, Whose.MINE: is_mine, Whose.GIVEN: is_given}[wanted.whose]
        and task.status == (status or task.status)
        and groups.get(wanted.group, True)  # type: ignore[arg-type]
        and wanted.owner_id in (None, task.owner_id)
        and wanted.assignee_id in (None, task.assignee_id)
        and wanted.person_id in (None, task.owner_id, task.assignee_id)
        and wanted.source in (None, task.source)
        and (wanted.due_from is None or bool(task.due_on and task.due_on >= wanted.due_from))
        and (wanted.due_to is None or bool(task.due_on and task.due_on <= wanted.due_to))
    )


def in_order(tasks: Sequence[Task], wanted: TasksWanted) -> list[UUID]:
    def by(task: Task) -> tuple[Any, ...]:
        if wanted.group is TaskGroup.DONE or wanted.status is TaskStatus.DONE:
            return task.completed_at, task.id
        return (due(task), task.id) if is_of_days else (task.id,)

    is_of_days = wanted.status is TaskStatus.OPEN or wanted.group not in (None, TaskGroup.DONE)
    return [task.id for task in sorted(tasks, key=by, reverse=not is_of_days)]


def wishes(people: Sequence[Actor]) -> Iterator[TasksWanted]:
    other = people[1].user_id
    filters: tuple[dict[str, Any], ...] = (
        {}, {"owner_id": other}, {"assignee_id": other}, {"person_id": other}, {"person_id": people[0].user_id},
        {"source": TaskSource.PERSON}, {"due_from": TODAY}, {"due_to": TODAY}, {"due_from": TODAY, "due_to": date.max},
        {"due_from": date.min, "due_to": date.min},
    )  # fmt: skip
    for whose, given in product(Whose, filters):
        for status in (None, *TaskStatus):
            yield TasksWanted(status, whose=whose, **given)
        for group, days in product(TaskGroup, (-1, 0, 1)):
            yield TasksWanted(group=group, today=TODAY + timedelta(days=days), whose=whose, **given)


def test_pages_put_together_are_all_that_is_wanted_in_order(
    session: Session, people: list[Actor], tasks: list[Task]
) -> None:
    me, lines = people[0], TaskLines(session)
    for wanted in Random(7).sample(list(wishes(people)), 100):
        expected = in_order([task for task in tasks if is_in(task, me.user_id, wanted)], wanted)
        found: list[UUID] = []
        place = None
        while page := lines.list_page(me, wanted, after=place, limit=7):
            found += [line.id for line in page]
            place = page[-1].place
        assert found == expected, wanted


def test_groups_count_what_their_pages_have(session: Session, people: list[Actor], tasks: list[Task]) -> None:
    me, lines = people[0], TaskLines(session)
    for whose in Whose:
        counts = lines.counts(me, TODAY, whose)
        for group, count in zip(
            TaskGroup, (counts.overdue, counts.today, counts.upcoming, counts.someday), strict=False
        ):
            wanted = TasksWanted(group=group, today=TODAY, whose=whose)
            assert count == sum(is_in(task, me.user_id, wanted) for task in tasks), (whose, group)


def test_what_one_takes_along_is_all_that_is_theirs(session: Session, people: list[Actor], tasks: list[Task]) -> None:
    me = people[0].user_id
    found: list[UUID] = []
    after = FIRST
    while page := OwnData(session).tasks(me, after, 7):
        found += [row["id"] for row in page]
        after = page[-1]["id"]
    assert found == [
        task.id
        for task in sorted(tasks, key=lambda task: task.id)
        if task.owner_id == me or (task.assignee_id == me and task.deleted_at is None)
    ]
