from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import and_, case, func, select, update
from sqlmodel import col

from core import clock
from core.ids import new_id
from core.models import (
    TOOL,
    Conversation,
    ConversationKind,
    Message,
    MessageRevision,
    MessageRole,
    MessageStatus,
    MessageType,
    User,
)
from core.models.base import table_of
from core.repositories.appending import APPEND
from core.repositories.base import Repository, as_read
from core.repositories.message_lines import AFTER, BEFORE, LATEST, MessageLine, is_step, lines_of
from core.repositories.search_index import SearchIndex, words_of

CONTEXT_PAGE = 40
REACHED_LIMIT = "reached_limit"

_messages, _revisions = table_of(Message), table_of(MessageRevision)
_conversations = table_of(Conversation)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The beginning of a message; of a deleted one nothing."""

    id: UUID
    seq: int
    sender_id: UUID | None
    sender_name: str | None
    content: str
    is_deleted: bool


class Messages(Repository):
    def append(
        self,
        conversation_id: UUID,
        *,
        role: MessageRole,
        content: str,
        sender_id: UUID | None = None,
        status: MessageStatus = MessageStatus.COMPLETE,
        message_type: MessageType = MessageType.TEXT,
        tokens_used: int | None = None,
        reply_to_id: UUID | None = None,
        version_group_id: UUID | None = None,
        client_key: UUID | None = None,
        extra: dict[str, Any] | None = None,
        title: str = "",
    ) -> Message:
        """Adds a message at the end: one statement that also moves the conversation's order, time and first title.

        `title` is used only while the conversation has none.
        """
        values: dict[str, Any] = {
            "id": new_id(),
            "created_at": clock.now(),
            "conversation_id": conversation_id,
            "role": role,
            "content": content,
            "sender_id": sender_id,
            "status": status,
            "message_type": message_type,
            "tokens_used": tokens_used,
            "reply_to_id": reply_to_id,
            "version_group_id": version_group_id,
            "client_key": client_key,
            "extra": extra or {},
        }
        given = {f"new_{name}": value for name, value in values.items()}
        is_said = message_type is not MessageType.NOTICE and TOOL not in values["extra"]
        is_found = bool(content) and status is not MessageStatus.PENDING and is_said
        words = {"new_words": words_of(content) if is_found else None, "new_title_words": words_of(title)}
        beside = {"new_title": title, "new_said": int(is_said)}
        seq = self.session.execute(APPEND, given | words | beside).scalar_one()
        message = as_read(Message, values | {"seq": seq})
        self.session.add(message)
        return message

    def get(self, message_id: UUID) -> Message | None:
        """Nothing for a step: that is no message to do something with."""
        found = self.session.get(Message, message_id)
        return None if found is None or found.is_step else found

    def get_after(self, message: Message) -> Message | None:
        """The message with the next seq, visible or not."""
        statement = select(Message).where(
            _messages.c.conversation_id == message.conversation_id, _messages.c.seq == message.seq + 1
        )
        return self.session.execute(statement).scalar_one_or_none()

    def get_first_question(self, conversation_id: UUID) -> str | None:
        """The text of the first message of a person that the transcript shows; None when there is none."""
        statement = (
            select(_messages.c.content)
            .where(shown_in(conversation_id), _messages.c.role == MessageRole.USER, _messages.c.deleted_at.is_(None))
            .order_by(_messages.c.seq)
            .limit(1)
        )
        return self.session.execute(statement).scalar_one_or_none()

    def get_by_client_key(self, client_key: UUID) -> Message | None:
        return self.session.execute(select(Message).where(_messages.c.client_key == client_key)).scalar_one_or_none()

    def latest(self, conversation_id: UUID, limit: int = 40, *, floor: int = 0) -> list[MessageLine]:
        """The newest `limit` visible messages, oldest of them first."""
        return self.page(conversation_id, floor=floor, limit=limit)

    def page(
        self,
        conversation_id: UUID,
        *,
        before: int | None = None,
        after: int | None = None,
        floor: int = 0,
        with_deleted: bool = False,
        limit: int = 40,
    ) -> list[MessageLine]:
        """Visible messages next to a seq, in the order they were said: the `limit` nearest before it, or after it.

        None up to `floor`: that was said before the reader joined. `with_deleted`: with the text of deleted ones.
        """
        given = {"conversation": conversation_id, "limit": limit, "floor": floor, "with_deleted": with_deleted}
        if after is not None:
            return lines_of(self.session.execute(AFTER, given | {"after": after}))
        if before is not None:
            return lines_of(self.session.execute(BEFORE, given | {"before": before}))[::-1]
        return lines_of(self.session.execute(LATEST, given))[::-1]

    def last(self, conversation_id: UUID) -> MessageLine | None:
        return next(iter(self.latest(conversation_id, 1)), None)

    def count(self, conversation_id: UUID) -> int:
        """How many messages the transcript shows, deleted ones (their places stay) not counted."""
        statement = select(func.count()).where(shown_in(conversation_id), _messages.c.deleted_at.is_(None))
        return int(self.session.execute(statement).scalar_one())

    def list_context(
        self,
        conversation_id: UUID,
        *,
        before: int,
        token_budget: int,
        estimate: Callable[[str], int],
        floor: int = 0,
    ) -> list[MessageLine]:
        """What a model may be told of the talk before a seq: the newest texts that fit the budget, in order.

        The newest is always among them, however long. Deleted, superseded and empty messages are left out.
        Reads only as far back as the budget reaches, and nothing up to `floor`.
        """
        found: list[MessageLine] = []
        while True:
            page = self.page(conversation_id, before=before, floor=floor, limit=CONTEXT_PAGE)
            for line in reversed(page):
                if line.message_type is not MessageType.TEXT or not line.content.strip():
                    continue
                token_budget -= estimate(line.content)
                if token_budget < 0 and found:
                    return found[::-1]
                found.append(line)
            if len(page) < CONTEXT_PAGE:
                return found[::-1]
            before = page[0].seq

    def list_excerpts(self, message_ids: Collection[UUID], length: int = 400) -> dict[UUID, Excerpt]:
        """The beginnings of these messages, for showing what others reply to."""
        if not message_ids:
            return {}
        said = case((_messages.c.deleted_at.is_(None), func.left(_messages.c.content, length)), else_="")
        statement = (
            select(
                _messages.c.id,
                _messages.c.seq,
                _messages.c.sender_id,
                func.coalesce(
                    col(User.display_name),
                    _messages.c.extra["imported"]["sender"]["name"].astext,
                    case((_messages.c.role != MessageRole.ASSISTANT, "Somebody")),
                ),
                said,
                _messages.c.deleted_at.is_not(None),
            )
            .outerjoin(User, col(User.id) == _messages.c.sender_id)
            .where(_messages.c.id.in_(message_ids))
        )
        return {row.id: Excerpt(*tuple(row)) for row in self.session.execute(statement)}

    def edit(self, message: Message, content: str, editor_id: UUID | None, reason: str = "") -> Message:
        """Replaces the text; the one before is kept as a revision."""
        self._revise(message, editor_id, reason)
        self._set(message, content=content, edited_at=clock.now(), edited_by=editor_id)
        SearchIndex(self.session).put(message.id, content)
        return message

    def moderate(self, message: Message, content: str, moderator_id: UUID, reason: str) -> Message:
        """Gives it a moderator's text; the one before is kept as a revision. When its author edited it stays known."""
        self._revise(message, moderator_id, reason, by_moderator=True)
        self._set(message, content=content, edit_reason=reason)
        SearchIndex(self.session).put_again(message.id)
        return message

    def revert(self, message: Message, moderator_id: UUID, reason: str) -> Message:
        """Gives it its author's last text again; the moderator's is kept as a revision as well."""
        content = self.get_own_text(message)
        self._revise(message, moderator_id, reason, by_moderator=True)
        self._set(message, content=content, edit_reason=None)
        SearchIndex(self.session).put_again(message.id)
        return message

    def get_own_text(self, message: Message) -> str:
        """What its author, or the assistant, wrote last."""
        if message.edit_reason is None:
            return message.content
        own: str = message.content
        for revision in reversed(self.list_revisions(message.id)):
            if not revision.by_moderator:
                break
            own = revision.content
        return own

    def list_revisions(self, message_id: UUID) -> list[MessageRevision]:
        """The texts before the one that it has, the first one first."""
        found = select(MessageRevision).where(_revisions.c.message_id == message_id).order_by(_revisions.c.id)
        return list(self.session.execute(found).scalars())

    def clear(self, message: Message, editor_id: UUID | None) -> Message:
        """Takes the text out, so that it can be written anew; it is kept as a revision."""
        self._revise(message, editor_id, "")
        SearchIndex(self.session).remove(message.id)
        return self._set(message, content="")

    def _revise(self, message: Message, editor_id: UUID | None, reason: str, *, by_moderator: bool = False) -> None:
        self.session.add(
            MessageRevision(
                message_id=message.id,
                content=message.content,
                edited_by=editor_id,
                reason=reason,
                by_moderator=by_moderator,
            )
        )

    def delete(self, message: Message, by: UUID | None, *, reason: str | None = None) -> Message:
        """Leaves its place in the transcript, without the text. `reason`: a moderator's."""
        SearchIndex(self.session).remove(message.id)
        return self._set(message, deleted_at=clock.now(), deleted_by=by, delete_reason=reason)

    def restore(self, message: Message) -> Message:
        self._set(message, deleted_at=None, deleted_by=None, delete_reason=None)
        SearchIndex(self.session).put_again(message.id)
        return message

    def clear_history(self, user_id: UUID) -> int:
        """Deletes every message of a person's own assistant chats, answers too. Returns how many there were."""
        SearchIndex(self.session).remove_chats_of(user_id)
        own = select(_conversations.c.id).where(
            _conversations.c.owner_id == user_id, _conversations.c.kind == ConversationKind.ASSISTANT
        )
        statement = (
            update(_messages)
            .where(_messages.c.conversation_id.in_(own), _messages.c.deleted_at.is_(None), ~is_step)
            .values(deleted_at=clock.now(), deleted_by=user_id)
        )
        return int(self.session.execute(statement).rowcount)  # type: ignore[attr-defined]

    def complete(
        self,
        message_id: UUID,
        content: str,
        status: MessageStatus,
        tokens_used: int | None,
        *,
        model: str | None = None,
        reached_limit: bool = False,
    ) -> None:
        """Gives a pending answer its text and its end. `model` wrote it; `reached_limit`: it may not be longer."""
        extra = {REACHED_LIMIT: True} if reached_limit else {}
        self.session.execute(
            update(_messages)
            .where(_messages.c.id == message_id)
            .values(content=content, status=status, tokens_used=tokens_used, extra=extra)
        )
        if content:
            SearchIndex(self.session).put(message_id, content, model)

    def reopen(self, message: Message) -> None:
        """Makes an answer that had ended one that is being written. Its text stays until the new end replaces it."""
        self._set(message, status=MessageStatus.PENDING)

    def _set(self, message: Message, **values: Any) -> Message:
        for name, value in values.items():
            setattr(message, name, value)
        self.session.add(message)
        self.session.flush()
        return message


def shown_in(conversation_id: UUID) -> Any:
    return and_(_messages.c.conversation_id == conversation_id, _messages.c.superseded_with_id.is_(None))
