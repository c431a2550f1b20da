"""Taking back what a tool or a command has done to a task, while it is as that left it."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from core.assistant.tools.registry import Caller
from core.errors import Conflict, NotFound
from core.models import TaskStatus
from core.services.task_views import TaskView
from core.services.tasks import TaskService

ALREADY = "That was taken back already."
CHANGED_SINCE = "The task was changed since, so this can't be taken back. Change it on the page of tasks."
GONE_SINCE = "The task isn't yours any more, so this can't be taken back."


def service_of(caller: Caller) -> TaskService:
    return TaskService(caller.database, caller.told_person)


def kept_of(before: TaskView, changes: Mapping[str, Any]) -> dict[str, Any]:
    """How it was, as JSON has it."""
    line = before.line
    values: dict[str, Any] = {
        "title": line.title,
        "description": before.description,
        "due_on": line.due_on and line.due_on.isoformat(),
        "assignee_id": str(line.assignee_id),
    }
    return {name: values[name] for name in changes}


def undo_of_update(before: TaskView, changes: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**_next_of(before), "before": kept_of(before, changes)}


def undo_of_move(before: TaskView, *, done: bool) -> Mapping[str, Any]:
    return {**_next_of(before), "done": done}


def _next_of(before: TaskView) -> dict[str, Any]:
    """The task, and the version that one change makes of it."""
    return {"task_id": str(before.line.id), "version": before.line.version + 1}


def left_by(caller: Caller, task: TaskView) -> Mapping[str, Any] | None:
    """What takes the call back that an earlier attempt made: nothing was left to change, and the task is as that left
    it. None: there was no such attempt, and it was like that before.
    """
    return caller.undo if caller.undo and caller.undo["version"] == task.line.version else None


def undo_create(caller: Caller, undo: Mapping[str, Any]) -> str:
    tasks, task_id = service_of(caller), UUID(undo["task_id"])
    try:
        tasks.delete(caller.actor, task_id, version=undo["version"])
    except NotFound:
        return ALREADY  # it is their own: it can only be deleted
    except Conflict as error:
        raise Conflict(CHANGED_SINCE) from error
    return "Taken back: the task is deleted."


def undo_update(caller: Caller, undo: Mapping[str, Any]) -> str:
    values = dict(undo["before"])
    if "due_on" in values:
        values["due_on"] = values["due_on"] and date.fromisoformat(values["due_on"])
    if "assignee_id" in values:
        values["assignee_id"] = UUID(values["assignee_id"])
    tasks, task_id = service_of(caller), UUID(undo["task_id"])
    return _taken_back(
        caller,
        undo,
        lambda: tasks.update(caller.actor, task_id, **values, version=undo["version"]),
        lambda task: kept_of(task, values) == undo["before"],
    )


def undo_complete(caller: Caller, undo: Mapping[str, Any]) -> str:
    tasks, task_id = service_of(caller), UUID(undo["task_id"])
    move, status = (tasks.reopen, TaskStatus.OPEN) if undo["done"] else (tasks.complete, TaskStatus.DONE)
    return _taken_back(
        caller,
        undo,
        lambda: move(caller.actor, task_id, version=undo["version"]),
        lambda task: task.line.status is status,
    )


def _taken_back(
    caller: Caller, undo: Mapping[str, Any], act: Callable[[], TaskView], is_as_before: Callable[[TaskView], bool]
) -> str:
    """Does it while the task is as the call left it; a second time it only says that it is done."""
    try:
        try:
            return f"Taken back: “{act().title}” is as it was."
        except Conflict as error:
            task = service_of(caller).get(caller.actor, UUID(undo["task_id"]))
            if task.line.version == undo["version"] + 1 and is_as_before(task):
                return ALREADY
            raise Conflict(CHANGED_SINCE) from error
    except NotFound as error:
        raise Conflict(GONE_SINCE) from error
