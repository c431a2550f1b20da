"""Asking the assistant: each method is one person's intention and one transaction."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from core import clock
from core.assistant.titles import title_from
from core.assistant.tokens import estimate_tokens
from core.database.engine import Database
from core.errors import AnswerInProgress, Conflict, Invalid, ModelUnknown, NotFound, NotPermitted
from core.models import (
    MAX_MESSAGE,
    MAX_TITLE,
    AnswerRun,
    Conversation,
    ConversationKind,
    Message,
    MessageRole,
    MessageStatus,
    Score,
)
from core.permissions import Actor, Permission
from core.repositories.answer_runs import AnswerRuns
from core.repositories.conversations import Conversations
from core.repositories.feedback import Feedbacks
from core.repositories.messages import Messages
from core.services.conversations import get_or_raise
from core.services.texts import checked_text, required_text
from core.services.views import Asked

MAX_COMMENT = 1_000
REASONS = ("Wrong", "Not what I asked", "Too long", "Out of date", "Other")


class ChatService:
    """Questions, answers and what people do with them.

    `resolve_model` turns a conversation's model (None: the default) into one that can be called, or raises a
    ModelError; `start_run` and `stop_run` reach the runner of this process, after the transaction.
    """

    def __init__(
        self,
        database: Database,
        resolve_model: Callable[[str | None], str],
        start_run: Callable[[UUID], None],
        stop_run: Callable[[UUID], None],
    ) -> None:
        self.database = database
        self.resolve_model = resolve_model
        self.start_run = start_run
        self.stop_run = stop_run

    def ask(
        self,
        actor: Actor,
        text: str,
        *,
        conversation_id: UUID | None = None,
        model: str | None = None,
        client_key: UUID | None = None,
    ) -> Asked:
        """Sends a question and has the answer begun. Without a conversation it starts one.

        The same `client_key` again gives what the first time gave. Raises Invalid, NotFound, AnswerInProgress.
        """
        actor.require(Permission.CHAT_USE)
        text = required_text(text, field="The message", limit=MAX_MESSAGE)

        def write(session: Session) -> Asked:
            conversation = self._open(session, actor, conversation_id, model)
            return self._append(session, actor, conversation, text, client_key=client_key)

        return self._once(actor, client_key, write)

    def edit_and_resend(self, actor: Actor, question_id: UUID, text: str, *, client_key: UUID | None = None) -> Asked:
        """Asks a question anew in other words. The old one and all that followed stay reachable as a version."""
        text = required_text(text, field="The message", limit=MAX_MESSAGE)

        def write(session: Session) -> Asked:
            conversation, question = _locked_message(session, actor, question_id, MessageRole.USER)
            if question.sender_id != actor.user_id:
                raise NotPermitted
            group = question.version_group_id or question.id
            if not Messages(session).page(conversation.id, before=question.seq, limit=1):
                conversation = _retitled(session, conversation, text)
            Messages(session).supersede_from(question)
            return self._append(session, actor, conversation, text, client_key=client_key, version_group_id=group)

        return self._once(actor, client_key, write)

    def regenerate(self, actor: Actor, answer_id: UUID) -> Asked:
        """Has an answer written again. The old one and all that followed stay reachable as a version."""
        with self.database.transaction() as session:
            conversation, answer = _locked_message(session, actor, answer_id, MessageRole.ASSISTANT)
            question = Messages(session).get(answer.reply_to_id) if answer.reply_to_id else None
            if question is None or question.deleted_at is not None:
                raise Invalid("This answer has no question any more. Ask it anew.")
            group, question_id = answer.version_group_id or answer.id, question.id
            Messages(session).supersede_from(answer)
            asked = self._begin_answer(session, actor, conversation, question_id, version_group_id=group)
        self.start_run(asked.run_id)
        return asked

    def show_version(self, actor: Actor, message_id: UUID) -> UUID:
        """Puts a superseded version, with all that followed it, back into the transcript. Returns the conversation."""
        with self.database.transaction() as session:
            hidden = Messages(session).get(message_id)
            if hidden is None:
                raise NotFound
            conversation = _idle_conversation(session, actor, hidden.conversation_id)
            if hidden.superseded_with_id is None:
                return conversation.id
            group = hidden.version_group_id
            shown = Messages(session).get_shown_version(group) if group else None
            if shown is None or hidden.superseded_with_id != hidden.id:
                raise Invalid("That version belongs to an earlier branch. Show that branch first.")
            Messages(session).show_version(hidden, shown)
            return conversation.id

    def stop(self, actor: Actor, conversation_id: UUID) -> None:
        """Ends the answer being written, in whichever process that is; what was seen is kept. No answer: no effect."""
        with self.database.transaction() as session:
            get_or_raise(Conversations(session), actor, conversation_id)
            run = AnswerRuns(session).get_active(conversation_id)
            if run is None:
                return
            AnswerRuns(session).request_stop(run.id)
        self.stop_run(run.id)

    def rate(
        self, actor: Actor, answer_id: UUID, score: Score | None, *, tags: tuple[str, ...] = (), comment: str = ""
    ) -> None:
        """Thumbs up or down on an answer; None takes it back. Tags are from REASONS."""
        comment = checked_text(comment.strip(), field="The comment", limit=MAX_COMMENT)
        if unknown := set(tags) - set(REASONS):
            raise Invalid(f"Unknown reason: {', '.join(sorted(unknown))}.")
        with self.database.transaction() as session:
            answer = _own_message(session, actor, answer_id, MessageRole.ASSISTANT)
            if score is None:
                Feedbacks(session).remove(answer.id, actor.user_id)
            else:
                Feedbacks(session).put(answer.id, actor.user_id, score, list(tags), comment)

    def _once(self, actor: Actor, client_key: UUID | None, write: Callable[[Session], Asked]) -> Asked:
        """Writes and begins the answer, unless this key was sent before: then it gives what that gave."""
        try:
            with self.database.transaction() as session:
                if earlier := _asked_before(session, actor, client_key):
                    return earlier
                asked = write(session)
        except (Conflict, IntegrityError):
            # Perhaps it was the same message that was faster: its transaction ended between our look and our write.
            with self.database.reading() as session:
                if earlier := _asked_before(session, actor, client_key):
                    return earlier
            raise
        self.start_run(asked.run_id)
        return asked

    def _open(self, session: Session, actor: Actor, conversation_id: UUID | None, model: str | None) -> Conversation:
        if conversation_id is not None:
            conversation = _idle_conversation(session, actor, conversation_id)
            if conversation.archived_at is not None:  # writing in it brings it back
                Conversations(session).unarchive(conversation)
            return conversation
        if model is not None:
            self.resolve_model(model)
        return Conversations(session).add(
            Conversation(
                company_id=actor.company_id,
                owner_id=actor.user_id,
                kind=ConversationKind.ASSISTANT,
                model=model,
                last_message_at=clock.now(),
            )
        )

    def _append(
        self,
        session: Session,
        actor: Actor,
        conversation: Conversation,
        text: str,
        *,
        client_key: UUID | None = None,
        version_group_id: UUID | None = None,
    ) -> Asked:
        question = Messages(session).append(
            conversation.id,
            role=MessageRole.USER,
            content=text,
            sender_id=actor.user_id,
            tokens_used=estimate_tokens(text),
            client_key=client_key,
            version_group_id=version_group_id,
            title=title_from(text, MAX_TITLE),
        )
        return self._begin_answer(session, actor, conversation, question.id)

    def _offered(self, model: str | None) -> str | None:
        """The conversation's model, or None for the default when it is not offered any more."""
        try:
            return model and self.resolve_model(model)
        except ModelUnknown:
            return None

    def _begin_answer(
        self,
        session: Session,
        actor: Actor,
        conversation: Conversation,
        question_id: UUID,
        *,
        version_group_id: UUID | None = None,
    ) -> Asked:
        answer = Messages(session).append(
            conversation.id,
            role=MessageRole.ASSISTANT,
            content="",
            status=MessageStatus.PENDING,
            reply_to_id=question_id,
            version_group_id=version_group_id,
        )
        run = AnswerRuns(session).add(
            AnswerRun(
                conversation_id=conversation.id,
                message_id=answer.id,
                asked_by=actor.user_id,
                model=self._offered(conversation.model),
                heartbeat_at=clock.now(),
            )
        )
        return Asked(conversation.id, question_id, answer.id, run.id)


