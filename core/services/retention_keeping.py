"""Removing for good what is too old to be kept: in small batches, by one process at a time, and with proof."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.assistant.titles import title_from
from core.database.engine import Database
from core.errors import DatabaseUnavailable
from core.models import MAX_TITLE, AuditAction, ConversationKind, RetentionRun, TargetType
from core.repositories.audit import Audit
from core.repositories.companies import Companies
from core.repositories.conversations import Conversations
from core.repositories.expiry import Expiry, Taken
from core.repositories.legal_holds import LegalHolds
from core.repositories.retention import Retention, cutoff_in_force
from core.services.background import Background
from core.services.retention_views import Gone, LastRun

log = logging.getLogger(__name__)

BATCH = 500
"""Messages that go in one transaction, all of one conversation."""
LOOK_EVERY = 60 * 60.0
"""Seconds between two looks whether it is time."""
APART = timedelta(days=1)
"""Between the beginnings of two runs."""
LOOK_AGAIN = 30.0
"""Seconds, when PostgreSQL was away."""
NOTHING = {"messages": 0, "conversations": 0, "chats": 0}


@dataclass(frozen=True, slots=True)
class Step:
    """What one transaction of a run did."""

    messages: int = 0
    conversation_id: UUID | None = None
    """Of which something went."""
    is_gone: bool = False
    """The whole of it."""


class RetentionKeeper(Background):
    """Removes what the companies' rules say, beside everything else that a process does.

    A step of a run is one transaction, together with how far the run is and what went so far: whoever comes after one
    that was killed goes on with the next step, and of several processes each does one at a time. In each step the rules
    and holds of that moment hold; setting one waits for the step under way.
    """

    def __init__(
        self, database: Database, changed: Callable[[UUID], None], listed: Callable[[UUID], None], *, batch: int = BATCH
    ) -> None:
        """After a step `changed` is told of a conversation that has less in it now, `listed` of one that is gone."""
        super().__init__("retention-keeper")
        self.database = database
        self.changed = changed
        self.listed = listed
        self.batch = batch

    def list_companies(self) -> list[tuple[UUID, str]]:
        """Those with a rule or an unfinished run, with their names."""
        with self.database.reading() as session:
            found = [Companies(session).get(company_id) for company_id in Retention(session).list_companies()]
            return [(company.id, company.name) for company in found if company]

    def is_due(self, company_id: UUID) -> bool:
        """A run is unfinished, or the last one began more than a day ago."""
        with self.database.reading() as session:
            last = Retention(session).get_last(company_id)
        return last is None or last.finished_at is None or clock.now() - last.created_at >= APART

    def begin(self, company_id: UUID) -> bool:
        """A run by the rules of now, unless one is unfinished. False where there is neither."""
        with self.database.transaction() as session:
            retention = Retention(session)
            retention.lock(company_id)
            if retention.get_unfinished(company_id):
                return True
            if not retention.days(company_id):
                return False
            run = retention.add_run(company_id, clock.now())
            _record(session, AuditAction.RETENTION_RUN_BEGUN, run, {})
            return True

    def work(self, company_id: UUID) -> Iterator[Step]:
        """Does one step of the unfinished run after another, until it is finished."""
        while not self.stopping.is_set():
            step = self._step(company_id)
            if step is None:
                return
            if step.conversation_id:
                (self.listed if step.is_gone else self.changed)(step.conversation_id)
            yield step

    def last_run(self, company_id: UUID) -> LastRun | None:
        with self.database.reading() as session:
            run = Retention(session).get_last(company_id)
        return last_run(run) if run else None

    def _step(self, company_id: UUID) -> Step | None:
        with self.database.transaction() as session:
            retention = Retention(session)
            retention.lock(company_id)
            run = retention.get_unfinished(company_id)
            if run is None:
                return None
            step = _advance(session, run, self.batch)
            if step is None:
                run.finished_at = clock.now()
            retention.save_run(run)
            if step is None:
                _record(session, AuditAction.RETENTION_RUN_ENDED, run, {"removed": run.removed})
            return step

    def run(self) -> None:
        while not self.stopping.is_set():
            pause = LOOK_EVERY
            try:
                self._look()
            except DatabaseUnavailable:
                pause = LOOK_AGAIN
            except Exception:
                log.exception("retention_failed")
            self.stopping.wait(pause)

    def _look(self) -> None:
        for company_id, _ in self.list_companies():
            if self.stopping.is_set() or not self.is_due(company_id) or not self.begin(company_id):
                continue
            messages = sum(step.messages for step in self.work(company_id))
            log.info("retention_run company=%s messages=%d", company_id, messages)


def _advance(session: Session, run: RetentionRun, batch: int) -> Step | None:
    """One step from where the run is; None when nothing is left to do."""
    days = Retention(session).days(run.company_id)
    for kind in _kinds_left(run):
        if run.kind is not kind:
            run.kind, run.conversation_id, run.is_partway = kind, None, False
        before = cutoff_in_force(run, kind, days)
        if before is None:  # the rule was removed
            continue
        place = Expiry(session).next(run.company_id, kind, before, _behind(run))
        if place.found is not None:
            return _take(session, run, place.found, before, batch)
        if place.last is not None:
            run.conversation_id, run.is_partway = place.last, False
            return Step()
    return None


def _kinds_left(run: RetentionRun) -> list[ConversationKind]:
    kinds = [kind for kind in ConversationKind if kind.value in run.cutoffs]
    return kinds[kinds.index(run.kind) :] if run.kind else kinds


def _behind(run: RetentionRun) -> UUID | None:
    """After which id the run goes on: with the last conversation once more where that may have more to go."""
    if run.conversation_id is None or not run.is_partway:
        return run.conversation_id
    return UUID(int=run.conversation_id.int - 1)


def _take(session: Session, run: RetentionRun, conversation_id: UUID, before: datetime, batch: int) -> Step:
    conversation = Conversations(session).lock(conversation_id)
    taken = Taken(0)
    # Once more, now that nobody joins it any more.
    if conversation and not LegalHolds(session).is_held(conversation_id):
        taken = Expiry(session).take(conversation, before, batch)
        if taken.loses_title:
            question = Expiry(session).first_question(conversation_id)
            Expiry(session).rename(conversation, title_from(question, MAX_TITLE) if question else "")
    is_same = run.is_partway and run.conversation_id == conversation_id
    run.conversation_id, run.is_partway = conversation_id, taken.messages == batch and not taken.is_all
    _count(run, taken, is_first=not is_same)
    return Step(taken.messages, conversation_id if taken.messages else None, taken.is_all)


def _count(run: RetentionRun, taken: Taken, *, is_first: bool) -> None:
    assert run.kind
    counts = NOTHING | run.removed.get(run.kind.value, {})
    counts["messages"] += taken.messages
    counts["conversations"] += bool(taken.messages) and is_first
    counts["chats"] += taken.is_all
    if any(counts.values()):
        run.removed = run.removed | {run.kind.value: counts}


def last_run(run: RetentionRun) -> LastRun:
    sums = {name: sum(counts[name] for counts in run.removed.values()) for name in NOTHING}
    return LastRun(run.created_at, run.finished_at, Gone(**sums))


def _record(session: Session, action: AuditAction, run: RetentionRun, more: dict[str, Any]) -> None:
    holds = LegalHolds(session).count(run.company_id)
    Audit(session).record(
        action,
        actor=None,
        company_id=run.company_id,
        target_type=TargetType.RETENTION,
        target_id=run.id,
        after={"cutoffs": run.cutoffs, "holds": holds} | more,
    )
