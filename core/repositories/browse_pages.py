"""Every conversation that somebody may see, in one list.

What a person may see comes from three places: their own chats with the assistant, the rooms they are in, and, for who
oversees them, the company's rooms. Each gives as many lines as a page takes, in the page's order, and the page is made
of these. So a page costs as much as it shows, and what one's rooms come to, however many conversations there are.

The statements are put together once: SQLAlchemy takes longer for that than PostgreSQL to answer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Select, and_, any_, bindparam, or_, select, true, tuple_, union_all

from core.models import Conversation, ConversationKind, Member, MemberRole
from core.models.base import literal_of, table_of
from core.repositories.browse_lines import NEEDED, SORTED_BY, Sort, State, dressed, is_kind
from core.repositories.unread import room_of_member

_conversations, _members = table_of(Conversation), table_of(Member)
_mine = _members.alias("mine")
_me, _company, _owner = (bindparam(name, type_=_conversations.c.id.type) for name in ("me", "company", "owner"))


class Place(StrEnum):
    FIRST = "first"
    AFTER = "after"
    BEFORE = "before"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a statement looks like; the values come with each execution."""

    sort: Sort
    state: State
    kinds: frozenset[ConversationKind]
    chats: bool
    """May read their own chats and rooms."""
    oversees: bool
    """May read all of the company's rooms."""
    by_owner: bool
    by_model: bool
    with_default: bool
    since: bool
    until: bool
    place: Place

    @property
    def arms(self) -> Sequence[Callable[["Shape"], Select[Any]]]:
        """Where lines may come from."""
        sees_more = self.oversees and self.state is not State.DELETED
        return [
            *([_own_chats] if self.chats and ConversationKind.ASSISTANT in self.kinds else []),
            *([_own_rooms] if self.chats and any(kind.is_room for kind in self.kinds) else []),
            *([_overseen_rooms] if sees_more and ConversationKind.COMPANY in self.kinds else []),
        ]


_found = room_of_member(*(_conversations.c[name] for name in NEEDED))


def _own_chats(shape: Shape) -> Select[Any]:
    arm = select(*(_conversations.c[name] for name in NEEDED)).where(
        _conversations.c.owner_id == _me,
        _conversations.c.company_id == _company,
        is_kind(_conversations.c.kind, ConversationKind.ASSISTANT),
    )
    return _limited(shape, arm, _conversations.c)


def _own_rooms(shape: Shape) -> Select[Any]:
    """By membership; of deleted ones those that are theirs to bring back."""
    arm = (
        select(*(_found.c[name] for name in NEEDED))
        .select_from(_members.join(_found, true()))
        .where(
            _members.c.user_id == _me,
            ~is_kind(_members.c.kind, ConversationKind.ASSISTANT),
            _members.c.kind == any_(bindparam("kinds", type_=ARRAY(_members.c.kind.type))),
            _members.c.left_at.is_(None),
            _found.c.company_id == _company,
        )
    )
    if shape.state is State.DELETED:
        arm = arm.where(_members.c.role == literal_of(_members.c.role, MemberRole.OWNER))
    return _limited(shape, arm, _found.c)


def _overseen_rooms(shape: Shape) -> Select[Any]:
    """The company's rooms, but for those that come by membership."""
    membership = (
        select(_mine.c.user_id)
        .where(_mine.c.conversation_id == _conversations.c.id, _mine.c.user_id == _me, _mine.c.left_at.is_(None))
        .limit(1)
        .correlate(_conversations)
        .lateral("membership")
    )
    arm = select(*(_conversations.c[name] for name in NEEDED)).where(
        _conversations.c.company_id == _company,
        is_kind(_conversations.c.kind, ConversationKind.COMPANY),
    )
    if shape.chats:
        arm = arm.select_from(_conversations.outerjoin(membership, true())).where(membership.c.user_id.is_(None))
    return _limited(shape, arm, _conversations.c)


def _limited(shape: Shape, arm: Select[Any], columns: Any) -> Select[Any]:
    """No more of an arm than a page takes, in its order."""
    is_archived, is_deleted = columns.archived_at.is_not(None), columns.deleted_at.is_not(None)
    arm = arm.where(
        {
            State.ACTIVE: and_(columns.deleted_at.is_(None), columns.archived_at.is_(None)),
            State.ARCHIVED: and_(columns.deleted_at.is_(None), is_archived),
            State.DELETED: is_deleted,
        }[shape.state]
    )
    if shape.by_owner:
        arm = arm.where(columns.owner_id == _owner)
    if shape.by_model:
        named = columns.model == any_(bindparam("models", type_=ARRAY(columns.model.type)))
        arm = arm.where(or_(named, columns.model.is_(None)) if shape.with_default else named)
    if shape.since:
        arm = arm.where(columns.last_message_at >= bindparam("since", type_=columns.last_message_at.type))
    if shape.until:
        arm = arm.where(columns.last_message_at < bindparam("until", type_=columns.last_message_at.type))
    return _ordered(shape, arm, columns, is_placed=True)


def _ordered(shape: Shape, statement: Select[Any], columns: Any, *, is_placed: bool) -> Select[Any]:
    key, id_ = columns[SORTED_BY[shape.sort]], columns.id
    if is_placed and shape.place is not Place.FIRST:
        place = tuple_(bindparam("key", type_=key.type), bindparam("id", type_=id_.type))
        here = tuple_(key, id_)
        statement = statement.where(here > place if shape.place is Place.BEFORE else here < place)
    order = (key, id_) if shape.place is Place.BEFORE else (key.desc(), id_.desc())
    return statement.order_by(*order).limit(bindparam("limit"))


@cache
def page(shape: Shape) -> Select[Any]:
    arms = [arm(shape).subquery() for arm in shape.arms]
    found = union_all(*(select(arm) for arm in arms)).subquery("found") if len(arms) > 1 else arms[0]
    page = _ordered(shape, select(found), found.c, is_placed=False).subquery("page")
    order = (page.c[SORTED_BY[shape.sort]], page.c.id)
    return dressed(page).order_by(*(order if shape.place is Place.BEFORE else (one.desc() for one in order)))