def _retitled(session: Session, conversation: Conversation, text: str) -> Conversation:
    """The title is the first question's, which is another one now; a name that a person gave stays."""
    if conversation.is_titled:
        return conversation
    return Conversations(session).update(conversation, title=title_from(text, MAX_TITLE))


def _idle_conversation(session: Session, actor: Actor, conversation_id: UUID) -> Conversation:
    """The conversation, locked, with no answer being written in it. Raises NotFound or AnswerInProgress."""
    conversation = get_or_raise(Conversations(session), actor, conversation_id, lock=True)
    if AnswerRuns(session).get_active(conversation_id):
        raise AnswerInProgress
    return conversation


def _own_message(session: Session, actor: Actor, message_id: UUID, role: MessageRole) -> Message:
    """A message of a conversation this person reads, with that role, as the transcript shows it."""
    actor.require(Permission.CHAT_USE)
    message = Messages(session).get(message_id)
    if message is None or message.role is not role:
        raise NotFound
    get_or_raise(Conversations(session), actor, message.conversation_id)
    return _shown_or_raise(message)


def _locked_message(
    session: Session, actor: Actor, message_id: UUID, role: MessageRole
) -> tuple[Conversation, Message]:
    """The same with its conversation, locked and idle: what other tabs did before is seen, what they do next waits."""
    message = _own_message(session, actor, message_id, role)
    conversation = _idle_conversation(session, actor, message.conversation_id)
    session.refresh(message)
    return conversation, _shown_or_raise(message)


def _shown_or_raise(message: Message) -> Message:
    if message.superseded_with_id is not None or message.deleted_at is not None:
        raise Conflict("That message isn't in the transcript any more. Reload to see what is.")
    return message


def _asked_before(session: Session, actor: Actor, client_key: UUID | None) -> Asked | None:
    """What the first send with this key gave: its answer took the next seq in the same transaction."""
    question = Messages(session).get_by_client_key(client_key) if client_key else None
    if question is None:
        return None
    if question.sender_id != actor.user_id:
        raise Conflict("That message was sent by somebody else. Reload the page and send yours again.")
    answer = Messages(session).get_after(question)
    run = AnswerRuns(session).get_by_message(answer.id) if answer else None
    return Asked(question.conversation_id, question.id, run.message_id, run.id) if run else None
