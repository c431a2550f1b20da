"""Tasks as pages and tools see them."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from core.models import TaskSource
from core.repositories.task_wanted import TaskCounts, TaskGroup, TaskLine, TaskPlace, TasksWanted, Whose

__all__ = [
    "NewTask",
    "TaskCounts",
    "TaskGroup",
    "TaskLine",
    "TaskPage",
    "TaskPlace",
    "TaskView",
    "TasksWanted",
    "Whose",
]


@dataclass(frozen=True, slots=True)
class NewTask:
    title: str
    description: str = ""
    due_on: date | None = None
    """None: some day."""
    assignee_id: UUID | None = None
    """None: whoever makes it."""
    source: TaskSource = TaskSource.PERSON
    conversation_id: UUID | None = None
    """Where it was made."""
    message_id: UUID | None = None
    """The message that it comes from; then `conversation_id` is that message's."""


@dataclass(frozen=True, slots=True)
class TaskView:
    line: TaskLine
    description: str
    may_delete: bool
    masked: str | None = None
    """What a rule took out of it when it was written, in a sentence; None: nothing."""

    @property
    def id(self) -> UUID:
        return self.line.id

    @property
    def title(self) -> str:
        return self.line.title


@dataclass(frozen=True, slots=True)
class TaskPage:
    tasks: tuple[TaskLine, ...]
    next: TaskPlace | None
    """Pass it as `after` for those that follow; None at the end of the list."""
