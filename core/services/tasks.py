"""Tasks: made by people and by the assistant, kept by their owner and done by their assignee."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from core import clock
from core.database.engine import Database
from core.errors import Conflict, NotFound, NotPermitted
from core.models import (
    AuditAction,
    Task,
    TaskStatus,
)
from core.permissions import Actor, Permission
from core.repositories.task_lines import TaskLines
from core.repositories.tasks import Tasks
from core.services.records import LEAVE, Leave, record_change
from core.services.task_checks import LIMITS, assignee_of, day_of, description_of, screened_texts, source_of, title_of
from core.services.task_finding import AT_ONCE, find_tasks
from core.services.task_views import NewTask, TaskCounts, TaskPage, TaskPlace, TasksWanted, TaskView, Whose

PAGE = 50
KIND = "task"
CHANGED = "This task was changed meanwhile. Look at it again, then change it."
TAKEN_BACK = "This task was made before and deleted since. Restore it, or make one with another title."
ONLY_OWNER = "Only the person who made a task can delete it."


class TaskService:
    """Whoever owns a task or is to do it may change and complete it; only its owner may delete it. For all others it
    does not exist.
    """

    def __init__(self, database: Database, told_person: Callable[[UUID], None] = lambda _: None) -> None:
        """`told_person` is told each person whose tasks are different now."""
        self.database = database
        self.told_person = told_person

    def create(self, actor: Actor, new: NewTask, *, client_key: UUID | None = None) -> TaskView:
        """The same `client_key` again gives the task that it gave the first time. Raises Invalid, NotFound for a
        message or conversation this person may not read, Conflict when the task of that key was deleted since.
        """
        actor.require(Permission.RECORDS_KEEP)
        texts = {"title": title_of(new.title), "description": description_of(new.description)}
        due_on = day_of(new.due_on)
        try:
            with self.database.transaction() as session:
                if client_key and (earlier := _made_before(session, actor, client_key)):
                    return earlier
                assignee = assignee_of(session, actor, new.assignee_id)
                conversation_id = source_of(session, actor, new)
                texts, masked = screened_texts(session, actor, assignee.id, texts)
                task = Tasks(session).add(
                    Task(
                        company_id=actor.company_id,
                        owner_id=actor.user_id,
                        assignee_id=assignee.id,
                        title=texts["title"],
                        description=texts["description"],
                        due_on=due_on,
                        source=new.source,
                        conversation_id=conversation_id,
                        message_id=new.message_id,
                        client_key=client_key,
                    )
                )
                made = replace(_view(session, actor, task.id), masked=masked)
                after = _facts(task) | {"source": task.source}
                record_change(session, actor, AuditAction.RECORD_CREATED, KIND, task.id, after=after)
        except IntegrityError:  # the same one, sent twice at once: the other was faster
            with self.database.reading() as session:
                if client_key and (earlier := _made_before(session, actor, client_key)):
                    return earlier
            raise
        self._tell(actor, assignee.id)
        return made

    def get(self, actor: Actor, task_id: UUID) -> TaskView:
        """Raises NotFound for what is not this person's, and for what is deleted."""
        actor.require(Permission.RECORDS_KEEP)
        with self.database.reading() as session:
            _task(session, actor, task_id)
            return _view(session, actor, task_id)

    def list_page(
        self, actor: Actor, wanted: TasksWanted, *, after: TaskPlace | None = None, limit: int = PAGE
    ) -> TaskPage:
        """What is open by the day it is due, what has no day last; what is done, and everything, the newest first."""
        actor.require(Permission.RECORDS_KEEP)
        with self.database.reading() as session:
            lines = TaskLines(session).list_page(actor, wanted, after=after, limit=limit + 1)
        shown = tuple(lines[:limit])
        return TaskPage(shown, shown[-1].place if len(lines) > limit else None)

    def find(
        self,
        actor: Actor,
        text: str,
        wanted: TasksWanted,
        *,
        after: TaskPlace | None = None,
        limit: int = PAGE,
        at_once: int = AT_ONCE,
    ) -> TaskPage:
        """Those of a list that have all these words in title or description, or in the middle of others; case and
        accents don't matter.

        `find_tasks` says what that costs.
        """
        actor.require(Permission.RECORDS_KEEP)
        with self.database.reading() as session:
            return find_tasks(session, actor, text, wanted, after=after, limit=limit, at_once=at_once)

    def counts(self, actor: Actor, today: date, whose: Whose = Whose.MINE) -> TaskCounts:
        """Of what is open, and theirs in that way. `today` is the reader's."""
        actor.require(Permission.RECORDS_KEEP)
        with self.database.reading() as session:
            return TaskLines(session).counts(actor, today, whose)

    def count_due(self, actor: Actor, today: date) -> int:
        """What they are to do by today, what is overdue included."""
        actor.require(Permission.RECORDS_KEEP)
        with self.database.reading() as session:
            return TaskLines(session).count_due(actor.user_id, today)

    def people(self, actor: Actor, *, also: UUID | None = None) -> tuple[tuple[UUID, str], ...]:
        """Those with whom this person shares open tasks, by name; `also` this one, if they share any task."""
        actor.require(Permission.RECORDS_KEEP)
        with self.database.reading() as session:
            return tuple(TaskLines(session).list_people(actor, also))

    def update(
        self,
        actor: Actor,
        task_id: UUID,
        *,
        title: str | Leave = LEAVE,
        description: str | Leave = LEAVE,
        due_on: date | Leave | None = LEAVE,
        assignee_id: UUID | Leave = LEAVE,
        version: int | None = None,
    ) -> TaskView:
        """What is left out stays; an empty description empties it, None takes the day away.

        `version`: the one that this person saw; Conflict when it is another by now. Raises Invalid, NotFound.
        """
        given: dict[str, Any] = {
            "title": title if isinstance(title, Leave) else title_of(title),
            "description": description if isinstance(description, Leave) else description_of(description),
            "due_on": due_on if isinstance(due_on, Leave) else day_of(due_on),
            "assignee_id": assignee_id,
        }
        changes = {name: value for name, value in given.items() if value is not LEAVE}
        return self._change(actor, task_id, changes, version)

    def assign(self, actor: Actor, task_id: UUID, assignee_id: UUID) -> TaskView:
        """Hands it to somebody of the same company. Who neither owns it nor is to do it sees it no more."""
        return self.update(actor, task_id, assignee_id=assignee_id)

    def complete(self, actor: Actor, task_id: UUID, *, version: int | None = None) -> TaskView:
        """Done; one that is done already stays as it is. `version` as for `update`."""
        return self._move(actor, task_id, TaskStatus.DONE, version)

    def reopen(self, actor: Actor, task_id: UUID, *, version: int | None = None) -> TaskView:
        """Open again; when it was done stays known. `version` as for `update`."""
        return self._move(actor, task_id, TaskStatus.OPEN, version)

    def delete(self, actor: Actor, task_id: UUID, *, version: int | None = None) -> None:
        """`restore` undoes it. `version` as for `update`. Raises NotPermitted for who is only to do it."""
        with self._changing(actor, task_id) as (session, task):
            _refuse_changed(task, version)
            if task.owner_id != actor.user_id:
                raise NotPermitted(ONLY_OWNER)
            Tasks(session).update(task, deleted_at=clock.now())
            record_change(session, actor, AuditAction.RECORD_DELETED, KIND, task.id, before=_facts(task))
        self._tell(actor, task.assignee_id)

    def restore(self, actor: Actor, task_id: UUID) -> TaskView:
        """One that is not deleted stays as it is."""
        actor.require(Permission.RECORDS_KEEP)
        with self.database.transaction() as session:
            task = Tasks(session).get_readable(actor, task_id, lock=True, deleted=True)
            if task is None:
                _task(session, actor, task_id)
                return _view(session, actor, task_id)
            if task.owner_id != actor.user_id:
                raise NotFound
            Tasks(session).update(task, deleted_at=None)
            restored = _view(session, actor, task_id)
            record_change(session, actor, AuditAction.RECORD_RESTORED, KIND, task.id, after=_facts(task))
        self._tell(actor, task.assignee_id)
        return restored

    def clear_done(self, actor: Actor) -> tuple[int, datetime]:
        """Deletes what is done of those that they own. How many, and what `restore_cleared` wants to undo it."""
        actor.require(Permission.RECORDS_KEEP)
        at = clock.now()
        with self.database.transaction() as session:
            whose = Tasks(session).clear_done(actor.user_id, at)
            if whose:
                record_change(session, actor, AuditAction.RECORD_DELETED, KIND, None, after={"count": len(whose)})
        self._tell(actor, *whose)
        return len(whose), at

    def restore_cleared(self, actor: Actor, at: datetime) -> int:
        """How many came back."""
        actor.require(Permission.RECORDS_KEEP)
        with self.database.transaction() as session:
            whose = Tasks(session).restore_cleared(actor.user_id, at)
            if whose:
                record_change(session, actor, AuditAction.RECORD_RESTORED, KIND, None, after={"count": len(whose)})
        self._tell(actor, *whose)
        return len(whose)

    def _move(self, actor: Actor, task_id: UUID, status: TaskStatus, version: int | None) -> TaskView:
        now = clock.now()
        moved = {"completed_at": now, "completed_by": actor.user_id}
        with self._changing(actor, task_id) as (session, task):
            _refuse_changed(task, version)
            if task.status is status:
                return _view(session, actor, task_id)
            before = _facts(task)
            Tasks(session).update(task, status=status, **(moved if status is TaskStatus.DONE else {"reopened_at": now}))
            done = _view(session, actor, task_id)
            record_change(
                session, actor, AuditAction.RECORD_UPDATED, KIND, task.id, **_difference(before, _facts(task))
            )
        self._tell(actor, task.owner_id, task.assignee_id)
        return done

    def _change(self, actor: Actor, task_id: UUID, changes: dict[str, Any], version: int | None) -> TaskView:
        with self._changing(actor, task_id) as (session, task):
            _refuse_changed(task, version)
            before, was_with = _facts(task), task.assignee_id
            assignee_id = changes.get("assignee_id", task.assignee_id)
            if assignee_id != task.assignee_id:
                assignee_of(session, actor, assignee_id)
            texts = {name: changes[name] for name in LIMITS if name in changes}
            if assignee_id != task.assignee_id:  # others read it now: all of it is looked at anew
                texts = {name: texts.get(name, getattr(task, name)) for name in LIMITS}
            kept, masked = screened_texts(
                session, actor, assignee_id, texts, before=task if assignee_id == was_with else None
            )
            changes |= kept
            changes = {name: value for name, value in changes.items() if getattr(task, name) != value}
            if not changes:
                return _view(session, actor, task_id)
            Tasks(session).update(task, **changes)
            changed = replace(_view(session, actor, task.id), masked=masked)
            difference = _difference(before, _facts(task), changes.keys() & LIMITS.keys())
            record_change(session, actor, AuditAction.RECORD_UPDATED, KIND, task.id, **difference)
        self._tell(actor, task.owner_id, task.assignee_id, was_with)
        return changed

    @contextmanager
    def _changing(self, actor: Actor, task_id: UUID) -> Iterator[tuple[Session, Task]]:
        """A transaction that holds the task."""
        actor.require(Permission.RECORDS_KEEP)
        with self.database.transaction() as session:
            yield session, _task(session, actor, task_id, lock=True)

    def _tell(self, actor: Actor, *others: UUID) -> None:
        for user_id in dict.fromkeys([actor.user_id, *others]):
            self.told_person(user_id)


