"""What came of a tool for tasks, as models and people are told of it."""

from datetime import date
from typing import Any

from core.assistant.tools.registry import Caller, Link
from core.services.task_views import TaskLine, TaskView

Task = TaskView | TaskLine


def link_to(task: Task) -> Link:
    return Link("Open the task", "tasks", {"task": str(task.id)})


def told_of(caller: Caller, task: Task) -> dict[str, Any]:
    line = task.line if isinstance(task, TaskView) else task
    facts: dict[str, Any] = {
        "id": line.id,
        "title": line.title,
        "status": line.status,
        "due_on": line.due_on,
        "assignee": line.assignee_name,
        "made_by": line.owner_name,
    }
    if isinstance(task, TaskView) and not caller.is_room:
        facts["description"] = task.description
    return facts


def with_note(told: dict[str, Any], masked: str | None) -> dict[str, Any]:
    return told | {"note": masked} if masked else told


def for_whom(caller: Caller, line: TaskLine) -> str:
    return "" if line.assignee_id == caller.actor.user_id else f" for {line.assignee_name}"


def due_by(day: date | None) -> str:
    return f", due {day:%-d %B %Y}" if day else ""


def how_many(count: int) -> str:
    return "one task" if count == 1 else f"{count or 'no'} tasks"
