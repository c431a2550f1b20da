"""Rooms as lists show them, and the statements that read them.

The statements are put together once: SQLAlchemy takes longer for that than PostgreSQL to answer. They want `me`,
`company` and `limit`; continued ones `before_time` and `before_id` besides, the position of the last line.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, case, func, select, true, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import col

from core.models import Conversation, ConversationKind, Member, User
from core.models.base import literal_of, table_of
from core.repositories.unread import mention_count, room_of_member

_members, _conversations = table_of(Member), table_of(Conversation)
_others, _other_members = aliased(User), _members.alias("other_members")
_me, _company = (bindparam(name, type_=_conversations.c.id.type) for name in ("me", "company"))

Position = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class RoomLine:
    """What a person's own list shows of a room."""

    id: UUID
    kind: ConversationKind
    title: str
    """Of a direct chat: the other person's name."""
    last_message_at: datetime
    unread: int
    mentions: int
    """Unread messages that call this person by name."""
    muted: bool
    is_archived: bool

    @property
    def position(self) -> Position:
        """Where this line stands in its list: pass it as `before` for the lines that follow."""
        return self.last_message_at, self.id


@dataclass(frozen=True, slots=True)
class OpenRoomLine:
    """What is shown of a company room to everybody who may join it."""

    id: UUID
    title: str
    last_message_at: datetime
    member_count: int
    is_member: bool

    @property
    def position(self) -> Position:
        return self.last_message_at, self.id


def given(user_id: UUID, company_id: UUID, limit: int, before: Position | None) -> dict[str, Any]:
    """What a statement wants."""
    position = {} if before is None else {"before_time": before[0], "before_id": before[1]}
    return {"me": user_id, "company": company_id, "limit": limit} | position


@cache
def mine(kind: ConversationKind, *, archived: bool, continued: bool) -> Select[Any]:
    """A page of one's own rooms. Mentions and the other's name are looked up for its lines only."""
    page = of_member(_page, kind, archived=archived)
    newest = _paged(page, _found.c.last_message_at, _found.c.id, continued=continued).subquery("newest")
    mentioned, other = mention_count(newest), _other_of(newest)
    is_direct = newest.c.kind == literal_of(newest.c.kind, ConversationKind.DIRECT)
    return (
        select(
            newest.c.id,
            newest.c.kind,
            case((is_direct, func.coalesce(other.c.name, "")), else_=newest.c.title),
            newest.c.last_message_at,
            newest.c.said - newest.c.read_said,
            mentioned.c.mentions,
            newest.c.muted,
            newest.c.archived_at.is_not(None),
        )
        .select_from(newest.join(mentioned, true()).outerjoin(other, true()))
        .order_by(newest.c.last_message_at.desc(), newest.c.id.desc())
    )


@cache
def open_rooms(*, continued: bool) -> Select[Any]:
    """A page of the company's rooms. Membership is looked up for its lines, not read for all rooms one is in."""
    membership = (
        select(_members.c.user_id)
        .where(
            _members.c.conversation_id == _conversations.c.id, _members.c.user_id == _me, _members.c.left_at.is_(None)
        )
        .limit(1)
        .correlate(_conversations)
        .lateral("membership")
    )
    columns = (_conversations.c[name] for name in ("id", "title", "last_message_at", "member_count"))
    page = (
        select(*columns, membership.c.user_id.is_not(None))
        .select_from(_conversations.outerjoin(membership, true()))
        .where(*are_open())
    )
    return _paged(page, _conversations.c.last_message_at, _conversations.c.id, continued=continued)


def of_member(statement: Select[Any], kind: ConversationKind, *, archived: bool) -> Select[Any]:
    """Only of `me`, and of this kind."""
    is_archived = _found.c.archived_at.is_not(None)
    return statement.select_from(_members.join(_found, true())).where(
        _members.c.user_id == _me,
        _members.c.kind == literal_of(_members.c.kind, kind),
        _members.c.left_at.is_(None),
        _found.c.company_id == _company,
        _found.c.deleted_at.is_(None),
        is_archived if archived else ~is_archived,
    )


def are_open() -> tuple[ColumnElement[bool], ...]:
    """Rooms that everybody in the `company` may join."""
    return (
        _conversations.c.company_id == _company,
        _conversations.c.kind == literal_of(_conversations.c.kind, ConversationKind.COMPANY),
        _conversations.c.deleted_at.is_(None),
        _conversations.c.archived_at.is_(None),
    )


_found = room_of_member(
    *(_conversations.c[name] for name in ("id", "company_id", "kind", "title", "last_message_at", "said")),
    *(_conversations.c[name] for name in ("archived_at", "deleted_at")),
)
_page = select(
    *(_found.c[name] for name in ("id", "kind", "title", "last_message_at", "said", "archived_at")),
    *(_members.c[name] for name in ("user_id", "conversation_id", "last_read_seq", "read_said", "muted")),
)


def _paged(statement: Select[Any], time: Any, key: Any, *, continued: bool) -> Select[Any]:
    if continued:
        before = (bindparam(f"before_{name}", type_=column.type) for name, column in (("time", time), ("id", key)))
        statement = statement.where(tuple_(time, key) < tuple_(*before))
    return statement.order_by(time.desc(), key.desc()).limit(bindparam("limit"))


def _other_of(newest: Any) -> Any:
    """In a direct chat the name of the other one."""
    return (
        select(col(_others.display_name).label("name"))
        .join_from(_other_members, _others, col(_others.id) == _other_members.c.user_id)
        .where(
            newest.c.kind == literal_of(newest.c.kind, ConversationKind.DIRECT),
            _other_members.c.conversation_id == newest.c.id,
            _other_members.c.user_id != _me,
        )
        .limit(1)
        .lateral("other")
    )
