"""Tasks as lists show them, and how many there are: only through those whose they are."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Select, Uuid, and_, cast, func, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from core.models import Task, User
from core.models.base import table_of
from core.permissions import Actor
from core.repositories.base import Repository
from core.repositories.task_pages import (
    DESCRIPTION,
    NO_DAY,
    TODAY,
    branches,
    dressed,
    due_day,
    given,
    is_open,
    page_statement,
    reader,
)
from core.repositories.task_wanted import TaskCounts, TaskLine, TaskPlace, TasksWanted, Whose
from core.repositories.tasks import is_there

_tasks = table_of(Task)


class TaskLines(Repository):
    def get_line(self, actor: Actor, task_id: UUID) -> tuple[TaskLine, str] | None:
        """With its description. For who was found to be one of its people, also when they just handed it on."""
        statement = dressed(select(_tasks).where(_tasks.c.id == task_id)).add_columns(DESCRIPTION)
        row = self.session.execute(statement, reader(actor)).one_or_none()
        return (TaskLine(*row[:-1]), row[-1]) if row else None

    def list_page(
        self, actor: Actor, wanted: TasksWanted, *, after: TaskPlace | None = None, limit: int
    ) -> list[TaskLine]:
        statement = page_statement(wanted, continued=after is not None)
        return [TaskLine(*row) for row in self.session.execute(statement, given(actor, wanted, after, limit))]

    def list_with_descriptions(
        self, actor: Actor, wanted: TasksWanted, *, after: TaskPlace | None = None, limit: int
    ) -> list[tuple[TaskLine, str]]:
        statement = page_statement(wanted, continued=after is not None).add_columns(DESCRIPTION)
        found = self.session.execute(statement, given(actor, wanted, after, limit))
        return [(TaskLine(*row[:-1]), row[-1]) for row in found]

    def counts(self, actor: Actor, today: date, whose: Whose) -> TaskCounts:
        """From the indexes of what is open alone."""
        row = self.session.execute(counts_statement(whose), reader(actor) | {"today": today}).one()
        return TaskCounts(*row)

    def count_due(self, user_id: UUID, today: date) -> int:
        statement = select(func.count()).select_from(_tasks).where(_tasks.c.assignee_id == user_id, is_open)
        return int(self.session.execute(statement.where(due_day <= today)).scalar_one())

    def count_due_of(self, days: Mapping[UUID, date]) -> dict[UUID, int]:
        """By person, each by the day that is today to them; who has nothing to do is missing."""
        ids, on = cast(list(days), ARRAY(Uuid())), cast([day.isoformat() for day in days.values()], ARRAY(Date()))
        people = func.unnest(ids, on).table_valued("id", "day").render_derived(name="people")
        due = and_(_tasks.c.assignee_id == people.c.id, is_open, due_day <= people.c.day)
        counts = select(people.c.id, func.count()).join(_tasks, due).group_by(people.c.id)
        return {row[0]: row[1] for row in self.session.execute(counts)}

    def list_messages(self, actor: Actor, limit: int) -> list[UUID]:
        """The messages that the newest of what they own or are to do came from."""
        parts = [
            select(_tasks.c.message_id, _tasks.c.id)
            .where(whose, is_there, _tasks.c.message_id.is_not(None))
            .order_by(_tasks.c.id.desc())
            .limit(limit)
            for whose in branches(Whose.ALL)
        ]
        both = union_all(*(select(part.subquery()) for part in parts)).subquery()
        newest = select(both.c.message_id).order_by(both.c.id.desc()).limit(limit)
        return list(dict.fromkeys(self.session.execute(newest, reader(actor)).scalars()))

    def list_people(self, actor: Actor, also: UUID | None = None) -> list[tuple[UUID, str]]:
        """Those with whom this person shares open tasks, by name; `also` this one, if they share any task."""
        mine, given = branches(Whose.ALL)  # what is their own is in the first
        ids = union_all(
            select(_tasks.c.owner_id.label("id")).where(mine, is_open),
            select(_tasks.c.assignee_id.label("id")).where(given, is_open),
            *(
                select(with_them.label("id")).where(whose, with_them == also, is_there).limit(1)
                for whose, with_them in ((mine, _tasks.c.owner_id), (given, _tasks.c.assignee_id))
                if also
            ),
        ).subquery()
        people = select(col(User.id), col(User.display_name)).where(col(User.id).in_(select(ids.c.id)))
        found = self.session.execute(people.order_by(func.lower(col(User.display_name))), reader(actor))
        return [(row[0], row[1]) for row in found]


def counts_statement(whose: Whose) -> Select[Any]:
    """How many are overdue, due today, upcoming, without a day, and given to others. It wants `me` and `today`."""
    parts = [select(due_day.label("due")).where(one, is_open) for one in branches(whose)]
    due = (union_all(*parts) if len(parts) > 1 else parts[0]).subquery("open").c.due
    numbers = (
        func.count().filter(due < TODAY),
        func.count().filter(due == TODAY),
        func.count().filter(due > TODAY, due < NO_DAY),
        func.count().filter(due == NO_DAY),
    )
    given_away = select(func.count()).select_from(_tasks).where(*branches(Whose.GIVEN), is_open).scalar_subquery()
    return select(*numbers, given_away)
