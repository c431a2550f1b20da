from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnClause, Update, and_, bindparam, case, column, exists, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased
from sqlmodel import col

from core import clock
from core.models import ACTIVE, AnswerRun, RunStatus
from core.models.base import literal_of, table_of
from core.repositories.base import Repository
from core.repositories.standings import Standings

_runs = table_of(AnswerRun)
_queued = literal_of(_runs.c.status, RunStatus.QUEUED)
_running = literal_of(_runs.c.status, RunStatus.RUNNING)


@dataclass(frozen=True, slots=True)
class Arrived:
    """What has arrived for a run since it was last kept: `text` belongs behind the first `cursor` characters."""

    run_id: UUID
    cursor: int
    text: str


def _keeping() -> Update:
    """One statement for all runs of a worker. Kept twice is kept once: the text is cut at the cursor first."""
    given = {
        name: bindparam(name, type_=ARRAY(kind.type))
        for name, kind in {"ids": _runs.c.id, "cursors": _runs.c.resumed_at, "texts": _runs.c.partial}.items()
    }
    columns: tuple[ColumnClause[Any], ...] = (
        column("id", _runs.c.id.type),
        column("cursor", _runs.c.resumed_at.type),
        column("text", _runs.c.partial.type),
    )
    arrived = func.unnest(*given.values()).table_valued(*columns, joins_implicitly=True).render_derived("arrived")
    # In the order of their ids, as whoever stops several of them does it: the two wait instead of blocking each other.
    held = (
        select(_runs.c.id)
        .where(
            _runs.c.id == func.any(given["ids"]),
            _runs.c.worker_id == bindparam("worker", type_=_runs.c.worker_id.type),
            _runs.c.status == _running,
        )
        .order_by(_runs.c.id)
        .with_for_update(key_share=True)
        .cte("held")
    )
    longer = func.left(_runs.c.partial, arrived.c.cursor).concat(arrived.c.text)
    return (
        update(_runs)
        .where(_runs.c.id == held.c.id, _runs.c.id == arrived.c.id)
        .values(
            # Nothing new: the text as it is, which PostgreSQL then has not to write again.
            partial=case((arrived.c.text == "", _runs.c.partial), else_=longer),
            heartbeat_at=bindparam("now", type_=_runs.c.heartbeat_at.type),
        )
        .returning(_runs.c.id, _runs.c.stop_requested_at.is_not(None).label("wants_stop"))
    )


