"""Which tasks are wanted, and what a list has of each."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from core.models import TaskSource, TaskStatus


class TaskGroup(StrEnum):
    """The groups of the page; what is open is in one of the first four."""

    OVERDUE = "overdue"
    TODAY = "today"
    UPCOMING = "upcoming"
    SOMEDAY = "someday"
    DONE = "done"


class Whose(StrEnum):
    """Of what a person sees."""

    ALL = "all"
    MINE = "mine"
    """They are to do it."""
    GIVEN = "given"
    """They made it, and somebody else is to do it."""


@dataclass(frozen=True, slots=True)
class TaskPlace:
    """Where a task stands in its list: what comes next begins behind it."""

    id: UUID
    due_on: date | None = None
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TasksWanted:
    """Which tasks, of those that a person sees. None: whichever."""

    status: TaskStatus | None = None
    group: TaskGroup | None = None
    """It says more than `status`, which then has to be None."""
    today: date | None = None
    """Where the groups begin and end; needed with `group`."""
    whose: Whose = Whose.ALL
    owner_id: UUID | None = None
    assignee_id: UUID | None = None
    person_id: UUID | None = None
    """Owned by them or theirs to do."""
    source: TaskSource | None = None
    due_from: date | None = None
    due_to: date | None = None
    """Inclusive. With one of the two what has no date is left out."""
    conversation_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class TaskLine:
    """A task as lists show it."""

    id: UUID
    title: str
    has_description: bool
    status: TaskStatus
    due_on: date | None
    created_at: datetime
    completed_at: datetime | None
    reopened_at: datetime | None
    owner_id: UUID
    owner_name: str
    assignee_id: UUID
    assignee_name: str
    source: TaskSource
    conversation_id: UUID | None
    """None too where the reader may not read it."""
    message_id: UUID | None
    message_seq: int | None
    """Where in that conversation the message stands."""
    version: int

    @property
    def place(self) -> TaskPlace:
        return TaskPlace(self.id, self.due_on, self.completed_at)


@dataclass(frozen=True, slots=True)
class TaskCounts:
    """Of what is open: what a person is to do, or what others are to do for them, or both."""

    overdue: int
    today: int
    upcoming: int
    someday: int
    given: int
    """Open, and given to others."""

    @property
    def due(self) -> int:
        return self.overdue + self.today

    @property
    def open(self) -> int:
        return self.due + self.upcoming + self.someday
