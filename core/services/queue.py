"""Questions that wait for the answer before them: their senders edit, withdraw or hurry them."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.assistant.asking import Admit, ask_next, move_on
from core.database.engine import Database
from core.errors import Conflict, NotFound, NotPermitted, RuleBroken
from core.models import MAX_MESSAGE, Conversation, QueuedQuestion
from core.permissions import Actor
from core.repositories.answer_runs import AnswerRuns
from core.repositories.conversations import Conversations
from core.repositories.queued_questions import QueuedQuestions
from core.services.access import get_or_raise
from core.services.texts import required_text

HOLD = timedelta(minutes=10)
"""How long a question that is being edited keeps the queue waiting, should the editing tab be closed."""
SENT_MEANWHILE = "That question isn't waiting any more: it was sent meanwhile, or taken back."


class QueueService:
    """What can be done with a question while it waits. Each method is one transaction under the conversation's lock."""

    def __init__(
        self,
        database: Database,
        start_run: Callable[[UUID], None],
        stop_run: Callable[[UUID], None],
        changed: Callable[[UUID], None],
        *,
        admit: Admit,
    ) -> None:
        self.database = database
        self.start_run = start_run
        self.stop_run = stop_run
        self.changed = changed
        self.admit = admit

    def hold(self, actor: Actor, question_id: UUID) -> None:
        """Begins an edit: until `edit` or `release`, or for HOLD, neither it nor those behind it are asked."""
        with self.database.transaction() as session:
            conversation, question = _own_question(session, actor, question_id)
            QueuedQuestions(session).hold(question, clock.now() + HOLD)
            Conversations(session).touch(conversation)
        self.changed(conversation.id)

    def release(self, actor: Actor, question_id: UUID) -> None:
        """Ends an edit without a change."""
        with self.database.transaction() as session:
            conversation, question = _own_question(session, actor, question_id)
            QueuedQuestions(session).hold(question, None)
            run_id = _moved_on(session, conversation, self.admit)
        self._after(conversation.id, run_id)

    def edit(self, actor: Actor, question_id: UUID, text: str) -> None:
        """Gives a waiting question other words. Raises Invalid, NotPermitted; Conflict when it was sent meanwhile."""
        text = required_text(text, field="The message", limit=MAX_MESSAGE)
        with self.database.transaction() as session:
            conversation, question = _own_question(session, actor, question_id)
            QueuedQuestions(session).edit(question, text)
            QueuedQuestions(session).hold(question, None)
            run_id = _moved_on(session, conversation, self.admit)
        self._after(conversation.id, run_id)

    def remove(self, actor: Actor, question_id: UUID) -> None:
        """Takes a waiting question back: it was never asked."""
        with self.database.transaction() as session:
            conversation, question = _own_question(session, actor, question_id)
            QueuedQuestions(session).remove(question)
            run_id = _moved_on(session, conversation, self.admit)
        self._after(conversation.id, run_id)

    def send_now(self, actor: Actor, question_id: UUID) -> None:
        """Asks this one next: at once, or as soon as the answer being written is stopped, which it is."""
        with self.database.transaction() as session:
            conversation, question = _own_question(session, actor, question_id)
            QueuedQuestions(session).hold(question, None)
            QueuedQuestions(session).move_to_front(question)
            run_id, active = None, AnswerRuns(session).get_active(conversation.id)
            if active:
                AnswerRuns(session).request_stop(active.id)
            elif run := ask_next(session, conversation, self.admit):
                run_id = run.id
            Conversations(session).touch(conversation)
        if active:
            self.stop_run(active.id)
        self._after(conversation.id, run_id)

    def _after(self, conversation_id: UUID, run_id: UUID | None) -> None:
        if run_id:
            self.start_run(run_id)
        self.changed(conversation_id)


def _moved_on(session: Session, conversation: Conversation, admit: Admit) -> UUID | None:
    """What was in the queue's way may be gone."""
    Conversations(session).touch(conversation)
    run = move_on(session, conversation, admit)
    return run.id if run else None


def _own_question(session: Session, actor: Actor, question_id: UUID) -> tuple[Conversation, QueuedQuestion]:
    """A question of one's own that still waits, its conversation locked."""
    question = QueuedQuestions(session).get(question_id)
    if question is None:
        raise Conflict(SENT_MEANWHILE)
    try:
        conversation = get_or_raise(Conversations(session), actor, question.conversation_id, lock=True)
    except NotFound:
        raise Conflict(SENT_MEANWHILE) from None  # an id of a conversation one can't read says nothing about it
    question = QueuedQuestions(session).get(question_id)
    if question is None:
        raise Conflict(SENT_MEANWHILE)
    if question.sender_id != actor.user_id:
        raise NotPermitted
    if question.message_id is not None:
        raise RuleBroken("That question is a message of a room: edit or delete it there.")
    return conversation, question
