"""The transactions of an answer's life: begun, kept while it arrives, finished, or found abandoned."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.assistant.context import Prompt, Turn, build_prompt, compose_instructions
from core.assistant.prices import price_of
from core.assistant.provider import Assistant
from core.assistant.stream import Usage
from core.assistant.tokens import estimate_tokens
from core.database.engine import Database
from core.models import (
    AnswerRun,
    CallPurpose,
    CallStatus,
    Company,
    Conversation,
    Message,
    MessageRole,
    MessageStatus,
    ModelCall,
    RunStatus,
    UsageSource,
    User,
)
from core.repositories.answer_runs import AnswerRuns
from core.repositories.messages import Messages
from core.repositories.model_calls import ModelCalls

Row = TypeVar("Row")

HEARTBEAT_LOST = timedelta(seconds=30)
NOBODY_CAME = timedelta(seconds=5)
ROOM_TO_SPARE = 64
"""Tokens for the marks around messages."""

MESSAGE_STATUS = {
    RunStatus.COMPLETE: MessageStatus.COMPLETE,
    RunStatus.STOPPED: MessageStatus.STOPPED,
    RunStatus.INTERRUPTED: MessageStatus.INTERRUPTED,
    RunStatus.FAILED: MessageStatus.FAILED,
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Whom and what a call to a model was for."""

    company_id: UUID
    user_id: UUID
    conversation_id: UUID
    message_id: UUID
    run_id: UUID


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed run with everything needed to write its answer; the database is not asked again until it is kept."""

    origin: Origin
    model: str | None
    question: str
    is_first_answer: bool
    prompt: Prompt

    @property
    def run_id(self) -> UUID:
        return self.origin.run_id


@dataclass(frozen=True, slots=True)
class Call:
    """One call to a model as it went, for the ledger. Times are seconds."""

    purpose: CallPurpose
    model: str
    usage: Usage
    status: CallStatus
    seconds: float
    first_token_seconds: float | None = None
    error_code: str | None = None


class RunStore:
    def __init__(self, database: Database, assistant: Assistant, worker_id: UUID) -> None:
        self.database = database
        self.assistant = assistant
        self.worker_id = worker_id

    def begin(self, run_id: UUID) -> Job | None:
        """Claims a queued run; None when another worker has it, or it ended before it began."""
        with self.database.transaction() as session:
            run = AnswerRuns(session).claim(run_id, self.worker_id)
            return self._job(session, run) if run else None

    def keep(self, job: Job, text: str) -> bool | None:
        """Keeps what has arrived. True: somebody asked to stop; None: the run is not ours any more."""
        with self.database.transaction() as session:
            return AnswerRuns(session).flush_partial(job.run_id, self.worker_id, text)

    def finish(
        self,
        job: Job,
        status: RunStatus,
        text: str,
        calls: Sequence[Call],
        error_code: str | None = None,
        *,
        reached_limit: bool = False,
    ) -> bool:
        """Message, run and ledger in one transaction. False when the run had been ended by somebody else."""
        rows = [self._ledger_row(job.origin, call) for call in calls]
        with self.database.transaction() as session:
            if not AnswerRuns(session).finish(job.run_id, status, error_code):
                return False
            tokens = next((row.output_tokens for row in rows if row.status is not CallStatus.FAILED), None)
            Messages(session).complete(
                job.origin.message_id, text, MESSAGE_STATUS[status], tokens, reached_limit=reached_limit
            )
            ModelCalls(session).add_all(rows)
            return True

    def title(self, job: Job, title: str | None, call: Call) -> None:
        """Books the call that looked for a better title, and uses it unless a person named the conversation."""
        with self.database.transaction() as session:
            ModelCalls(session).add_all([self._ledger_row(job.origin, call)])
            conversation = session.get(Conversation, job.origin.conversation_id, with_for_update=True)
            if title and conversation and not conversation.is_titled:
                conversation.title = title
                session.add(conversation)

    def interrupt_stale(self, alive: Collection[UUID] = ()) -> int:
        """Ends runs whose process died: the partial text becomes the answer's, marked interrupted. Returns how many.

        `alive` are this process's own: after a pause of the machine their heartbeat is old, and they go on.
        """
        with self.database.transaction() as session:
            found = AnswerRuns(session).list_stale(clock.now() - HEARTBEAT_LOST)
            stale = [run for run in found if run.id not in alive]
            for run in stale:
                self._interrupt(session, run)
            return len(stale)

    def list_unclaimed(self) -> list[UUID]:
        with self.database.reading() as session:
            return AnswerRuns(session).list_unclaimed(clock.now() - NOBODY_CAME)

    def snapshot(self, run_id: UUID) -> tuple[str, bool]:
        """What is kept of a run that another process writes, and whether it has ended."""
        with self.database.reading() as session:
            run = AnswerRuns(session).get(run_id)
            if run is None:
                return "", True
            if run.status.is_active:
                return run.partial, False
            message = Messages(session).get(run.message_id)
            return message.content if message else "", True

    def _job(self, session: Session, run: AnswerRun) -> Job:
        conversation = _present(session.get(Conversation, run.conversation_id))
        answer = _present(session.get(Message, run.message_id))
        company = _present(session.get(Company, conversation.company_id))
        asker = _present(session.get(User, run.asked_by))
        instructions = compose_instructions(
            company.instructions, conversation.instructions, asker.display_name, clock.now()
        )
        reserve = self.assistant.answer_tokens(run.model)
        question = Messages(session).get(answer.reply_to_id) if answer.reply_to_id else None
        asked = instructions + (question.content if question else "")
        window = self.assistant.window(run.model, needed=estimate_tokens(asked) + reserve + ROOM_TO_SPARE)
        lines = Messages(session).list_context(
            conversation.id,
            before=answer.seq,
            token_budget=window - reserve - estimate_tokens(instructions),
            estimate=estimate_tokens,
        )
        turns = [Turn("assistant" if line.role is MessageRole.ASSISTANT else "user", line.content) for line in lines]
        return Job(
            origin=_origin(run, conversation),
            model=run.model,
            question=lines[-1].content if lines else "",
            is_first_answer=answer.seq == 2,
            prompt=build_prompt(instructions, turns, window=window, reserve=reserve),
        )

    def _interrupt(self, session: Session, run: AnswerRun) -> None:
        partial = run.partial
        conversation = _present(session.get(Conversation, run.conversation_id))
        AnswerRuns(session).finish(run.id, RunStatus.INTERRUPTED, "model_cut_short")
        tokens = estimate_tokens(partial) if partial else None
        Messages(session).complete(run.message_id, partial, MessageStatus.INTERRUPTED, tokens)
        usage = Usage(None, None, tokens, UsageSource.ESTIMATED if partial else UsageSource.MISSING)
        seconds = (run.heartbeat_at - run.created_at).total_seconds()
        call = Call(CallPurpose.ANSWER, self._model_name(run.model), usage, CallStatus.INTERRUPTED, seconds)
        ModelCalls(session).add_all([self._ledger_row(_origin(run, conversation), call)])

    def _model_name(self, model: str | None) -> str:
        return model or self.assistant.default_model

    def _ledger_row(self, origin: Origin, call: Call) -> ModelCall:
        price = price_of(self.assistant.provider, call.model, call.usage, clock.now())
        return ModelCall(
            company_id=origin.company_id,
            user_id=origin.user_id,
            conversation_id=origin.conversation_id,
            message_id=origin.message_id,
            run_id=origin.run_id,
            purpose=call.purpose,
            provider=self.assistant.provider,
            model=call.model,
            input_tokens=call.usage.input_tokens,
            cached_tokens=call.usage.cached_tokens,
            output_tokens=call.usage.output_tokens,
            usage_source=call.usage.source,
            input_price=price.input_price,
            output_price=price.output_price,
            cost=price.cost,
            price_source=price.source,
            first_token_ms=_milliseconds(call.first_token_seconds),
            duration_ms=round(call.seconds * 1000),
            status=call.status,
            error_code=call.error_code,
        )


def _origin(run: AnswerRun, conversation: Conversation) -> Origin:
    return Origin(conversation.company_id, run.asked_by, conversation.id, run.message_id, run.id)


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def _present(row: Row | None) -> Row:
    assert row is not None  # held by a foreign key, in the same transaction
    return row
