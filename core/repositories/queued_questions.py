from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, exists, func, or_, select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import col

from core import clock
from core.models import (
    ACTIVE,
    AnswerRun,
    Conversation,
    ConversationKind,
    Member,
    Message,
    MessageStatus,
    QueuedQuestion,
    User,
)
from core.models.base import literal_of, table_of
from core.repositories.auth_sessions import is_welcome
from core.repositories.base import Repository

_queued = table_of(QueuedQuestion)

GOES_ON_AFTER = (MessageStatus.COMPLETE, MessageStatus.STOPPED)
"""After an answer that failed or broke off the queue waits: first somebody may want that one again."""


@dataclass(frozen=True, slots=True)
class QueuedLine:
    """What a transcript shows of a question that waits."""

    id: UUID
    sender_id: UUID
    sender_name: str
    content: str
    is_held: bool


_line: tuple[Any, ...] = (
    _queued.c.id,
    _queued.c.sender_id,
    col(User.display_name),
    _queued.c.content,
    func.coalesce(_queued.c.held_until > bindparam("now", type_=_queued.c.held_until.type), False),
)


_asked_already = select(_queued.c.message_id).where(
    _queued.c.conversation_id == bindparam("conversation", type_=_queued.c.conversation_id.type),
    _queued.c.message_id.is_not(None),
)


class QueuedQuestions(Repository):
    """Questions that wait, by conversation. Whoever changes one holds the lock of its conversation."""

    def add(
        self,
        conversation_id: UUID,
        sender_id: UUID,
        content: str,
        client_key: UUID | None = None,
        *,
        message_id: UUID | None = None,
    ) -> QueuedQuestion:
        """At the end of its conversation's queue. `message_id`: in a room, where it is a message already."""
        last = self._edge(conversation_id, func.max(_queued.c.place))
        question = QueuedQuestion(
            conversation_id=conversation_id,
            sender_id=sender_id,
            place=0 if last is None else last + 1,
            content=content,
            message_id=message_id,
            client_key=client_key,
        )
        self.session.add(question)
        self.session.flush()
        return question

    def get(self, question_id: UUID) -> QueuedQuestion | None:
        return self.session.get(QueuedQuestion, question_id, populate_existing=True)

    def get_by_client_key(self, client_key: UUID) -> QueuedQuestion | None:
        statement = select(QueuedQuestion).where(_queued.c.client_key == client_key)
        return self.session.execute(statement).scalar_one_or_none()

    def count(self, conversation_id: UUID) -> int:
        statement = select(func.count()).where(_queued.c.conversation_id == conversation_id)
        return int(self.session.execute(statement).scalar_one())

    def count_speakers(self, conversation_id: UUID) -> int:
        """The same without those that are passed over: their senders may not speak there any more, or a moderator
        deleted them.
        """
        waiting = select(func.count()).select_from(_queued).where(_queued.c.conversation_id == conversation_id)
        return int(self.session.execute(_speakers(waiting)).scalar_one())

    def list_of(self, conversation_id: UUID) -> list[QueuedLine]:
        """In the order in which they will be asked."""
        statement = (
            select(*_line)
            .join(User, col(User.id) == _queued.c.sender_id)
            .where(_queued.c.conversation_id == conversation_id, _queued.c.message_id.is_(None))
            .order_by(_queued.c.place)
        )
        return [QueuedLine(*tuple(row)) for row in self.session.execute(statement, {"now": clock.now()})]

    def get_next(self, conversation_id: UUID) -> QueuedQuestion | None:
        """The first one whose sender may speak there now, and whose text is there; the others stay where they are."""
        statement = (
            _speakers(select(QueuedQuestion))
            .where(_queued.c.conversation_id == conversation_id)
            .order_by(_queued.c.place)
            .limit(1)
        )
        return self.session.execute(statement).scalar_one_or_none()

    def move_to_front(self, question: QueuedQuestion) -> None:
        first = self._edge(question.conversation_id, func.min(_queued.c.place))
        if first is not None and first != question.place:
            question.place = first - 1
            self._save(question)

    def edit(self, question: QueuedQuestion, content: str) -> None:
        question.content = content
        self._save(question)

    def hold(self, question: QueuedQuestion, until: datetime | None) -> None:
        """None lets it go again."""
        question.held_until = until
        self._save(question)

    def list_messages(self, conversation_id: UUID) -> set[UUID]:
        """The messages of a room whose answers wait."""
        return set(self.session.execute(_asked_already, {"conversation": conversation_id}).scalars())

    def remove_of(self, conversation_id: UUID, sender_id: UUID) -> None:
        """They left, and will not read what is answered."""
        statement = delete(_queued).where(
            _queued.c.conversation_id == conversation_id, _queued.c.sender_id == sender_id
        )
        self.session.execute(statement)

    def remove_message(self, message_id: UUID) -> None:
        """Whoever asked took the message back."""
        self.session.execute(delete(_queued).where(_queued.c.message_id == message_id))

    def remove(self, question: QueuedQuestion) -> None:
        self.session.delete(question)
        self.session.flush()

    def list_due(self) -> list[UUID]:
        """Conversations whose next question could be asked: nothing keeps it, and nothing is being written there.

        So the end of the answer before it went unheard, or an edit was abandoned.
        """
        messages, runs = table_of(Message), table_of(AnswerRun)
        first = (
            _speakers(select(_queued.c.conversation_id, _queued.c.held_until))
            .ext(distinct_on(_queued.c.conversation_id))
            .order_by(_queued.c.conversation_id, _queued.c.place)
            .subquery()
        )
        last = (
            select(messages.c.status)
            .where(
                messages.c.conversation_id == first.c.conversation_id,
                messages.c.superseded_with_id.is_(None),
            )
            .order_by(messages.c.seq.desc())
            .limit(1)
            .lateral()
        )
        is_answered = exists().where(
            runs.c.conversation_id == first.c.conversation_id,
            runs.c.status.in_([literal_of(runs.c.status, status) for status in ACTIVE]),
        )
        statement = (
            select(first.c.conversation_id)
            .join(Conversation, col(Conversation.id) == first.c.conversation_id)
            .join(last, true())
            .where(
                col(Conversation.deleted_at).is_(None),
                col(Conversation.locked_at).is_(None),
                or_(first.c.held_until.is_(None), first.c.held_until < clock.now()),
                or_(last.c.status.in_(GOES_ON_AFTER), col(Conversation.kind) != ConversationKind.ASSISTANT),
                ~is_answered,
            )
        )
        return list(self.session.execute(statement).scalars())

    def _edge(self, conversation_id: UUID, edge: ColumnElement[int | None]) -> int | None:
        found = self.session.execute(select(edge).where(_queued.c.conversation_id == conversation_id)).scalar_one()
        return None if found is None else int(found)

    def _save(self, question: QueuedQuestion) -> None:
        self.session.add(question)
        self.session.flush()


def _speakers(statement: Select[Any]) -> Select[Any]:
    """Of those only who may speak where they asked, and of whose question the text is there. Who is suspended is asked
    for once that has run out; a moderator who restores a question brings its turn back.
    """
    messages = table_of(Message)
    is_deleted = exists().where(messages.c.id == _queued.c.message_id, messages.c.deleted_at.is_not(None))
    membership = and_(
        col(Member.user_id) == _queued.c.sender_id, col(Member.conversation_id) == _queued.c.conversation_id
    )
    return (
        statement.join(User, col(User.id) == _queued.c.sender_id)
        .join(Member, membership)
        .where(col(Member.left_at).is_(None), is_welcome(clock.now()), ~is_deleted)
    )
