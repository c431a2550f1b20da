from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, exists, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased
from sqlmodel import col

from core import clock
from core.models import ACTIVE, AnswerRun, RunStatus
from core.models.base import literal_of, table_of
from core.repositories.base import Repository

_runs = table_of(AnswerRun)
_queued = literal_of(_runs.c.status, RunStatus.QUEUED)
_running = literal_of(_runs.c.status, RunStatus.RUNNING)


class AnswerRuns(Repository):
    def add(self, run: AnswerRun) -> AnswerRun:
        self.session.add(run)
        self.session.flush()
        return run

    def get(self, run_id: UUID) -> AnswerRun | None:
        return self.session.get(AnswerRun, run_id, populate_existing=True)

    def get_active(self, conversation_id: UUID) -> AnswerRun | None:
        """The oldest run of the conversation that is queued or running."""
        statement = (
            select(AnswerRun)
            .where(_runs.c.conversation_id == conversation_id, _runs.c.status.in_(ACTIVE))
            .order_by(_runs.c.id)
            .limit(1)
        )
        return self.session.execute(statement).scalar_one_or_none()

    def get_by_message(self, message_id: UUID) -> AnswerRun | None:
        """The latest run that wrote, or writes, this answer."""
        statement = select(AnswerRun).where(_runs.c.message_id == message_id).order_by(_runs.c.id.desc()).limit(1)
        return self.session.execute(statement).scalar_one_or_none()

    def list_error_codes(self, message_ids: list[UUID]) -> dict[UUID, str]:
        statement = select(_runs.c.message_id, _runs.c.error_code).where(
            _runs.c.message_id.in_(message_ids), _runs.c.error_code.is_not(None)
        )
        return {row.message_id: row.error_code for row in self.session.execute(statement)}

    def claim(self, run_id: UUID, worker_id: UUID) -> AnswerRun | None:
        """Takes a queued run for this worker; None when it is taken, ended, or its conversation is busy."""
        other = aliased(AnswerRun)
        busy = exists().where(
            col(other.conversation_id) == _runs.c.conversation_id,
            col(other.status) == RunStatus.RUNNING,
            col(other.id) != _runs.c.id,
        )
        is_free = _runs.c.status == RunStatus.QUEUED
        # Its own claim once more: the answer to the first one was lost on the way from PostgreSQL.
        is_held = and_(_runs.c.status == RunStatus.RUNNING, _runs.c.worker_id == worker_id)
        statement = (
            update(AnswerRun)
            .where(_runs.c.id == run_id, is_free | is_held, ~busy)
            .values(status=RunStatus.RUNNING, worker_id=worker_id, heartbeat_at=clock.now())
            .returning(AnswerRun)
        )
        options = {"synchronize_session": False, "populate_existing": True}
        try:
            with self.session.begin_nested():
                return self.session.execute(statement, execution_options=options).scalar_one_or_none()
        except IntegrityError:  # another worker began one of this conversation in the same moment
            return None

    def request_stop_of_all(self, user_id: UUID) -> None:
        """Ends whatever is being answered to this person."""
        self.session.execute(
            update(_runs)
            .where(_runs.c.asked_by == user_id, _runs.c.status.in_(ACTIVE), _runs.c.stop_requested_at.is_(None))
            .values(stop_requested_at=clock.now())
        )

    def flush_partial(self, run_id: UUID, worker_id: UUID, partial: str) -> bool | None:
        """Keeps what has arrived and says we are alive.

        True when somebody asked to stop; None when the run is not ours any more.
        """
        statement = (
            update(_runs)
            .where(_runs.c.id == run_id, _runs.c.worker_id == worker_id, _runs.c.status == RunStatus.RUNNING)
            .values(partial=partial, heartbeat_at=clock.now())
            .returning(_runs.c.stop_requested_at)
        )
        row = self.session.execute(statement).one_or_none()
        return None if row is None else row.stop_requested_at is not None

    def request_stop(self, run_id: UUID) -> None:
        self.session.execute(
            update(_runs)
            .where(_runs.c.id == run_id, _runs.c.status.in_(ACTIVE), _runs.c.stop_requested_at.is_(None))
            .values(stop_requested_at=clock.now())
        )

    def finish(self, run_id: UUID, status: RunStatus, error_code: str | None = None) -> bool:
        """Ends a run that has not ended; False when it had."""
        statement = (
            update(_runs)
            .where(_runs.c.id == run_id, _runs.c.status.in_(ACTIVE))
            .values(status=status, error_code=error_code, finished_at=clock.now(), partial="")
            .returning(_runs.c.id)
        )
        return self.session.execute(statement).one_or_none() is not None

    def list_stale(self, since: datetime) -> list[AnswerRun]:
        """Running runs whose worker has not been heard of since then, locked for this transaction."""
        statement = (
            select(AnswerRun)
            .where(_runs.c.status == _running, _runs.c.heartbeat_at < since)
            .with_for_update(skip_locked=True)
        )
        return list(self.session.execute(statement).scalars())

    def list_unclaimed(self, since: datetime) -> list[UUID]:
        """Queued runs that nobody took although they are older than that."""
        statement = select(_runs.c.id).where(_runs.c.status == _queued, _runs.c.heartbeat_at < since)
        return list(self.session.execute(statement.order_by(_runs.c.id)).scalars())
