"""Tasks, each read only through those whose it is: its owner and its assignee."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, update

from core.models import Task, TaskStatus
from core.models.base import literal_of, table_of
from core.permissions import Actor
from core.repositories.base import Repository

_tasks = table_of(Task)
is_there = _tasks.c.deleted_at.is_(None)
is_done = and_(_tasks.c.status == literal_of(_tasks.c.status, TaskStatus.DONE), is_there)
is_given = _tasks.c.assignee_id != _tasks.c.owner_id


class Tasks(Repository):
    def add(self, task: Task) -> Task:
        self.session.add(task)
        self.session.flush()
        return task

    def get_by_client_key(self, client_key: UUID) -> Task | None:
        return self.session.execute(select(Task).where(_tasks.c.client_key == client_key)).scalar_one_or_none()

    def get_readable(self, actor: Actor, task_id: UUID, *, lock: bool = False, deleted: bool = False) -> Task | None:
        """The task if it is this person's. `lock` makes others who change it wait; `deleted`: one that is deleted."""
        statement = select(Task).where(_tasks.c.id == task_id, _readable_by(actor))
        statement = statement.where(_tasks.c.deleted_at.is_not(None) if deleted else is_there)
        if lock:
            statement = statement.with_for_update(key_share=True)
        return self.session.execute(statement.execution_options(populate_existing=True)).scalar_one_or_none()

    def update(self, task: Task, **changes: Any) -> Task:
        task.sqlmodel_update(changes | {"version": task.version + 1})
        self.session.add(task)
        self.session.flush()
        return task

    def clear_done(self, owner_id: UUID, at: datetime) -> list[UUID]:
        """Deletes what is done of their own. Whose it was to do, one for each."""
        # What they did themselves is found through who did it; the other index has what they gave to others.
        mine = and_(_tasks.c.owner_id == owner_id, or_(_tasks.c.assignee_id == owner_id, is_given))
        of_owner = select(_tasks.c.id).where(mine, is_done).order_by(_tasks.c.id).with_for_update().cte("done")
        statement = update(_tasks).where(_tasks.c.id == of_owner.c.id)
        return self._assignees(statement.values(deleted_at=at, version=_tasks.c.version + 1))

    def restore_cleared(self, owner_id: UUID, at: datetime) -> list[UUID]:
        """Brings back what was deleted at that moment. Whose it is to do, one for each."""
        cleared = (
            select(_tasks.c.id)
            .where(_tasks.c.owner_id == owner_id, _tasks.c.deleted_at == at)
            .order_by(_tasks.c.id)
            .with_for_update()
        ).cte("cleared")
        statement = update(_tasks).where(_tasks.c.id == cleared.c.id)
        return self._assignees(statement.values(deleted_at=None, version=_tasks.c.version + 1))

    def _assignees(self, statement: Any) -> list[UUID]:
        return list(self.session.execute(statement.returning(_tasks.c.assignee_id)).scalars())


def _readable_by(actor: Actor) -> ColumnElement[bool]:
    mine = or_(_tasks.c.owner_id == actor.user_id, _tasks.c.assignee_id == actor.user_id)
    return and_(_tasks.c.company_id == actor.company_id, mine)
