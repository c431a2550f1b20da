"""What was said last in a conversation, cut short."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, func, lateral, select, true

from core.models import Message, MessageType
from core.models.base import table_of
from core.repositories.base import Repository

LONGEST = 400
"""Characters: enough to see where a link or a piece of code ends."""
LOOKED_AT = 20
"""Messages from the end: where so many were deleted, nothing is shown."""

_messages = table_of(Message)
_asked = func.unnest(bindparam("ids", type_=ARRAY(Uuid))).table_valued("id").render_derived()
_end = (
    select(_messages.c.seq, _messages.c.content, _messages.c.deleted_at, _messages.c.message_type)
    .where(_messages.c.conversation_id == _asked.c.id, _messages.c.superseded_with_id.is_(None))
    .order_by(_messages.c.seq.desc())
    .limit(LOOKED_AT)
    .correlate(_asked)
    .subquery()
)
_last = lateral(
    select(func.left(_end.c.content, LONGEST).label("text"))
    .where(_end.c.deleted_at.is_(None), _end.c.message_type == MessageType.TEXT, _end.c.content != "")
    .order_by(_end.c.seq.desc())
    .limit(1)
)
_LAST = select(_asked.c.id, _last.c.text).select_from(_asked.join(_last, true()))


class LastWords(Repository):
    def of(self, conversation_ids: Sequence[UUID]) -> dict[UUID, str]:
        """By conversation; one where nothing is left of its end is missing. Reads a fixed number of messages of each.

        For conversations that are one's own from their beginning: it asks for nobody's floor.
        """
        return {row[0]: row[1] for row in self.session.execute(_LAST, {"ids": list(conversation_ids)})}
