"""Messages as a transcript shows them, and the statements that read them.

The statements are put together once: SQLAlchemy takes longer for that than PostgreSQL to answer.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Result, and_, bindparam, case, select

from core.models import IMPORTED, TOOL, Message, MessageRole, MessageStatus, MessageType, User
from core.models.base import table_of

_messages = table_of(Message)
_users = table_of(User)
is_step = _messages.c.extra.has_key(TOOL)
IS_STEP = f"{{m}}.extra ? '{TOOL}'"
"""The same as SQL, {m} the message: what belongs to an answer, and is nothing that was said."""


@dataclass(frozen=True, slots=True)
class MessageLine:
    """What a transcript shows of a message. A deleted one carries no content, but for those who asked for it."""

    id: UUID
    seq: int
    role: MessageRole
    message_type: MessageType
    status: MessageStatus
    content: str
    created_at: datetime
    sender_id: UUID | None
    sender_name: str | None
    reply_to_id: UUID | None
    version_group_id: UUID | None
    tokens_used: int | None
    edited_at: datetime | None
    deleted_at: datetime | None
    extra: dict[str, Any]
    edit_reason: str | None = None
    """Why a moderator gave it its text; None: it is its author's."""
    delete_reason: str | None = None
    """Why a moderator deleted it; None: its author did, or nobody."""
    purged_at: datetime | None = None
    """When a moderator removed it for good."""

    @property
    def shown_edit_reason(self) -> str | None:
        """The same, also of a moderator where it was imported from: there is nothing here to take back then."""
        return self._also_imported("edit_reason", self.edit_reason)

    @property
    def shown_delete_reason(self) -> str | None:
        return self._also_imported("delete_reason", self.delete_reason)

    def _also_imported(self, name: str, reason: str | None) -> str | None:
        kept: str | None = (self.extra.get(IMPORTED) or {}).get(name)
        return kept if reason is None else reason


_line = (
    _messages.c.id,
    _messages.c.seq,
    _messages.c.role,
    _messages.c.message_type,
    _messages.c.status,
    case(
        (_messages.c.deleted_at.is_(None) | bindparam("with_deleted", type_=Boolean), _messages.c.content), else_=""
    ).label("content"),
    _messages.c.created_at,
    _messages.c.sender_id,
    _users.c.display_name,
    _messages.c.reply_to_id,
    _messages.c.version_group_id,
    _messages.c.tokens_used,
    _messages.c.edited_at,
    _messages.c.deleted_at,
    _messages.c.extra,
    _messages.c.edit_reason,
    _messages.c.delete_reason,
    _messages.c.purged_at,
)


_said = _messages.outerjoin(_users, _users.c.id == _messages.c.sender_id)
_shown_here = and_(
    _messages.c.conversation_id == bindparam("conversation"),
    _messages.c.superseded_with_id.is_(None),
    _messages.c.seq > bindparam("floor"),
)
_page = select(*_line).select_from(_said).where(_shown_here).limit(bindparam("limit"))
LATEST = _page.order_by(_messages.c.seq.desc())
BEFORE = LATEST.where(_messages.c.seq < bindparam("before"))
AFTER = _page.where(_messages.c.seq > bindparam("after")).order_by(_messages.c.seq)
"""Each wants `conversation`, `floor`, `with_deleted` and `limit`, BEFORE and AFTER the seq besides. LATEST and BEFORE
give the newest first.
"""
_hidden_here = and_(
    _messages.c.conversation_id == bindparam("conversation"),
    _messages.c.superseded_with_id == bindparam("bundle", type_=_messages.c.id.type),
    _messages.c.seq > bindparam("floor"),
)
_hidden_page = select(*_line).select_from(_said).where(_hidden_here).limit(bindparam("limit"))
HIDDEN_BEFORE = _hidden_page.where(_messages.c.seq < bindparam("before")).order_by(_messages.c.seq.desc())
HIDDEN_AFTER = _hidden_page.where(_messages.c.seq > bindparam("after")).order_by(_messages.c.seq)
"""The same for what is hidden together with one version, the `bundle`."""


def lines_of(result: Result[Any]) -> list[MessageLine]:
    return [MessageLine(*tuple(row)) for row in result.all()]
