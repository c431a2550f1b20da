"""Asking the assistant: each method is one person's intention and one transaction."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from core.assistant.asking import Admit, asking, put_question, resume_answer, rewrite_answer
from core.assistant.choosing import require_allowed
from core.database.engine import Database
from core.errors import AnswerInProgress, Conflict, Invalid, NotFound, NotPermitted, RateLimited, RuleBroken
from core.models import MAX_MESSAGE, Conversation, Message, MessageRole, MessageStatus
from core.permissions import Actor, Permission
from core.repositories.answer_runs import AnswerRuns
from core.repositories.companies import Companies
from core.repositories.conversations import Conversations
from core.repositories.messages import Messages
from core.repositories.queued_questions import QueuedQuestions
from core.repositories.versions import Versions
from core.services.access import get_or_raise
from core.services.answers_again import can_be_resumed, require_question, require_same, written_again
from core.services.limits import Limited, RateLimiter
from core.services.messages import (
    asked_before,
    asked_of,
    idle_conversation,
    is_last,
    locked_answer,
    locked_message,
    refuse_moderated,
    refuse_room,
)
from core.services.questions import Written, admitted, begun, new_chat, queued, retitled, screened_question
from core.services.texts import required_text
from core.services.views import Asked, Queued


class ChatService:
    """Questions, answers and what people do with them.

    `resolve_model` turns a conversation's model (None: the default) into one that can be called, or raises a
    ModelError. After the transaction `start_run` and `stop_run` reach the runner of this process, and `changed` tells
    whoever has the conversation open. `admit` says whether budgets admit an answer.
    """

    def __init__(
        self,
        database: Database,
        resolve_model: Callable[[str | None], str],
        start_run: Callable[[UUID], None],
        stop_run: Callable[[UUID], None],
        changed: Callable[[UUID], None],
        *,
        admit: Admit,
        limiter: RateLimiter | None = None,
        reported: Callable[[UUID], None] = lambda _: None,
    ) -> None:
        """`reported` is told the moderators for whom a rule has opened a case."""
        self.reported = reported
        self.database = database
        self.limiter = limiter or RateLimiter()
        self.admit = admit
        self.resolve_model = resolve_model
        self.start_run = start_run
        self.stop_run = stop_run
        self.changed = changed

    def ask(
        self,
        actor: Actor,
        text: str,
        *,
        conversation_id: UUID | None = None,
        model: str | None = None,
        client_key: UUID | None = None,
    ) -> Asked | Queued:
        """Sends a question and has the answer begun, or queues it behind those before it.

        Without a conversation it starts one. The same `client_key` again gives what the first time gave, or what has
        become of it. Raises Invalid, NotFound, RateLimited.
        """
        actor.require(Permission.CHAT_USE)
        text = required_text(text, field="The message", limit=MAX_MESSAGE)

        def write(session: Session) -> Written:
            if conversation_id is None:
                self.limiter.take(session, actor, Limited.QUESTION)
                kept = screened_question(session, actor, text)
                self._require_model(session, actor, model)
                conversation = new_chat(session, actor, model)
                run = put_question(session, conversation, actor.user_id, kept.text, client_key=client_key)
                return begun(session, conversation, run, kept, self.admit)
            conversation = get_or_raise(Conversations(session), actor, conversation_id, lock=True)
            if conversation.kind.is_room:
                raise RuleBroken("This is a room: send your message there.")
            if earlier := asked_before(session, actor, client_key):
                return earlier, None, ()  # by another tab, while this one waited for the lock
            self.limiter.take(session, actor, Limited.QUESTION)
            kept = screened_question(session, actor, text)
            if conversation.archived_at is not None:  # writing in it brings it back
                Conversations(session).unarchive(conversation)
            is_busy = AnswerRuns(session).get_active(conversation_id) is not None
            if is_busy or QueuedQuestions(session).count(conversation_id):
                return queued(session, actor, conversation, kept, self.admit, client_key=client_key, is_busy=is_busy)
            run = put_question(session, conversation, actor.user_id, kept.text, client_key=client_key)
            return begun(session, conversation, run, kept, self.admit)

        return self._once(actor, client_key, write)

    def edit_and_resend(self, actor: Actor, question_id: UUID, text: str, *, client_key: UUID | None = None) -> Asked:
        """Asks a question anew in other words. The old one and all that followed stay reachable as a version."""
        actor.require(Permission.CHAT_USE)
        text = required_text(text, field="The message", limit=MAX_MESSAGE)

        def write(session: Session) -> Written:
            conversation, question = locked_message(session, actor, question_id, MessageRole.USER)
            if question.sender_id != actor.user_id:
                raise NotPermitted
            self.limiter.take(session, actor, Limited.QUESTION)
            kept = screened_question(session, actor, text, before=question.content)
            group = question.version_group_id or question.id
            if not Messages(session).page(conversation.id, before=question.seq, limit=1):
                conversation = retitled(session, conversation, kept.text)
            Versions(session).supersede_from(question)
            run = put_question(
                session, conversation, actor.user_id, kept.text, client_key=client_key, version_group_id=group
            )
            return begun(session, conversation, run, kept, self.admit)

        done = self._once(actor, client_key, write)
        assert isinstance(done, Asked)  # only `ask` queues
        return done

    def regenerate(self, actor: Actor, answer_id: UUID) -> Asked:
        """Has an answer written again. The old one and all that followed stay reachable as a version."""
        with asking(self.database) as session:
            conversation, answer = locked_message(session, actor, answer_id, MessageRole.ASSISTANT)
            self.limiter.take(session, actor, Limited.QUESTION)
            asked = admitted(session, written_again(session, actor, conversation, answer), self.admit)
        return self._begin(asked)

    def retry(self, actor: Actor, answer_id: UUID) -> Asked:
        """Has an answer that failed or broke off written from its beginning; what had arrived stays as a version.

        While an answer is being written there, by somebody else's retry or since it was not dead after all, it gives
        that one: a second is never started.
        """
        with asking(self.database) as session:
            conversation, answer, run = locked_answer(session, actor, answer_id)
            if run:
                require_same(conversation, answer, run)
                return asked_of(session, run)
            if answer.status not in (MessageStatus.FAILED, MessageStatus.INTERRUPTED):
                raise Conflict
            refuse_moderated(session, answer)
            self._take_up(session, actor, conversation, answer)
            if conversation.kind.is_room:
                run = rewrite_answer(session, conversation, actor.user_id, answer)
            elif answer.content.strip() or not is_last(session, answer):
                run = written_again(session, actor, conversation, answer)
            else:  # nobody needs to go back to an empty version
                run = resume_answer(session, conversation, actor.user_id, answer)
            asked = admitted(session, run, self.admit)
        return self._begin(asked)

    def resume(self, actor: Actor, answer_id: UUID) -> Asked:
        """Has the last answer written on from where it was stopped, broke off, or reached the longest length."""
        with asking(self.database) as session:
            conversation, answer, run = locked_answer(session, actor, answer_id)
            if run and run.message_id == answer_id:
                return asked_of(session, run)
            if run:
                raise AnswerInProgress
            refuse_moderated(session, answer)
            if not can_be_resumed(answer) or not (conversation.kind.is_room or is_last(session, answer)):
                raise Conflict("Only the last answer can be continued, and only if it was not whole.")
            self._take_up(session, actor, conversation, answer)
            run = resume_answer(session, conversation, actor.user_id, answer)
            asked = admitted(session, run, self.admit)
        return self._begin(asked)

    def _take_up(self, session: Session, actor: Actor, conversation: Conversation, answer: Message) -> None:
        """Having an answer written again is asking: not too often, and in a room for who may and sees the question."""
        if conversation.kind.is_room:
            require_question(session, actor, conversation, answer)
            self.limiter.take(session, actor, Limited.ASK, conversation.id)
        else:
            self.limiter.take(session, actor, Limited.QUESTION)

    def show_version(self, actor: Actor, message_id: UUID) -> UUID:
        """Puts a superseded version, with all that followed it, back into the transcript. Returns the conversation."""
        actor.require(Permission.CHAT_USE)
        with self.database.transaction() as session:
            hidden = Messages(session).get(message_id)
            if hidden is None:
                raise NotFound
            conversation = idle_conversation(session, actor, hidden.conversation_id)
            refuse_room(conversation)
            if hidden.superseded_with_id is None:
                return conversation.id
            group = hidden.version_group_id
            shown = Versions(session).get_shown_version(group) if group else None
            if shown is None or hidden.superseded_with_id != hidden.id:
                raise Invalid("That version belongs to an earlier branch. Show that branch first.")
            Versions(session).show_version(hidden, shown)
            Conversations(session).touch(conversation)
        self.changed(conversation.id)
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

    def _once(self, actor: Actor, client_key: UUID | None, write: Callable[[Session], Written]) -> Asked | Queued:
        """Writes and begins the answer, unless this key was sent before: then it gives what that gave."""
        try:
            with asking(self.database) as session:
                if earlier := asked_before(session, actor, client_key):
                    return earlier
                done, run_id, moderators = write(session)
        except (Conflict, IntegrityError, RateLimited):
            # Perhaps it was the same message that was faster: its transaction ended between our look and our write.
            with self.database.reading() as session:
                if earlier := asked_before(session, actor, client_key):
                    return earlier
            raise
        if run_id:
            self.start_run(run_id)
        self.changed(done.conversation_id)
        for user_id in moderators:
            self.reported(user_id)
        return done

    def _begin(self, asked: Asked) -> Asked:
        self.start_run(asked.run_id)
        self.changed(asked.conversation_id)
        return asked

    def _require_model(self, session: Session, actor: Actor, model: str | None) -> None:
        """That it is offered, and the company has it; the default is."""
        if model is not None:
            self.resolve_model(model)
            require_allowed(Companies(session).get(actor.company_id), model)
