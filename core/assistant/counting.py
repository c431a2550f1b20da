"""The ledger and the ends of answers, with this process's own numbers of both: of what is committed, and once."""

from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import event
from sqlmodel import Session

from core.models import CallPurpose, CallStatus, ModelCall, RunStatus
from core.repositories.answer_runs import AnswerRuns
from core.repositories.model_calls import ModelCalls, Spending
from core.telemetry import counted


def book(session: Session, rows: Sequence[ModelCall]) -> Spending:
    """Adds rows to the ledger, and what those came to that were not there already: failed attempts are booked while
    the answer is still written, and come once more with its end.
    """
    booked = ModelCalls(session).add_all(rows)
    new = [row for row in rows if row.id in booked.ids]
    _when_committed(session, lambda: _count(new))
    return booked.spending


def end_run(session: Session, run_id: UUID, status: RunStatus, error_code: str | None = None) -> bool:
    """Ends a run that has not ended; False when it had, by whomever."""
    if not AnswerRuns(session).finish(run_id, status, error_code):
        return False
    _when_committed(session, lambda: _count_end(status, error_code))
    return True


def _when_committed(session: Session, act: Callable[[], None]) -> None:
    def committed(_: Session) -> None:
        if not session.in_nested_transaction():  # the end of a savepoint is told in the same way
            act()

    event.listen(session, "after_commit", committed)


def _count(rows: Sequence[ModelCall]) -> None:
    for row in rows:
        counted.model_calls.count(row.model, row.purpose, row.status)
        kinds = {"input": row.input_tokens, "cached": row.cached_tokens, "output": row.output_tokens}
        for kind, tokens in kinds.items():
            counted.tokens.add(tokens or 0, row.model, kind)
        if row.cost is None:
            counted.unpriced.count(row.model)
        else:
            counted.cost.add(float(row.cost), row.model)
        if row.first_token_ms is not None:
            counted.first_token_seconds.observe(row.first_token_ms / 1000, row.model)
        if row.purpose is CallPurpose.ANSWER and row.status is CallStatus.COMPLETE:
            counted.answer_seconds.observe(row.duration_ms / 1000, row.model)


def _count_end(status: RunStatus, error_code: str | None) -> None:
    counted.runs_ended.count(status)
    if error_code:
        counted.errors.count("answer", error_code)
