"""Steps of answers: messages of type tool. They take their place in the order of things, and no transcript, search or
export comes across them: each is hidden by itself, and read through its answer alone.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select, text

from core.models import TOOL, ConversationKind, Message, MessageRole, MessageStatus, MessageType
from core.models.base import literal_of, table_of
from core.repositories.base import Repository
from core.repositories.message_lines import IS_STEP, is_step
from core.repositories.messages import Messages

_messages = table_of(Message)
# The first is what the index says; imported messages may be of that type as well.
_is_step = and_(_messages.c.message_type == literal_of(_messages.c.message_type, MessageType.TOOL), is_step)


# Of one's own: found by what waits, not by the conversations. In a chat what was not decided lapses once the talk has
# gone on; in a room where nobody can write it waits until that is over.
_WAITING = text(
    """
    SELECT c.id, c.kind, c.title FROM (
        SELECT m.reply_to_id, min(m.seq) AS seq FROM messages m
        WHERE m.status = 'waiting' AND m.message_type = 'tool' AND m.extra -> 'tool' ->> 'asked_by' = :asked_by
            AND m.deleted_at IS NULL
        GROUP BY m.reply_to_id) s
    JOIN messages a ON a.id = s.reply_to_id AND a.status = 'waiting' AND a.deleted_at IS NULL
        AND a.superseded_with_id IS NULL AND a.edit_reason IS NULL
    JOIN conversations c ON c.id = a.conversation_id AND c.company_id = :company AND c.deleted_at IS NULL
    JOIN members me ON me.conversation_id = c.id AND me.user_id = :me AND me.left_at IS NULL
        AND (c.history = 'all' OR a.seq > me.joined_seq)
    WHERE CASE WHEN c.kind = 'assistant' THEN NOT EXISTS (
            SELECT FROM messages l WHERE l.conversation_id = c.id AND (l.superseded_with_id IS NULL) AND l.seq > a.seq)
        ELSE c.locked_at IS NULL AND c.archived_at IS NULL END
    GROUP BY c.id ORDER BY min(a.created_at) LIMIT :limit
    """
)


_PUT_FIRST = text(
    f"""
    UPDATE messages m SET extra = jsonb_set(m.extra, '{{{TOOL},at}}', '0')
    WHERE m.reply_to_id = :id AND m.message_type = 'tool' AND {IS_STEP.format(m="m")}
    """
)


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """A conversation in which an answer waits for somebody's decision."""

    conversation_id: UUID
    kind: ConversationKind
    title: str


class Steps(Repository):
    def add(
        self, conversation_id: UUID, answer_id: UUID, *, content: str, status: MessageStatus, extra: dict[str, Any]
    ) -> Message:
        step = Messages(self.session).append(
            conversation_id,
            role=MessageRole.SYSTEM,
            content=content,
            status=status,
            message_type=MessageType.TOOL,
            reply_to_id=answer_id,
            extra=extra,
        )
        step.superseded_with_id = step.id
        self.session.add(step)
        self.session.flush()
        return step

    def get(self, step_id: UUID, *, lock: bool = False) -> Message | None:
        statement = select(Message).where(_messages.c.id == step_id, _is_step)
        if lock:
            statement = statement.with_for_update(key_share=True)
        return self.session.execute(statement.execution_options(populate_existing=True)).scalar_one_or_none()

    def list_of(self, answer_ids: Collection[UUID]) -> dict[UUID, list[Message]]:
        """For each of these answers its steps, in order; those without any are missing."""
        found: dict[UUID, list[Message]] = {}
        if not answer_ids:
            return found
        statement = select(Message).where(_messages.c.reply_to_id.in_(answer_ids), _is_step)
        for step in self.session.execute(statement.order_by(_messages.c.seq)).scalars():
            found.setdefault(step.reply_to_id, []).append(step)
        return found

    def put_first(self, answer_id: UUID) -> None:
        """They stand before all of an answer that is written anew."""
        self.session.execute(_PUT_FIRST, {"id": answer_id})

    def list_waiting(self, user_id: UUID, company_id: UUID, limit: int) -> list[WaitingLine]:
        given = {"asked_by": str(user_id), "me": user_id, "company": company_id, "limit": limit}
        found = self.session.execute(_WAITING, given)
        return [WaitingLine(row.id, ConversationKind(row.kind), row.title) for row in found]

    def put(self, step: Message, *, content: str, status: MessageStatus, extra: dict[str, Any]) -> Message:
        step.content, step.status, step.extra = content, status, extra
        self.session.add(step)
        self.session.flush()
        return step
