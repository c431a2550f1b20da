"""Rooms that moderators locked. Whoever locks or unlocks one holds the lock of its row."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, case, select, tuple_, update

from core.models import AuditAction, AuditEvent, Conversation, ConversationKind, User
from core.models.base import table_of
from core.repositories.base import Repository

_conversations, _users, _events = table_of(Conversation), table_of(User), table_of(AuditEvent)
Place = tuple[datetime, UUID]
"""Since when it is locked, and its key."""


@dataclass(frozen=True, slots=True)
class LockLine:
    """A room as moderators may know of it."""

    conversation_id: UUID
    kind: ConversationKind
    title: str
    """Of a company room; empty for what is said in private."""
    locked_at: datetime | None
    """None: it is open."""
    by: str | None
    """None when they have left, or it is open."""
    reason: str

    @property
    def place(self) -> Place:
        assert self.locked_at
        return self.locked_at, self.conversation_id


_title = case((_conversations.c.kind == ConversationKind.COMPANY, _conversations.c.title), else_="")
_lines = select(
    _conversations.c.id,
    _conversations.c.kind,
    _title,
    _conversations.c.locked_at,
    _users.c.display_name,
    _conversations.c.lock_reason,
).outerjoin_from(_conversations, _users, _users.c.id == _conversations.c.locked_by)


class RoomLocks(Repository):
    def lock(self, conversation_id: UUID, by: UUID, reason: str, now: datetime) -> None:
        self._put(conversation_id, locked_at=now, locked_by=by, lock_reason=reason)

    def unlock(self, conversation_id: UUID) -> None:
        self._put(conversation_id, locked_at=None, locked_by=None, lock_reason="")

    def _put(self, conversation_id: UUID, **values: Any) -> None:
        self.session.execute(update(_conversations).where(_conversations.c.id == conversation_id).values(values))

    def get(self, company_id: UUID, conversation_id: UUID) -> LockLine | None:
        """None for what is not a room, or is deleted."""
        is_room = and_(_conversations.c.kind != ConversationKind.ASSISTANT, _conversations.c.deleted_at.is_(None))
        of_company = and_(_conversations.c.id == conversation_id, _conversations.c.company_id == company_id)
        row = self.session.execute(_lines.where(of_company, is_room)).one_or_none()
        return LockLine(*tuple(row)) if row else None

    def last_unlocked(self, company_id: UUID, conversation_id: UUID) -> tuple[UUID | None] | None:
        """Who opened it last, as the trail has it; None when nobody ever did."""
        statement = (
            select(_events.c.actor_id)
            .where(
                _events.c.company_id == company_id,
                _events.c.target_id == conversation_id,
                _events.c.action == AuditAction.ROOM_UNLOCKED,
            )
            .order_by(_events.c.created_at.desc(), _events.c.sequence.desc())
            .limit(1)
        )
        row = self.session.execute(statement).one_or_none()
        return (row.actor_id,) if row else None

    def list_locked(self, company_id: UUID, *, after: Place | None = None, limit: int) -> list[LockLine]:
        """The newest first."""
        return [LockLine(*tuple(row)) for row in self.session.execute(locked_statement(company_id, after, limit))]


def locked_statement(company_id: UUID, after: Place | None, limit: int) -> Select[Any]:
    statement = _lines.where(_conversations.c.company_id == company_id, _conversations.c.locked_at.is_not(None))
    if after:
        statement = statement.where(tuple_(_conversations.c.locked_at, _conversations.c.id) < after)
    return statement.order_by(_conversations.c.locked_at.desc(), _conversations.c.id.desc()).limit(limit)
