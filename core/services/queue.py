"""Questions that wait for the answer before them: their senders edit, withdraw or hurry them."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.assistant.asking import Admit, Next, ask_next, move_on
from core.assistant.screening import report_asked, screened
from core.database.engine import Database
from core.errors import Conflict, NotFound, NotPermitted, RuleBroken
from core.models import MAX_MESSAGE, Conversation, QueuedQuestion
from core.permissions import Actor, Permission
from core.repositories.answer_runs import AnswerRuns
from core.repositories.conversations import Conversations
from core.repositories.queued_questions import QueuedQuestions
from core.rules.screen import told
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
        reported: Callable[[UUID], None] = lambda _: None,
    ) -> None:
        """`reported` is told the moderators for whom a rule has opened a case."""
        self.reported = reported
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
            done = _moved_on(session, conversation, self.admit)
        self._after(conversation.id, done)

    def edit(self, actor: Actor, question_id: UUID, text: str) -> str | None:
        """Gives a waiting question other words. What a rule took out of them, in a sentence; None: nothing.

        Raises Invalid, NotPermitted; Conflict when it was sent meanwhile.
        """
        text = required_text(text, field="The message", limit=MAX_MESSAGE)
        with self.database.transaction() as session:
            conversation, question = _own_question(session, actor, question_id)
            kept = screened(session, conversation.company_id, conversation.kind, text, limit=MAX_MESSAGE)
            QueuedQuestions(session).edit(question, kept.text)
            QueuedQuestions(session).hold(question, None)
            done = _moved_on(session, conversation, self.admit)
        self._after(conversation.id, done)
        return told(kept.masked)

    def remove(self, actor: Actor, question_id: UUID) -> None:
        """Takes a waiting question back: it was never asked."""
        with self.database.transaction() as session:
            conversation, question = _own_question(session, actor, question_id)
            QueuedQuestions(session).remove(question)
            done = _moved_on(session, conversation, self.admit)
        self._after(conversation.id, done)

    def send_now(self, actor: Actor, question_id: UUID) -> None:
        """Asks this one next: at once, or as soon as the answer being written is stopped, which it is."""
        with self.database.transaction() as session:
            conversation, question = _own_question(session, actor, question_id)
            QueuedQuestions(session).hold(question, None)
            QueuedQuestions(session).move_to_front(question)
            following, active = Next(), AnswerRuns(session).get_active(conversation.id)
            if active:
                AnswerRuns(session).request_stop(active.id)
            else:
                following = ask_next(session, conversation, self.admit)
            Conversations(session).touch(conversation)
            done = _reported(session, conversation, following)
        if active:
            self.stop_run(active.id)
        self._after(conversation.id, done)

    def _after(self, conversation_id: UUID, done: "Done") -> None:
        run_id, moderators = done
        if run_id:
            self.start_run(run_id)
        self.changed(conversation_id)
        for user_id in moderators:
            self.reported(user_id)


Done = tuple[UUID | None, tuple[UUID, ...]]
"""The run to begin, and the moderators to tell."""


def _moved_on(session: Session, conversation: Conversation, admit: Admit) -> Done:
    """What was in the queue's way may be gone."""
    Conversations(session).touch(conversation)
    return _reported(session, conversation, move_on(session, conversation, admit))


def _reported(session: Session, conversation: Conversation, following: Next) -> Done:
    return following.run_id, report_asked(session, conversation, following.questions)


def _own_question(session: Session, actor: Actor, question_id: UUID) -> tuple[Conversation, QueuedQuestion]:
    """A question of one's own that still waits, its conversation locked."""
    actor.require(Permission.CHAT_USE)
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
