"""What somebody has to do: the first kind of record that people and the assistant keep together."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from core.models.base import Record, counter_field, enum_field, one_of, time_field

MAX_TASK_TITLE = 255
MAX_TASK_DESCRIPTION = 10_000

IS_OPEN = "status = 'open' AND deleted_at IS NULL"
IS_DONE = "status = 'done' AND deleted_at IS NULL"
IS_THERE = "deleted_at IS NULL"
IS_GIVEN = "assignee_id <> owner_id"
DUE = "coalesce(due_on, 'infinity'::date)"
"""What is due comes first, what is due some day last."""
_LATEST = text("completed_at DESC"), text("id DESC")


class TaskStatus(StrEnum):
    OPEN = "open"
    DONE = "done"


class TaskSource(StrEnum):
    """How it was made."""

    PERSON = "person"
    COMMAND = "command"
    ASSISTANT = "assistant"


class Task(Record, table=True):
    """Its owner's, who made it or had it made, and its assignee's, who is to do it; nobody else sees it."""

    __tablename__ = "tasks"
    __table_args__ = (
        one_of("status", TaskStatus),
        one_of("source", TaskSource),
        CheckConstraint(f"char_length(title) BETWEEN 1 AND {MAX_TASK_TITLE}", name="title"),
        CheckConstraint(f"char_length(description) <= {MAX_TASK_DESCRIPTION}", name="description"),
        CheckConstraint("status = 'open' OR completed_at IS NOT NULL", name="completed"),
        # Each list of the page in its own order, for those who are to do it and for those who gave it to others. What
        # people do themselves is found through who is to do it: they are most, and nobody looks through them for
        # the others.
        # With what is counted of them: PostgreSQL takes no column out of an expression.
        Index(
            "tasks_assignee_counted_idx",
            "assignee_id",
            text(DUE),
            "id",
            postgresql_include=["due_on"],
            postgresql_where=text(IS_OPEN),
        ),
        Index(
            "tasks_given_open_idx",
            "owner_id",
            text(DUE),
            "id",
            postgresql_include=["due_on", "assignee_id"],
            postgresql_where=text(f"{IS_OPEN} AND {IS_GIVEN}"),
        ),
        Index("tasks_assignee_done_idx", "assignee_id", *_LATEST, postgresql_where=text(IS_DONE)),
        Index("tasks_given_done_idx", "owner_id", *_LATEST, postgresql_where=text(f"{IS_DONE} AND {IS_GIVEN}")),
        Index("tasks_assignee_idx", "assignee_id", text("id DESC"), postgresql_where=text(IS_THERE)),
        Index("tasks_given_idx", "owner_id", text("id DESC"), postgresql_where=text(f"{IS_THERE} AND {IS_GIVEN}")),
        # What its owner takes along, and brings back.
        Index("tasks_deleted_idx", "owner_id", "id", postgresql_where=text("deleted_at IS NOT NULL")),
        # What was made in a conversation, and what has to forget it when it goes.
        Index("tasks_conversation_id_idx", "conversation_id", postgresql_where=text("conversation_id IS NOT NULL")),
        Index("tasks_message_id_idx", "message_id", postgresql_where=text("message_id IS NOT NULL")),
    )

    company_id: UUID = Field(foreign_key="companies.id", index=True, ondelete="CASCADE")
    owner_id: UUID = Field(foreign_key="users.id")
    assignee_id: UUID = Field(foreign_key="users.id")
    title: str
    description: str = ""
    status: TaskStatus = enum_field(TaskStatus, TaskStatus.OPEN)
    due_on: date | None = None
    """A day, the same one wherever it is read; None: some day."""
    completed_at: datetime | None = time_field(None)
    """When it was done last; it stays when the task is opened again."""
    completed_by: UUID | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")
    reopened_at: datetime | None = time_field(None)
    """When it was opened again last; None: never."""
    source: TaskSource = enum_field(TaskSource, TaskSource.PERSON)
    conversation_id: UUID | None = Field(default=None, foreign_key="conversations.id", ondelete="SET NULL")
    """Where it was made; None for what was made on the page of tasks, and when the conversation is gone."""
    message_id: UUID | None = Field(default=None, foreign_key="messages.id", ondelete="SET NULL")
    """The message that it came from."""
    client_key: UUID | None = Field(default=None, unique=True)
    """Minted by whoever makes it: the same key twice is the same task."""
    version: int = counter_field()
    """Counts up with each change: who edits it names the one that they saw."""
    deleted_at: datetime | None = time_field(None)
