from dataclasses import dataclass

from sqlalchemy import func, or_, select

from core.models import ACTIVE, AnswerRun, QueuedQuestion, RunStatus
from core.models.base import literal_of, table_of
from core.repositories.base import Repository

_runs, _questions = table_of(AnswerRun), table_of(QueuedQuestion)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Of all companies and processes together."""

    queued: int
    """Runs that nobody has taken yet."""
    running: int
    questions: int
    """Questions that wait for the answer before them."""


class Backlog(Repository):
    def get_waiting(self) -> Waiting:
        """One query over what is active; runs that ended, nearly all of them, are in no index that it reads."""
        active = or_(*(_runs.c.status == literal_of(_runs.c.status, one) for one in ACTIVE))
        states = [func.count().filter(_runs.c.status == one) for one in (RunStatus.QUEUED, RunStatus.RUNNING)]
        questions = select(func.count()).select_from(_questions).scalar_subquery()
        found = self.session.execute(select(*states, questions).select_from(_runs).where(active))
        return Waiting(*tuple(found.one()))
