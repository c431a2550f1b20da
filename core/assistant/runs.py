"""The transactions of an answer's life: begun, kept while it arrives, finished, or found abandoned."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.assistant.asking import GOES_ON_AFTER, ask_next, move_on
from core.assistant.jobs import Job, load_job, origin_of
from core.assistant.ledger import Call, Origin, row_of, unlinked
from core.assistant.provider import Assistant
from core.assistant.stream import Usage
from core.assistant.tokens import estimate_tokens
from core.database.engine import Database
from core.errors import AnswerInterrupted
from core.models import CallPurpose, CallStatus, Conversation, MessageStatus, ModelCall, RunStatus, UsageSource
from core.repositories.answer_runs import AnswerRuns, Arrived
from core.repositories.conversations import Conversations
from core.repositories.messages import Messages
from core.repositories.model_calls import ModelCalls
from core.repositories.queued_questions import QueuedQuestions

NOBODY_CAME = timedelta(seconds=5)

MESSAGE_STATUS = {
    RunStatus.COMPLETE: MessageStatus.COMPLETE,
    RunStatus.STOPPED: MessageStatus.STOPPED,
    RunStatus.INTERRUPTED: MessageStatus.INTERRUPTED,
    RunStatus.FAILED: MessageStatus.FAILED,
}


class RunStore:
    def __init__(self, database: Database, assistant: Assistant, worker_id: UUID, lost_after: timedelta) -> None:
        """`lost_after`: a worker that was not heard of for that long is dead."""
        self.database = database
        self.assistant = assistant
        self.worker_id = worker_id
        self.lost_after = lost_after

    def begin(self, run_id: UUID) -> Job | None:
        """Claims a queued run; None when another worker has it, or it ended before it began."""
        with self.database.transaction() as session:
            run = AnswerRuns(session).claim(run_id, self.worker_id)
            return load_job(session, run, self.assistant) if run else None

    def keep(self, arrived: Sequence[Arrived]) -> dict[UUID, bool]:
        """Keeps what has arrived for runs of this worker, all in one transaction.

        For each whether somebody asked to stop it; one that is missing is not ours any more.
        """
        with self.database.transaction() as session:
            return AnswerRuns(session).keep(self.worker_id, arrived)

    def finish(
        self,
        job: Job,
        status: RunStatus,
        text: str,
        calls: Sequence[Call],
        error_code: str | None = None,
        *,
        reached_limit: bool = False,
    ) -> UUID | None:
        """Message, run, ledger and the next question of the queue in one transaction. The run of that question.

        Nothing happens when the run had been ended by somebody else.
        """
        rows = [self._row(job.origin, call) for call in calls]
        written = next((row.output_tokens for row in rows if row.status is not CallStatus.FAILED), None)
        tokens = None if written is None and not job.resumed else job.resumed_tokens + (written or 0)
        with self.database.transaction() as session:
            conversation = Conversations(session).lock(job.origin.conversation_id)
            if conversation is None:  # purged meanwhile, with its messages and runs: what it cost is left
                ModelCalls(session).add_all([unlinked(row) for row in rows])
                return None
            if not AnswerRuns(session).finish(job.run_id, status, error_code):
                return None
            Messages(session).complete(
                job.origin.message_id, text, MESSAGE_STATUS[status], tokens, reached_limit=reached_limit
            )
            ModelCalls(session).add_all(rows)
            return _next_run(session, conversation, status)

    def title(self, job: Job, title: str | None, call: Call) -> None:
        """Books the call that looked for a better title, and uses it unless a person named the conversation."""
        with self.database.transaction() as session:
            ModelCalls(session).add_all([self._row(job.origin, call)])
            conversation = session.get(Conversation, job.origin.conversation_id, with_for_update=True)
            if title and conversation and not conversation.is_titled:
                Conversations(session).update(conversation, title=title)

    def interrupt_stale(self, alive: Collection[UUID] = ()) -> list[UUID]:
        """Ends runs whose process died: the partial text becomes the answer's, marked interrupted. Their conversations.

        `alive` are this process's own: after a pause of the machine their heartbeat is old, and they go on.
        """
        since = clock.now() - self.lost_after
        with self.database.reading() as session:
            stale = [run_id for run_id in AnswerRuns(session).list_stale(since) if run_id not in alive]
        ended = [self._interrupt(run_id, since) for run_id in stale]
        return [conversation_id for conversation_id in ended if conversation_id]

    def release_expired(self) -> list[UUID]:
        """Lets queues go on that an abandoned edit has held for too long. The runs to begin."""
        with self.database.transaction() as session:
            conversations = QueuedQuestions(session).release_expired(clock.now())
        return [run_id for conversation_id in conversations if (run_id := self._move_on(conversation_id))]

    def _move_on(self, conversation_id: UUID) -> UUID | None:
        with self.database.transaction() as session:
            conversation = Conversations(session).lock(conversation_id)
            if conversation is None or AnswerRuns(session).get_active(conversation_id):
                return None
            Conversations(session).touch(conversation)
            run = move_on(session, conversation)
            return run.id if run else None

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
            return message.content[cursor:] if message else "", True

    def _interrupt(self, run_id: UUID, since: datetime) -> UUID | None:
        """Ends one abandoned run. Its conversation; None when it was not abandoned after all, or somebody else did."""
        with self.database.transaction() as session:
            known = AnswerRuns(session).get(run_id)
            conversation = Conversations(session).lock(known.conversation_id) if known else None
            run = AnswerRuns(session).get_stale(run_id, since)
            if run is None or conversation is None:
                return None
            status = RunStatus.STOPPED if run.stop_requested_at else RunStatus.INTERRUPTED
            partial, written = run.partial, run.partial[run.resumed_at :]
            code = AnswerInterrupted.code if status is RunStatus.INTERRUPTED else None
            AnswerRuns(session).finish(run.id, status, code)
            Messages(session).complete(
                run.message_id, partial, MESSAGE_STATUS[status], estimate_tokens(partial) if partial else None
            )
            tokens = estimate_tokens(written) if written else None
            usage = Usage(None, None, tokens, UsageSource.ESTIMATED if written else UsageSource.MISSING)
            seconds = (run.heartbeat_at - run.created_at).total_seconds()
            model = run.model or self.assistant.default_model
            call = Call(CallPurpose.ANSWER, model, usage, CallStatus(status.value), seconds, error_code=code)
            ModelCalls(session).add_all([self._row(origin_of(run, conversation), call)])
            _next_run(session, conversation, status)  # found by whoever sweeps next
            return conversation.id

    def _row(self, origin: Origin, call: Call) -> ModelCall:
        return row_of(self.assistant.provider, origin, call)


def _next_run(session: Session, conversation: Conversation, ended: RunStatus) -> UUID | None:
    """What follows the end of an answer: the next question of the queue, if it is its turn. Its run."""
    Conversations(session).touch(conversation)
    run = ask_next(session, conversation) if MESSAGE_STATUS[ended] in GOES_ON_AFTER else None
    return run.id if run else None
