"""A question and the answer it waits for, put into the conversation together.

All of it happens in a transaction that holds the conversation's lock: services ask for a person, the runner for whoever
is next in the queue when an answer has ended. The lock is taken before that of any run, everywhere.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.assistant.budget_marks import tell_refused
from core.assistant.counting import end_run
from core.assistant.earlier_steps import lapse
from core.assistant.titles import title_from
from core.assistant.tokens import estimate_tokens
from core.database.engine import Database
from core.errors import BudgetSpent
from core.models import MAX_TITLE, AnswerRun, Conversation, Message, MessageRole, MessageStatus, RunStatus
from core.repositories.answer_runs import AnswerRuns
from core.repositories.messages import Messages
from core.repositories.queued_questions import GOES_ON_AFTER, QueuedQuestions
from core.repositories.steps import Steps

Admit = Callable[[Session, AnswerRun], None]
"""Raises BudgetSpent for a run that no budget admits, in the transaction that adds it."""


@contextmanager
def asking(database: Database) -> Iterator[Session]:
    """A transaction in which something may be asked. Where a budget does not admit it all of it is undone; then those
    whom that concerns are told, which stays.
    """
    try:
        with database.transaction() as session:
            yield session
    except BudgetSpent as error:
        with database.transaction() as session:
            tell_refused(session, error.refusal)
        raise


def put_question(
    session: Session,
    conversation: Conversation,
    sender_id: UUID,
    text: str,
    *,
    client_key: UUID | None = None,
    version_group_id: UUID | None = None,
) -> AnswerRun:
    """Appends a person's question and the pending answer to it. The run that is to write it, queued."""
    return _put(session, conversation, sender_id, text, client_key=client_key, version_group_id=version_group_id)[1]


def _put(
    session: Session,
    conversation: Conversation,
    sender_id: UUID,
    text: str,
    *,
    client_key: UUID | None,
    version_group_id: UUID | None = None,
) -> tuple[Message, AnswerRun]:
    question = Messages(session).append(
        conversation.id,
        role=MessageRole.USER,
        content=text,
        sender_id=sender_id,
        tokens_used=estimate_tokens(text),
        client_key=client_key,
        version_group_id=version_group_id,
        title=title_from(text, MAX_TITLE),
    )
    return question, begin_answer(session, conversation, sender_id, question.id)


def begin_answer(
    session: Session,
    conversation: Conversation,
    asked_by: UUID,
    question_id: UUID,
    *,
    version_group_id: UUID | None = None,
) -> AnswerRun:
    """Appends a pending answer to a question that is there. The run that is to write it, queued."""
    answer = Messages(session).append(
        conversation.id,
        role=MessageRole.ASSISTANT,
        content="",
        status=MessageStatus.PENDING,
        reply_to_id=question_id,
        version_group_id=version_group_id,
    )
    return _add_run(session, conversation, asked_by, answer)


def resume_answer(session: Session, conversation: Conversation, asked_by: UUID, answer: Message) -> AnswerRun:
    """Has an answer that ended too early written on, from the text it has; from the beginning if it has none. What it
    had asked about by then, and nobody decided, lapses.
    """
    lapse(session, answer.id)
    Messages(session).reopen(answer)
    return _add_run(session, conversation, asked_by, answer, partial=answer.content)


def _add_run(
    session: Session, conversation: Conversation, asked_by: UUID, answer: Message, *, partial: str = ""
) -> AnswerRun:
    return AnswerRuns(session).add(
        AnswerRun(
            conversation_id=conversation.id,
            message_id=answer.id,
            asked_by=asked_by,
            model=conversation.model,
            partial=partial,
            resumed_at=len(partial),
            heartbeat_at=clock.now(),
        )
    )


def stop_answer_to(session: Session, conversation: Conversation, question: Message) -> None:
    """For a question that was taken out while its answer is being written: that would go on quoting it, on somebody's
    budget. What was seen of the answer stays; whoever writes it looks for the wish every second at least.
    """
    run = AnswerRuns(session).get_active(conversation.id)
    answer = Messages(session).get(run.message_id) if run else None
    if run and answer and answer.reply_to_id == question.id:
        AnswerRuns(session).request_stop(run.id)


def rewrite_answer(session: Session, conversation: Conversation, asked_by: UUID, answer: Message) -> AnswerRun:
    """Has an answer written anew in its own place, for where others have gone on talking. What it said is kept."""
    if answer.content.strip():
        answer = Messages(session).clear(answer, asked_by)
        Steps(session).put_first(answer.id)
    return resume_answer(session, conversation, asked_by, answer)


@dataclass(frozen=True, slots=True)
class Next:
    """What came of the queue's turn."""

    run: AnswerRun | None = None
    """None if nothing is to be asked, or not now."""
    questions: tuple[Message, ...] = ()
    """Those that became messages: for `report_asked`, at the end of the transaction."""

    @property
    def run_id(self) -> UUID | None:
        return self.run.id if self.run else None


def ask_next(session: Session, conversation: Conversation, admit: Admit) -> Next:
    """Asks the first question of the queue.

    One that no budget admits is put all the same, and its answer fails at once: nothing is lost, and nobody waits.
    Call it only while no answer is being written in the conversation.
    """
    refusals, questions = [], []
    while asked := _ask_first(session, conversation):
        question, run = asked
        questions += [question] if question else []
        try:
            admit(session, run)
        except BudgetSpent as error:
            refusals.append(error.refusal)
            end_run(session, run.id, RunStatus.FAILED, error.code)
            Messages(session).complete(run.message_id, run.partial, MessageStatus.FAILED, None)
            if not goes_on_after(conversation, MessageStatus.FAILED):
                asked = None
                break
        else:
            break
    for refusal in refusals:  # at the end: who tells people anything has taken the locks of budgets before
        tell_refused(session, refusal)
    return Next(asked[1] if asked else None, tuple(questions))


def _ask_first(session: Session, conversation: Conversation) -> tuple[Message | None, AnswerRun] | None:
    """The question, unless it was a message before, and the run of its answer."""
    if conversation.deleted_at is not None or conversation.locked_at is not None:
        return None  # where a moderator locked the room, it waits until that is taken back
    question = QueuedQuestions(session).get_next(conversation.id)
    if question is None or question.is_held_at(clock.now()):
        return None
    QueuedQuestions(session).remove(question)
    if question.message_id is not None:
        return None, begin_answer(session, conversation, question.sender_id, question.message_id)
    return _put(session, conversation, question.sender_id, question.content, client_key=question.client_key)


def move_on(session: Session, conversation: Conversation, admit: Admit) -> Next:
    """The same if it is the queue's turn: nothing is being written, and the last answer was whole or stopped.

    In a room each question is somebody's own: there the queue goes on whatever became of the answer before.
    """
    last = Messages(session).last(conversation.id)
    if last is None or not goes_on_after(conversation, last.status):
        return Next()
    return ask_next(session, conversation, admit)


def goes_on_after(conversation: Conversation, ended: MessageStatus) -> bool:
    """Whether the queue goes on by itself after an answer that ended like that."""
    return conversation.kind.is_room or ended in GOES_ON_AFTER
