"""Steps of answers: messages of type tool. They take their place in the order of things, and no transcript, search or
export comes across them: each is hidden by itself, and read through its answer alone.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select

from core.models import Message, MessageRole, MessageStatus, MessageType
from core.models.base import literal_of, table_of
from core.repositories.base import Repository
from core.repositories.message_lines import is_step
from core.repositories.messages import Messages

_messages = table_of(Message)
# The first is what the index says; imported messages may be of that type as well.
_is_step = and_(_messages.c.message_type == literal_of(_messages.c.message_type, MessageType.TOOL), is_step)


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

    def put(self, step: Message, *, content: str, status: MessageStatus, extra: dict[str, Any]) -> Message:
        step.content, step.status, step.extra = content, status, extra
        self.session.add(step)
        self.session.flush()
        return step
