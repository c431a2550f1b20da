"""The transactions of an answer's life: begun, kept while it arrives, finished, or found abandoned."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.assistant.asking import Next, ask_next, goes_on_after, move_on
from core.assistant.budgeting import Budgeting, spend_holds, title_of
from core.assistant.counting import book, end_run
from core.assistant.jobs import Job, load_job, origin_of
from core.assistant.ledger import Call, Origin, rows_of, unlinked
from core.assistant.provider import Assistant
from core.assistant.screening import report_asked
from core.assistant.stream import MISSING, Usage
from core.assistant.tokens import estimate_tokens
from core.database.engine import Database
from core.errors import AnswerInterrupted, ParleyError
from core.models import (
    AnswerRun,
    CallPurpose,
    CallStatus,
    Conversation,
    Message,
    MessageStatus,
    ModelCall,
    RunStatus,
    UsageSource,
)
from core.repositories.answer_runs import AnswerRuns, Arrived
from core.repositories.conversations import Conversations
from core.repositories.messages import Messages
from core.repositories.model_calls import ModelCalls
from core.repositories.queued_questions import QueuedQuestions
from core.repositories.standings import Standings

NOBODY_CAME = timedelta(seconds=5)

MESSAGE_STATUS = {
    RunStatus.COMPLETE: MessageStatus.COMPLETE,
    RunStatus.STOPPED: MessageStatus.STOPPED,
    RunStatus.INTERRUPTED: MessageStatus.INTERRUPTED,
    RunStatus.FAILED: MessageStatus.FAILED,
    RunStatus.WAITING: MessageStatus.WAITING,
}


@dataclass(frozen=True, slots=True)
class News:
    """What the database does not have yet of an answer under way; nothing at all is a sign of life."""

    job: Job
    arrived: Arrived
    calls: Sequence[Call] = ()
    """Attempts that failed, and were tried again."""


class RunStore:
    def __init__(
        self,
        database: Database,
        assistant: Assistant,
        worker_id: UUID,
        lost_after: timedelta,
        reported: Callable[[UUID], None] = lambda _: None,
    ) -> None:
        """`lost_after`: a worker that was not heard of for that long is dead. `reported` is told those moderators for
        whom a rule has opened a case.
        """
        self.reported = reported
        self.database = database
        self.assistant = assistant
        self.worker_id = worker_id
        self.lost_after = lost_after
        self.budgeting = Budgeting(assistant)

    def begin(self, run_id: UUID) -> Job | None:
        """Claims a queued run; None when another worker has it, or it ended before it began."""
        with self.database.transaction() as session:
            run = AnswerRuns(session).claim(run_id, self.worker_id)
            if run is None:
                return None
            job = load_job(session, run, self.assistant)
            run.model = job.model  # what it is booked on if this process dies
            run.prompt_tokens = self.assistant.prompt_tokens(job.prompt)
            Standings(session).keep_until(run.id, clock.now() + self.assistant.longest)
            return job

    def keep(self, news: Sequence[News]) -> dict[UUID, bool]:
        """Keeps what is new of runs of this worker, all in one transaction.

        For each whether somebody asked to stop it; one that is missing is not ours any more.
        """
        with self.database.transaction() as session:
            wants_stop = AnswerRuns(session).keep(self.worker_id, [one.arrived for one in news])
            ours = [one for one in news if one.arrived.run_id in wants_stop]
            # Their conversations count these when the run ends: from here on it is too late to take their locks.
            booked = [(one.job.origin, call) for one in ours for call in one.calls]
            rows = rows_of(session, self.assistant.provider, booked)
            spend_holds(session, rows)
            book(session, rows)
            return wants_stop

    def finish(
        self,
        job: Job,
        status: RunStatus,
        text: str,
        calls: Sequence[Call],
        error_code: str | None = None,
        *,
        reached_limit: bool = False,
        tokens_before: int = 0,
    ) -> UUID | None:
        """Message, run, ledger and the next question of the queue in one transaction. The run of that question.

        `tokens_before`: of the answer, written in calls that were booked when its tools were called.

        Nothing happens when the run had been ended by somebody else.
        """
        written = next((call.usage.output_tokens for call in calls if call.status is not CallStatus.FAILED), None)
        known = written is not None or job.resumed or tokens_before
        tokens = job.resumed_tokens + tokens_before + (written or 0) if known else None
        with self.database.transaction() as session:
            conversation = Conversations(session).lock(job.origin.conversation_id)
            if conversation is None:  # purged meanwhile, with its messages and runs: what it cost is left
                Standings(session).release(job.run_id)
                book(session, [unlinked(row) for row in self._rows(session, job.origin, calls)])
                return None
            if not end_run(session, job.run_id, status, error_code):
                return None
            Messages(session).complete(
                job.origin.message_id,
                text,
                MESSAGE_STATUS[status],
                tokens,
                model=calls[-1].model if calls else None,
                reached_limit=reached_limit,
            )
            _book(session, conversation, job.origin, self._rows(session, job.origin, calls))
            following = self._next_run(session, conversation, status)
            self.budgeting.tell(session, job.origin)
            moderators = report_asked(session, conversation, following.questions)
        self._tell(moderators)
        return following.run_id

    def title(self, job: Job, title: str | None, call: Call) -> None:
        """Books the call that looked for a better title, and uses it unless a person named the conversation."""
        with self.database.transaction() as session:
            conversation = Conversations(session).lock(job.origin.conversation_id)
            rows = self._rows(session, job.origin, [call])
            Standings(session).release(title_of(job.run_id))
            # The answer may be an old one that was written again, and not kept any more since it ended.
            if conversation is None or Messages(session).get(job.origin.message_id) is None:
                book(session, [unlinked(row) for row in rows])
                return
            # Its run has ended, and what that had come to by then is counted: this is not among it.
            ModelCalls(session).count(conversation.id, book(session, rows))
            self.budgeting.tell(session, job.origin)
            if title and not conversation.is_titled and not _is_moderated(session, job.origin.message_id):
                Conversations(session).update(conversation, title=title)

    def admits_title(self, job: Job, model: str, prompt: int, answer: int) -> bool:
        """Whether budgets have so many tokens left for a better title; then they are held until it is booked. None is
        made of what a moderator took out meanwhile.
        """
        with self.database.transaction() as session:
            if _is_moderated(session, job.origin.message_id):
                return False
            return self.budgeting.admits_title(session, job.origin, model, prompt, answer)

    def list_stale(self, alive: Collection[UUID] = ()) -> list[UUID]:
        """Runs whose process died. `alive` are this process's own: after a pause of the machine their heartbeat is old,
        and they go on.
        """
        with self.database.reading() as session:
            return [run_id for run_id in AnswerRuns(session).list_stale(self._lost_since) if run_id not in alive]

    def list_due(self) -> list[UUID]:
        """Conversations whose queue should have moved on, and did not."""
        with self.database.reading() as session:
            return QueuedQuestions(session).list_due()

    def move_on(self, conversation_id: UUID) -> UUID | None:
        """Has the next question of a queue asked, if it is its turn. Its run."""
        with self.database.transaction() as session:
            conversation = Conversations(session).lock(conversation_id)
            if conversation is None or AnswerRuns(session).get_active(conversation_id):
                return None
            following = move_on(session, conversation, self.budgeting.admit)
            moderators = report_asked(session, conversation, following.questions)
        self._tell(moderators)
        return following.run_id

    def list_unclaimed(self) -> list[UUID]:
        with self.database.reading() as session:
            return AnswerRuns(session).list_unclaimed(clock.now() - NOBODY_CAME)

    def read_since(self, run_id: UUID, cursor: int) -> tuple[str, bool]:
        """What is kept of a run that another process writes, from `cursor` characters on, and whether it has ended."""
        with self.database.reading() as session:
            found = AnswerRuns(session).get_since(run_id, cursor)
            if found is None:
                return "", True
            status, message_id, text = found
            if status.is_active:
                return text, False
            message = Messages(session).get(message_id)
            is_there = message and message.deleted_at is None  # who watches late gets no more than others
            return message.content[cursor:] if message and is_there else "", True

    def interrupt(self, run_id: UUID) -> UUID | None:
        """Ends a stale run: the partial text becomes the answer's, marked interrupted. Its conversation; None when it
        was not abandoned after all, or somebody else ended it.
        """
        with self.database.transaction() as session:
            conversation = self._lock_conversation(session, run_id)
            run = AnswerRuns(session).get_stale(run_id, self._lost_since)
            if run is None or conversation is None:
                return None
            status = RunStatus.STOPPED if run.stop_requested_at else RunStatus.INTERRUPTED
            written = run.partial[run.resumed_at :]
            code = AnswerInterrupted.code if status is RunStatus.INTERRUPTED else None
            self._end(session, run, status, code)
            usage = MISSING  # without text nobody knows whether the model was asked at all
            if written:
                usage = Usage(run.prompt_tokens, None, estimate_tokens(written), UsageSource.ESTIMATED)
            seconds = (run.heartbeat_at - run.created_at).total_seconds()
            model = run.model or self.assistant.default_model
            call = Call(CallPurpose.ANSWER, model, usage, CallStatus(status.value), seconds, error_code=code)
            origin = origin_of(run, conversation)
            _book(session, conversation, origin, self._rows(session, origin, [call]))
            following = self._next_run(session, conversation, status)  # its run is found by whoever sweeps next
            self.budgeting.tell(session, origin)
            moderators = report_asked(session, conversation, following.questions)
        self._tell(moderators)
        return conversation.id

    def give_up(self, run_id: UUID) -> UUID | None:
        """Ends a run that could not even be begun, for a reason that stays. Its conversation."""
        with self.database.transaction() as session:
            conversation = self._lock_conversation(session, run_id)
            run = AnswerRuns(session).get(run_id)
            if run is None or conversation is None or not run.status.is_active:
                return None
            self._end(session, run, RunStatus.INTERRUPTED if run.partial else RunStatus.FAILED, ParleyError.code)
            Conversations(session).touch(conversation)
            return conversation.id

    @property
    def _lost_since(self) -> datetime:
        return clock.now() - self.lost_after

    def _lock_conversation(self, session: Session, run_id: UUID) -> Conversation | None:
        run = AnswerRuns(session).get(run_id)
        return Conversations(session).lock(run.conversation_id) if run else None

    def _end(self, session: Session, run: AnswerRun, status: RunStatus, code: str | None) -> None:
        """The text that was kept becomes the answer's."""
        partial = run.partial
        end_run(session, run.id, status, code)
        tokens = estimate_tokens(partial) if partial else None
        model = run.model or self.assistant.default_model
        Messages(session).complete(run.message_id, partial, MESSAGE_STATUS[status], tokens, model=model)

    def _rows(self, session: Session, origin: Origin, calls: Sequence[Call]) -> list[ModelCall]:
        return rows_of(session, self.assistant.provider, [(origin, call) for call in calls])

    def _next_run(self, session: Session, conversation: Conversation, ended: RunStatus) -> Next:
        """What follows the end of an answer: the next question of the queue, if it is its turn."""
        Conversations(session).touch(conversation)
        if not goes_on_after(conversation, MESSAGE_STATUS[ended]):
            return Next()
        return ask_next(session, conversation, self.budgeting.admit)

    def _tell(self, moderators: Iterable[UUID]) -> None:
        for user_id in moderators:
            self.reported(user_id)


def _book(session: Session, conversation: Conversation, origin: Origin, rows: list[ModelCall]) -> None:
    """The last ledger rows of a run that ends now, which happens once; the conversation counts all there are of it."""
    calls = ModelCalls(session)
    book(session, rows)
    calls.count(conversation.id, calls.sum_of_run(origin.message_id, origin.run_id))


def _is_moderated(session: Session, answer_id: UUID) -> bool:
    """Whether a moderator took something out of an answer, or its question, that a title is being made of."""
    answer = session.get(Message, answer_id, populate_existing=True)
    question_id = answer.reply_to_id if answer else None
    question = session.get(Message, question_id, populate_existing=True) if question_id else None
    both = [one for one in (answer, question) if one]
    return any(one.edit_reason is not None or one.delete_reason is not None for one in both)
