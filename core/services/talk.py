"""What people say in rooms: sent, edited, taken back, read and reacted to."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from core.amounts import counted
from core.assistant.asking import Admit, asking, begin_answer, stop_answer_to
from core.assistant.screening import report_found, screened, screened_data
from core.assistant.tokens import estimate_tokens
from core.database.engine import Database
from core.errors import Conflict, Invalid, NotFound, NotPermitted, RuleBroken
from core.models import (
    MAX_MESSAGE,
    TOOL,
    AuditAction,
    Conversation,
    Message,
    MessageRole,
    MessageType,
)
from core.permissions import Actor, Permission
from core.repositories.answer_runs import AnswerRuns
from core.repositories.audit import Audit
from core.repositories.companies import Companies
from core.repositories.conversations import Conversations
from core.repositories.members import Members
from core.repositories.mentions import Mentions
from core.repositories.messages import REACHED_LIMIT, Messages
from core.repositories.queued_questions import QueuedQuestions
from core.rules.screen import told
from core.services.beside import may_still_edit
from core.services.calls import called_people, calls_assistant
from core.services.hints import Hints
from core.services.limits import Limited, RateLimiter
from core.services.room_access import member_or_raise, refuse_closed
from core.services.texts import required_text
from core.services.transcripts import dressed
from core.services.views import MessageView, Sent

PAGE = 40
MAX_QUEUED = 20
"""Questions to the assistant that may wait in one room."""
MAX_EXTRA = 8_000
"""Characters of a message's extra data, as JSON."""
FROM_PEOPLE = (MessageType.TEXT, MessageType.TOOL)
MODERATED = "A moderator edited this message, so its text stays. You can delete it."
GONE = "That message isn't here any more."


