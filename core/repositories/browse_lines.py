"""Conversations as the list of all that one may see shows them, and the statements that dress them so.

The statements are put together once: SQLAlchemy takes longer for that than PostgreSQL to answer.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Select,
    and_,
    bindparam,
    case,
    false,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.orm import aliased
from sqlmodel import col

from core.models import Conversation, ConversationKind, History, Member, MemberRole, User
from core.models.base import literal_of, table_of

_conversations, _members = table_of(Conversation), table_of(Member)
_others, _other_members, _owners = aliased(User), _members.alias("other_members"), aliased(User)
_mine = _members.alias("mine")
_me, _company = (bindparam(name, type_=_conversations.c.id.type) for name in ("me", "company"))

MOST_OWNERS = 200


class Sort(StrEnum):
    """Each from the most to the least."""

    RECENT = "recent"
    SIZE = "size"
    COST = "cost"


class State(StrEnum):
    ACTIVE = "active"
    ARCHIVED = "archived"
    DELETED = "deleted"


SORTED_BY = {Sort.RECENT: "last_message_at", Sort.SIZE: "said", Sort.COST: "spent"}

Key = datetime | int | Decimal
Position = tuple[Key, UUID]
"""Where a line stands in its list: what it is sorted by, and its id."""


@dataclass(frozen=True, slots=True)
class BrowseLine:
    """What the list shows of a conversation."""

    id: UUID
    company_id: UUID
    kind: ConversationKind
    title: str
    """Of a direct chat the other person's name; empty for a chat that has none yet."""
    owner_id: UUID
    owner_name: str
    model: str | None
    """None: the default model."""
    said: int
    tokens: int
    spent: Decimal
    """USD, as far as it is known."""
    last_message_at: datetime
    is_archived: bool
    is_deleted: bool
    role: MemberRole | None
    """The reader's in it; None for who reads it without being a member."""
    floor: int
    """The last message that is too old for this reader to see."""
    is_other_active: bool
    """In a direct chat: whether the other one can still sign in. True elsewhere."""

    def position(self, sort: Sort) -> Position:
        """Pass it as `after` for the lines that follow, as `before` for those before it."""
        return getattr(self, SORTED_BY[sort]), self.id


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which conversations, as far as one may see them. None: whatever it is."""

    kinds: frozenset[ConversationKind] = frozenset(ConversationKind)
    state: State = State.ACTIVE
    owner_id: UUID | None = None
    models: frozenset[str | None] | None = None
    """Any of these; None among them is the default model."""
    since: datetime | None = None
    until: datetime | None = None
    """Before it."""


NEEDED = (
    *("id", "company_id", "kind", "title", "owner_id", "model", "said", "tokens", "spent", "last_message_at"),
    *("archived_at", "deleted_at", "history"),
)


def is_kind(column: Any, kind: ConversationKind) -> Any:
    return column == literal_of(column, kind)


@cache
def one(*, chats: bool, oversees: bool) -> Select[Any]:
    """A single one, by its id, as far as somebody may read it who `chats`, or `oversees` the company's rooms."""
    page = _by_id()
    is_chat = is_kind(page.c.kind, ConversationKind.ASSISTANT)
    is_own = or_(and_(is_chat, page.c.owner_id == _me), and_(~is_chat, _mine.c.role.is_not(None)))
    is_theirs = or_(is_chat, _mine.c.role == literal_of(_mine.c.role, MemberRole.OWNER))
    is_deleted = page.c.deleted_at.is_not(None)
    readable = [
        *([and_(is_own, or_(~is_deleted, is_theirs))] if chats else []),
        *([and_(is_kind(page.c.kind, ConversationKind.COMPANY), ~is_deleted)] if oversees else []),
    ]
    return dressed(page).where(or_(false(), *readable))


@cache
def any_one() -> Select[Any]:
    """The same, whoever may read it."""
    return dressed(_by_id())


def _by_id() -> Any:
    return (
        select(*(_conversations.c[name] for name in NEEDED))
        .where(
            _conversations.c.id == bindparam("conversation", type_=_conversations.c.id.type),
            _conversations.c.company_id == _company,
        )
        .subquery("page")
    )


def dressed(page: Any) -> Select[Any]:
    """The lines of a page with whose they are and how the reader stands to each, looked up for these alone."""
    other = (
        select(col(_others.display_name).label("name"), col(_others.is_active).label("is_active"))
        .join_from(_other_members, _others, col(_others.id) == _other_members.c.user_id)
        .where(
            is_kind(page.c.kind, ConversationKind.DIRECT),
            _other_members.c.conversation_id == page.c.id,
            _other_members.c.user_id != _me,
        )
        .limit(1)
        .lateral("other")
    )
    is_direct = is_kind(page.c.kind, ConversationKind.DIRECT)
    is_from_joining = page.c.history == literal_of(page.c.history, History.JOINED)
    membership = and_(_mine.c.conversation_id == page.c.id, _mine.c.user_id == _me, _mine.c.left_at.is_(None))
    return select(
        page.c.id,
        page.c.company_id,
        page.c.kind,
        case((is_direct, func.coalesce(other.c.name, "")), else_=page.c.title),
        page.c.owner_id,
        col(_owners.display_name),
        *(page.c[name] for name in ("model", "said", "tokens", "spent", "last_message_at")),
        page.c.archived_at.is_not(None),
        page.c.deleted_at.is_not(None),
        _mine.c.role,
        case((is_from_joining, func.coalesce(_mine.c.joined_seq, 0)), else_=0),
        case((is_direct, func.coalesce(other.c.is_active, False)), else_=True),
    ).select_from(
        page.join(_owners, col(_owners.id) == page.c.owner_id).outerjoin(_mine, membership).outerjoin(other, true())
    )


def _owners_of(*, is_archived: bool) -> Select[Any]:
    archived_at = _conversations.c.archived_at
    return select(_conversations.c.owner_id).where(
        _conversations.c.company_id == _company,
        is_kind(_conversations.c.kind, ConversationKind.COMPANY),
        _conversations.c.deleted_at.is_(None),
        archived_at.is_not(None) if is_archived else archived_at.is_(None),
    )


OWNERS_OF_ROOMS = (
    select(col(_owners.id), col(_owners.display_name), col(_owners.email))
    .where(col(_owners.id).in_(_owners_of(is_archived=False).union(_owners_of(is_archived=True))))
    .order_by(func.lower(col(_owners.display_name)), col(_owners.id))
    .limit(MOST_OWNERS)
)


def lines_of(result: Any) -> list[BrowseLine]:
    return [BrowseLine(*tuple(row)) for row in result]