_keep = _keeping()


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

    def list_active(self, conversation_ids: Collection[UUID]) -> dict[UUID, UUID]:
        """The same for several conversations at once; those at rest are missing."""
        statement = select(_runs.c.conversation_id, _runs.c.id).where(
            _runs.c.conversation_id.in_(conversation_ids), _runs.c.status.in_(ACTIVE)
        )
        # The oldest of a conversation comes last, and stays.
        return {row[0]: row[1] for row in self.session.execute(statement.order_by(_runs.c.id.desc()))}

    def get_by_message(self, message_id: UUID) -> AnswerRun | None:
        """The latest run that wrote, or writes, this answer."""
        statement = select(AnswerRun).where(_runs.c.message_id == message_id).order_by(_runs.c.id.desc()).limit(1)
        return self.session.execute(statement).scalar_one_or_none()

    def get_since(self, run_id: UUID, cursor: int) -> tuple[RunStatus, UUID, str] | None:
        """Status, message and what has arrived behind the first `cursor` characters; None for an unknown run."""
        statement = select(_runs.c.status, _runs.c.message_id, func.substr(_runs.c.partial, cursor + 1))
        row = self.session.execute(statement.where(_runs.c.id == run_id)).one_or_none()
        return (row[0], row[1], row[2]) if row else None

    def list_failures(self, message_ids: list[UUID]) -> dict[UUID, tuple[UUID, str]]:
        """For each answer whose latest unlucky run says why: that run and its error code."""
        statement = (
            select(_runs.c.message_id, _runs.c.id, _runs.c.error_code)
            .where(_runs.c.message_id.in_(message_ids), _runs.c.error_code.is_not(None))
            .order_by(_runs.c.id)
        )
        return {row.message_id: (row.id, row.error_code) for row in self.session.execute(statement)}

    def claim(self, run_id: UUID, worker_id: UUID) -> AnswerRun | None:
        """Takes a queued run for this worker; None when it is taken, ended, or its conversation is busy."""
        other = aliased(AnswerRun)
        busy = exists().where(
            col(other.conversation_id) == _runs.c.conversation_id,
            col(other.status) == _running,
            col(other.id) != _runs.c.id,
        )
        is_free = _runs.c.status == _queued
        # Its own claim once more: the answer to the first one was lost on the way from PostgreSQL.
        is_held = and_(_runs.c.status == _running, _runs.c.worker_id == worker_id)
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

    def keep(self, worker_id: UUID, arrived: Sequence[Arrived]) -> dict[UUID, bool]:
        """Keeps what has arrived for a worker's runs and says that it is alive.

        For each of them whether somebody asked to stop it; a run that is missing is not this worker's any more.
        """
        given: dict[str, Any] = {
            "worker": worker_id,
            "now": clock.now(),
            "ids": [one.run_id for one in arrived],
            "cursors": [one.cursor for one in arrived],
            "texts": [one.text for one in arrived],
        }
        return {row.id: row.wants_stop for row in self.session.execute(_keep, given)}

    def go_on_from(self, run_id: UUID, length: int) -> None:
        """What was written up to there is paid for: should its process die, only what comes behind it is booked."""
        self.session.execute(update(_runs).where(_runs.c.id == run_id).values(resumed_at=length))

    def request_stop(self, run_id: UUID) -> None:
        self.session.execute(
            update(_runs)
            .where(_runs.c.id == run_id, _runs.c.status.in_(ACTIVE), _runs.c.stop_requested_at.is_(None))
            .values(stop_requested_at=clock.now())
        )

    def request_stop_of_all(self, user_id: UUID) -> None:
        """Ends whatever is being answered to this person."""
        held = (
            select(_runs.c.id)
            .where(_runs.c.asked_by == user_id, _runs.c.status.in_(ACTIVE), _runs.c.stop_requested_at.is_(None))
            .order_by(_runs.c.id)
            .with_for_update(key_share=True)
            .cte("held")
        )
        self.session.execute(update(_runs).where(_runs.c.id == held.c.id).values(stop_requested_at=clock.now()))

    def finish(self, run_id: UUID, status: RunStatus, error_code: str | None = None) -> bool:
        """Ends a run that has not ended; False when it had. What budgets held back for it is given back."""
        statement = (
            update(_runs)
            .where(_runs.c.id == run_id, _runs.c.status.in_(ACTIVE))
            .values(status=status, error_code=error_code, finished_at=clock.now(), partial="")
            .returning(_runs.c.id)
        )
        if self.session.execute(statement).one_or_none() is None:
            return False
        Standings(self.session).release(run_id)
        return True

    def list_stale(self, since: datetime) -> list[UUID]:
        """Running runs whose worker has not been heard of since then."""
        statement = select(_runs.c.id).where(_runs.c.status == _running, _runs.c.heartbeat_at < since)
        return list(self.session.execute(statement.order_by(_runs.c.id)).scalars())

    def get_stale(self, run_id: UUID, since: datetime) -> AnswerRun | None:
        """That run, locked, if it is still without a sign of life; None too while another sweeper has it."""
        statement = (
            select(AnswerRun)
            .where(_runs.c.id == run_id, _runs.c.status == _running, _runs.c.heartbeat_at < since)
            .with_for_update(skip_locked=True, key_share=True)
            .execution_options(populate_existing=True)
        )
        return self.session.execute(statement).scalar_one_or_none()

    def list_unclaimed(self, since: datetime) -> list[UUID]:
        """Queued runs that nobody took although they are older than that."""
        statement = select(_runs.c.id).where(_runs.c.status == _queued, _runs.c.heartbeat_at < since)
        return list(self.session.execute(statement.order_by(_runs.c.id)).scalars())
