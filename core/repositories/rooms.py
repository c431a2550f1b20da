"""Rooms as lists show them: one's own by kind, and those that everybody in a company may join."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, select, true, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased
from sqlmodel import col

from core.models import Conversation, ConversationKind, Member, User
from core.models.base import literal_of, table_of
from core.permissions import Actor
from core.repositories.base import Repository
from core.repositories.unread import mention_count, room_of_member

_members, _conversations = table_of(Member), table_of(Conversation)
_others, _other_members = aliased(User), table_of(Member).alias("other_members")
_position = tuple_(_conversations.c.last_message_at, _conversations.c.id)
_NEWEST_FIRST = (_conversations.c.last_message_at.desc(), _conversations.c.id.desc())

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


class Rooms(Repository):
    def add_direct(self, conversation: Conversation) -> bool:
        """Adds the direct chat of a pair; False when they have one. Waits for whoever is adding the same one."""
        row = conversation.model_dump()
        statement = insert(_conversations).values(row).on_conflict_do_nothing(index_elements=["direct_key"])
        return self.session.execute(statement.returning(_conversations.c.id)).scalar_one_or_none() is not None

    def get_direct(self, direct_key: str) -> Conversation | None:
        statement = select(Conversation).where(_conversations.c.direct_key == direct_key)
        return self.session.execute(statement).scalar_one_or_none()

    def get_open(self, actor: Actor, conversation_id: UUID, *, lock: bool = False) -> Conversation | None:
        """A company room of this person's company, whether or not they are a member."""
        statement = select(Conversation).where(_conversations.c.id == conversation_id, *_open(actor))
        if lock:
            statement = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
        return self.session.execute(statement).scalar_one_or_none()

    def list_mine(
        self,
        actor: Actor,
        kind: ConversationKind,
        *,
        archived: bool = False,
        limit: int = 30,
        before: Position | None = None,
    ) -> list[RoomLine]:
        """Newest activity first. `before` is the position of the last line of the page before.

        Read from the person's memberships: what it costs depends on how many rooms they are in, not on what was said.
        """
        page = _mine(_page, actor, kind, archived=archived)
        if before is not None:
            page = page.where(tuple_(_found.c.last_message_at, _found.c.id) < tuple_(*before))
        newest = page.order_by(*_FOUND_FIRST).limit(limit).subquery("newest")
        return [RoomLine(*tuple(row)) for row in self.session.execute(_lines_of(newest, actor))]

    def count_mine(self, actor: Actor, kind: ConversationKind, *, archived: bool = False) -> int:
        counted = _mine(select(func.count()), actor, kind, archived=archived)
        return int(self.session.execute(counted).scalar_one())

    def list_open(self, actor: Actor, *, limit: int = 30, before: Position | None = None) -> list[OpenRoomLine]:
        """The company's rooms, newest activity first."""
        mine = (  # looked up for each line of the page, instead of reading all memberships that this person has
            select(_members.c.user_id)
            .where(
                _members.c.conversation_id == _conversations.c.id,
                _members.c.user_id == actor.user_id,
                _members.c.left_at.is_(None),
            )
            .limit(1)
            .correlate(_conversations)
            .lateral("mine")
        )
        statement = select(
            _conversations.c.id,
            _conversations.c.title,
            _conversations.c.last_message_at,
            _conversations.c.member_count,
            mine.c.user_id.is_not(None),
        )
        statement = statement.select_from(_conversations.outerjoin(mine, true())).where(*_open(actor))
        if before is not None:
            statement = statement.where(_position < tuple_(*before))
        statement = statement.order_by(*_NEWEST_FIRST).limit(limit)
        return [OpenRoomLine(*tuple(row)) for row in self.session.execute(statement)]

    def count_open(self, actor: Actor) -> int:
        return int(self.session.execute(select(func.count()).where(*_open(actor))).scalar_one())

    def get_other(self, conversation_id: UUID, user_id: UUID) -> User | None:
        """In a direct chat: who the other one is, also when they can't sign in any more."""
        statement = (
            select(User)
            .join(Member, col(Member.user_id) == User.id)
            .where(_members.c.conversation_id == conversation_id, _members.c.user_id != user_id)
            .limit(1)
        )
        return self.session.execute(statement).scalar_one_or_none()


_found = room_of_member(
    *(_conversations.c[name] for name in ("id", "company_id", "kind", "title", "last_message_at", "said")),
    *(_conversations.c[name] for name in ("archived_at", "deleted_at")),
)
_FOUND_FIRST = (_found.c.last_message_at.desc(), _found.c.id.desc())
_page = select(
    *(_found.c[name] for name in ("id", "kind", "title", "last_message_at", "said", "archived_at")),
    *(_members.c[name] for name in ("user_id", "conversation_id", "last_read_seq", "read_said", "muted")),
)


def _open(actor: Actor) -> tuple[Any, ...]:
    return (
        _conversations.c.company_id == actor.company_id,
        _conversations.c.kind == literal_of(_conversations.c.kind, ConversationKind.COMPANY),
        _conversations.c.deleted_at.is_(None),
        _conversations.c.archived_at.is_(None),
    )


def _mine(statement: Select[Any], actor: Actor, kind: ConversationKind, *, archived: bool) -> Select[Any]:
    is_archived = _found.c.archived_at.is_not(None)
    return statement.select_from(_members.join(_found, true())).where(
        _members.c.user_id == actor.user_id,
        _members.c.kind == literal_of(_members.c.kind, kind),
        _members.c.left_at.is_(None),
        _found.c.company_id == actor.company_id,
        _found.c.deleted_at.is_(None),
        is_archived if archived else ~is_archived,
    )


def _lines_of(newest: Any, actor: Actor) -> Select[Any]:
    """Mentions and the other's name are looked up for the lines of the page only."""
    mentioned = mention_count(newest)
    other = (
        select(col(_others.display_name).label("name"))
        .join_from(_other_members, _others, col(_others.id) == _other_members.c.user_id)
        .where(
            newest.c.kind == ConversationKind.DIRECT,
            _other_members.c.conversation_id == newest.c.id,
            _other_members.c.user_id != actor.user_id,
        )
        .limit(1)
        .lateral("other")
    )
    return (
        select(
            newest.c.id,
            newest.c.kind,
            case((newest.c.kind == ConversationKind.DIRECT, func.coalesce(other.c.name, "")), else_=newest.c.title),
            newest.c.last_message_at,
            newest.c.said - newest.c.read_said,
            mentioned.c.mentions,
            newest.c.muted,
            newest.c.archived_at.is_not(None),
        )
        .select_from(newest.join(mentioned, true()).outerjoin(other, true()))
        .order_by(newest.c.last_message_at.desc(), newest.c.id.desc())
    )
