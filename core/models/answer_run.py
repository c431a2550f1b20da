from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field

from core.models.base import Record, counter_field, enum_field, one_of, time_field


class RunStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETE = "complete"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    WAITING = "waiting"
    """Ended with a question to its person; what they decide begins another run."""

    @property
    def is_active(self) -> bool:
        return self in ACTIVE


ACTIVE = (RunStatus.QUEUED, RunStatus.RUNNING)


class AnswerRun(Record, table=True):
    """An answer being written, as a record: it outlives the page, the tab and the process that make it."""

    __tablename__ = "answer_runs"
    __table_args__ = (
        one_of("status", RunStatus),
        Index(
            "answer_runs_conversation_running_key",
            "conversation_id",
            unique=True,
            postgresql_where=text("status = 'running'"),
        ),
        # What the sweeper looks for; finished runs, nearly all of them, are not in it. Without the heartbeat, which
        # would have every sign of life write to the index as well.
        Index(
            "answer_runs_active_idx",
            "id",
            postgresql_where=text("status IN ('queued', 'running')"),
        ),
    )

    conversation_id: UUID = Field(foreign_key="conversations.id", index=True, ondelete="CASCADE")
    message_id: UUID = Field(foreign_key="messages.id", index=True, ondelete="CASCADE")
    asked_by: UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    model: str | None = None
    """The conversation's choice when it was asked; None: the default model."""
    status: RunStatus = enum_field(RunStatus, RunStatus.QUEUED)
    partial: str = ""
    """What has arrived so far; at the end it is copied into the message and emptied here."""
    resumed_at: int = counter_field()
    """Characters of `partial` that were there when this run began: it goes on from an answer that had broken off."""
    prompt_tokens: int | None = None
    """Estimated when it began: what to book as input should its process die. None before."""
    worker_id: UUID | None = None
    heartbeat_at: datetime = time_field()
    stop_requested_at: datetime | None = time_field(None)
    finished_at: datetime | None = time_field(None)
    error_code: str | None = None