def _task(session: Session, actor: Actor, task_id: UUID, *, lock: bool = False) -> Task:
    task = Tasks(session).get_readable(actor, task_id, lock=lock)
    if task is None:
        raise NotFound
    return task


def _refuse_changed(task: Task, version: int | None) -> None:
    if version is not None and task.version != version:
        raise Conflict(CHANGED)


def _view(session: Session, actor: Actor, task_id: UUID) -> TaskView:
    found = TaskLines(session).get_line(actor, task_id)
    assert found is not None  # it was found just now, in the same transaction
    line, description = found
    return TaskView(line, description, may_delete=line.owner_id == actor.user_id)


def _made_before(session: Session, actor: Actor, client_key: UUID) -> TaskView | None:
    task = Tasks(session).get_by_client_key(client_key)
    if task is None:
        return None
    if task.owner_id != actor.user_id:
        raise Conflict("That task was made by somebody else. Reload the page and make yours again.")
    if task.deleted_at is not None:
        raise Conflict(TAKEN_BACK)
    return _view(session, actor, task.id)


def _facts(task: Task) -> dict[str, Any]:
    """What the trail may know of it: no text."""
    return {
        "title_length": len(task.title),
        "description_length": len(task.description),
        "status": task.status,
        "due_on": task.due_on,
        "assignee": task.assignee_id,
    }


def _difference(before: dict[str, Any], after: dict[str, Any], texts: Iterable[str] = ()) -> dict[str, dict[str, Any]]:
    """`texts`: those that are others now, though perhaps as long as before."""
    told = {f"{name}_length" for name in texts}
    changed = [name for name, value in after.items() if before[name] != value or name in told]
    return {"before": {name: before[name] for name in changed}, "after": {name: after[name] for name in changed}}