class TalkService:
    def __init__(
        self,
        database: Database,
        limiter: RateLimiter,
        hints: Hints,
        start_run: Callable[[UUID], None],
        edit_window: timedelta | None,
        *,
        admit: Admit,
    ) -> None:
        """`start_run` reaches the runner of this process, after the transaction. `edit_window`: for how long people may
        edit what they wrote; None: for ever. `admit` says whether budgets admit an answer.
        """
        self.database = database
        self.limiter = limiter
        self.hints = hints
        self.start_run = start_run
        self.edit_window = edit_window
        self.admit = admit

    def send(
        self,
        actor: Actor,
        conversation_id: UUID,
        text: str,
        *,
        reply_to_id: UUID | None = None,
        message_type: MessageType = MessageType.TEXT,
        extra: dict[str, Any] | None = None,
        client_key: UUID | None = None,
    ) -> Sent:
        """Says something in a room. Who is called by name in it is told; the assistant answers when it is called.

        The same `client_key` again gives what the first time gave. Raises Invalid, NotFound, RateLimited; RuleBroken
        where nobody can write.
        """
        text = required_text(text, field="The message", limit=MAX_MESSAGE)
        extra = _checked_extra(extra, message_type)
        try:
            with asking(self.database) as session:
                conversation, _ = member_or_raise(session, actor, conversation_id)
                if earlier := _sent_before(session, actor, client_key):
                    return earlier
                refuse_closed(session, conversation, actor)
                self.limiter.take(session, actor, Limited.MESSAGE, conversation_id)
                if reply_to_id is not None:
                    visible_message(session, actor, reply_to_id, conversation_id)
                kept = screened(session, conversation.company_id, conversation.kind, text, limit=MAX_MESSAGE)
                message = Messages(session).append(
                    conversation_id,
                    role=MessageRole.USER,
                    content=kept.text,
                    sender_id=actor.user_id,
                    message_type=message_type,
                    tokens_used=estimate_tokens(kept.text),
                    reply_to_id=reply_to_id,
                    client_key=client_key,
                    extra=screened_data(session, conversation.company_id, conversation.kind, extra),
                )
                Members(session).mark_read(conversation_id, actor.user_id, message.seq)
                note_called(session, message)
                run_id = self._ask(session, actor, conversation, message)
                moderators = report_found(session, conversation, message, kept.reported)
        except IntegrityError:
            # The same key was being written into another room, or by somebody else, at this moment.
            with self.database.reading() as session:
                if earlier := _sent_before(session, actor, client_key):
                    return earlier
            raise
        if run_id:
            self.start_run(run_id)
        self.hints.publish(conversation_id)
        self._tell(moderators)
        return Sent(conversation_id, message.id, message.seq, run_id, told(kept.masked))

    def _tell(self, moderators: tuple[UUID, ...]) -> None:
        for user_id in moderators:
            self.hints.publish_person(user_id)

    def _ask(self, session: Session, actor: Actor, conversation: Conversation, message: Message) -> UUID | None:
        """Has the assistant answer, if it is called: at once, or after the answers before it. The run, if any."""
        company = Companies(session).get(conversation.company_id)
        if company is None or message.message_type is not MessageType.TEXT:
            return None
        if not calls_assistant(message.content, company.assistant_name):
            return None
        self.limiter.take(session, actor, Limited.ASK, conversation.id)
        waiting = QueuedQuestions(session).count_speakers(conversation.id)
        if waiting >= MAX_QUEUED:
            raise RuleBroken(f"{MAX_QUEUED} questions wait for the assistant here. Ask when some are answered.")
        if waiting or AnswerRuns(session).get_active(conversation.id):
            QueuedQuestions(session).add(conversation.id, actor.user_id, "", message_id=message.id)
            return None
        run = begin_answer(session, conversation, actor.user_id, message.id)
        self.admit(session, run)
        return run.id

    def edit(self, actor: Actor, message_id: UUID, text: str) -> str | None:
        """Gives one's own message other words, within the time for it; the earlier ones are kept. What a rule took out
        of them, in a sentence; None: nothing.

        Raises NotFound, NotPermitted for other people's, RuleBroken when it is too late, Conflict when it is deleted.
        """
        text = required_text(text, field="The message", limit=MAX_MESSAGE)
        with self.database.transaction() as session:
            conversation, message = _own_message(session, actor, message_id)
            refuse_closed(session, conversation, actor)
            if message.edit_reason is not None:
                raise RuleBroken(MODERATED)
            if not may_still_edit(message.created_at, self.edit_window):
                raise RuleBroken(f"Messages can be edited for {_minutes(self.edit_window)}; this one is older.")
            if message.content == text:
                return None
            before = message.content
            kept = screened(session, conversation.company_id, conversation.kind, text, limit=MAX_MESSAGE, before=before)
            if before == kept.text:
                return told(kept.masked)
            lengths = {"before": {"length": len(before)}, "after": {"length": len(kept.text)}}
            Messages(session).edit(message, kept.text, actor.user_id)
            note_called(session, message)
            Conversations(session).touch(conversation)
            _record(session, actor, AuditAction.MESSAGE_EDITED, conversation, message, **lengths)
            moderators = report_found(session, conversation, message, kept.reported)
        self.hints.publish(conversation.id)
        self._tell(moderators)
        return told(kept.masked)

    def delete(self, actor: Actor, message_id: UUID) -> None:
        """Takes one's own message back: its place stays, without the text. It is not asked any more, and an answer that
        is being written to it is stopped.
        """
        with self.database.transaction() as session:
            conversation, message = _own_message(session, actor, message_id)
            Messages(session).delete(message, actor.user_id)
            QueuedQuestions(session).remove_message(message.id)
            stop_answer_to(session, conversation, message)
            Mentions(session).put(message, ())
            Conversations(session).touch(conversation)
            _record(session, actor, AuditAction.MESSAGE_DELETED, conversation, message)
        self.hints.publish(conversation.id)

    def page(
        self,
        actor: Actor,
        conversation_id: UUID,
        *,
        before: int | None = None,
        after: int | None = None,
        limit: int = PAGE,
        with_deleted: bool = False,
    ) -> tuple[MessageView, ...]:
        """The messages nearest before, or after, a seq; the newest without either. In the order they were said.

        `with_deleted`: with the text of deleted ones, which takes `messages:view_deleted`.
        """
        if with_deleted:
            actor.require(Permission.DELETED_VIEW)
        with self.database.reading() as session:
            conversation, member = member_or_raise(session, actor, conversation_id, lock=False)
            lines = Messages(session).page(
                conversation_id,
                before=before,
                after=after,
                floor=conversation.floor_for(member),
                limit=limit,
                with_deleted=with_deleted,
            )
            return dressed(session, actor, conversation, lines, member=member, edit_window=self.edit_window)


def visible_message(session: Session, actor: Actor, message_id: UUID, conversation_id: UUID) -> Message:
    """A message of the room that this member sees and that is not deleted. Raises NotFound, Conflict."""
    message = Messages(session).get(message_id)
    member = Members(session).get(conversation_id, actor.user_id)
    conversation = Conversations(session).get(conversation_id)
    is_there = message is not None and message.conversation_id == conversation_id
    if not (is_there and message and member and conversation) or message.seq <= conversation.floor_for(member):
        raise NotFound(GONE)
    if message.deleted_at is not None:
        raise Conflict(GONE)
    return message


def _own_message(session: Session, actor: Actor, message_id: UUID) -> tuple[Conversation, Message]:
    """A message that this person wrote in a room that they are still in, which is locked."""
    actor.require(Permission.CHAT_USE)
    message = Messages(session).get(message_id)
    if message is None:
        raise NotFound
    conversation, member = member_or_raise(session, actor, message.conversation_id)
    session.refresh(message)
    if message.seq <= conversation.floor_for(member):
        raise NotFound
    if message.sender_id != actor.user_id or message.role is not MessageRole.USER:
        raise NotPermitted("Only who wrote a message can change it.")
    if message.deleted_at is not None:
        raise Conflict(GONE)
    return conversation, message


def _sent_before(session: Session, actor: Actor, client_key: UUID | None) -> Sent | None:
    message = Messages(session).get_by_client_key(client_key) if client_key else None
    if message is None:
        return None
    if message.sender_id != actor.user_id:
        raise Conflict("That message was sent by somebody else. Reload the page and send yours again.")
    return Sent(message.conversation_id, message.id, message.seq, None)


def note_called(session: Session, message: Message) -> None:
    """Those whom the message calls by name, but for who wrote it."""
    is_new = not message.edited_at and message.edit_reason is None
    if "@" not in message.content and is_new:
        return
    people = Members(session).list_names(message.conversation_id) if "@" in message.content else {}
    Mentions(session).put(message, called_people(message.content, people) - {message.sender_id})


def _checked_extra(extra: dict[str, Any] | None, message_type: MessageType) -> dict[str, Any]:
    if message_type not in FROM_PEOPLE:
        raise Invalid("Notices are written by Parley itself.")
    if not extra:
        return {}
    if own := [name for name in (REACHED_LIMIT, TOOL) if name in extra]:
        raise Invalid(f"“{own[0]}” is a word of Parley's own. Name that part of the data differently.")
    try:
        length = len(json.dumps(extra, allow_nan=False))
    except (TypeError, ValueError):
        raise Invalid("The message's data is not JSON.") from None
    if length > MAX_EXTRA:
        raise Invalid(f"The message's data may have up to {MAX_EXTRA:,} characters as JSON; this has {length:,}.")
    if "\\u0000" in json.dumps(extra):
        raise Invalid("The message's data contains a NUL character, which can't be stored.")
    return extra


def _minutes(window: timedelta | None) -> str:
    return counted(int((window or timedelta()).total_seconds() // 60), "minute")


def _record(
    session: Session,
    actor: Actor,
    action: AuditAction,
    conversation: Conversation,
    message: Message,
    **lengths: dict[str, int],
) -> None:
    """The trail says that a text changed, and how long it was, never what it said."""
    Audit(session).record(
        action,
        actor=actor,
        company_id=conversation.company_id,
        target_type="message",
        target_id=message.id,
        before=lengths.get("before"),
        after=lengths.get("after"),
    )
