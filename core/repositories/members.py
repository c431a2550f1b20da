from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Select, bindparam, func, select, tuple_, update
from sqlalchemy.orm import aliased
from sqlmodel import col

from core import clock
from core.models import Conversation, Member, MemberRole, Message, MessageType, User
from core.models.base import literal_of, table_of
from core.repositories.base import Repository
from core.repositories.message_lines import is_step

_members, _conversations, _messages = table_of(Member), table_of(Conversation), table_of(Message)
_adders = aliased(User)


@dataclass(frozen=True, slots=True)
class MemberLine:
    """What a list shows of a member."""

    user_id: UUID
    display_name: str
    role: MemberRole
    joined_at: datetime
    left_at: datetime | None
    """None for who is a member now."""
    added_by_name: str | None
    """None for who came by themselves."""
    is_active: bool
    """False when their account is deactivated."""
    sort_name: str

    @property
    def position(self) -> tuple[str, UUID]:
        """Where this line stands in its list: pass it as `after` for the lines that follow."""
        return self.sort_name, self.user_id


class Members(Repository):
    """Who takes part in a conversation. Whoever changes that holds the conversation's lock."""

    def put(
        self,
        conversation: Conversation,
        roles: Mapping[UUID, MemberRole],
        *,
        added_by: UUID | None = None,
        visible_from: int | None = None,
    ) -> None:
        """Makes these people members from now on, whether or not they ever were; everything said so far counts as read.

        None of them may be a member at the moment. `visible_from`: the last message that is not for them where the
        history begins with the joining; None: everything that is there now.
        """
        seen = conversation.last_seq
        for user_id, role in roles.items():
            member = self.session.get(Member, (conversation.id, user_id)) or Member(
                conversation_id=conversation.id, user_id=user_id, kind=conversation.kind, joined_at=clock.now()
            )
            member.role, member.joined_at, member.left_at, member.added_by = role, clock.now(), None, added_by
            member.joined_seq = seen if visible_from is None else visible_from
            member.last_read_seq, member.read_said, member.muted = seen, conversation.said, False
            self.session.add(member)
        self._count(conversation, len(roles))

    def get(self, conversation_id: UUID, user_id: UUID) -> Member | None:
        """Whoever is a member now; None for who has left."""
        found = self.session.get(Member, (conversation_id, user_id), populate_existing=True)
        return found if found and found.left_at is None else None

    def get_former(self, conversation_id: UUID, user_id: UUID) -> Member | None:
        """Whoever has left."""
        found = self.session.get(Member, (conversation_id, user_id), populate_existing=True)
        return found if found and found.left_at is not None else None

    def get_line(self, conversation_id: UUID, user_id: UUID) -> MemberLine | None:
        """Former members as well."""
        row = self.session.execute(_lines(conversation_id).where(_members.c.user_id == user_id)).one_or_none()
        return None if row is None else MemberLine(*tuple(row))

    def list_lines(
        self,
        conversation_id: UUID,
        *,
        with_former: bool = False,
        limit: int = 200,
        after: tuple[str, UUID] | None = None,
    ) -> list[MemberLine]:
        """By name. `after` is the position of the last line of the page before."""
        statement = _lines(conversation_id)
        if not with_former:
            statement = statement.where(_members.c.left_at.is_(None))
        if after is not None:
            statement = statement.where(tuple_(_sort_name, col(User.id)) > tuple_(*after))
        statement = statement.order_by(_sort_name, col(User.id)).limit(limit)
        return [MemberLine(*tuple(row)) for row in self.session.execute(statement)]

    def list_names(self, conversation_id: UUID) -> dict[UUID, tuple[str, str]]:
        """Display name and e-mail of everybody who is a member now and may sign in."""
        statement = (
            select(col(User.id), col(User.display_name), col(User.email))
            .join(Member, col(Member.user_id) == col(User.id))
            .where(_members.c.conversation_id == conversation_id, _members.c.left_at.is_(None), col(User.is_active))
        )
        return {row.id: (row.display_name, row.email) for row in self.session.execute(statement)}

    def list_present(self, conversation_id: UUID, user_ids: Collection[UUID]) -> set[UUID]:
        """Which of these people are members now."""
        statement = select(_members.c.user_id).where(
            _members.c.conversation_id == conversation_id,
            _members.c.user_id.in_(user_ids),
            _members.c.left_at.is_(None),
        )
        return set(self.session.execute(statement).scalars())

    def count_keepers(self, conversation_id: UUID) -> Counter[MemberRole]:
        """Owners and admins who are members now and may sign in: the others can't look after a room."""
        found = self.session.execute(_keepers, {"conversation": conversation_id})
        return Counter({row.role: row.members for row in found})

    def leave(self, conversation: Conversation, member: Member) -> None:
        """They keep nothing of the conversation; what they wrote stays."""
        member.left_at = clock.now()
        self.session.add(member)
        self._count(conversation, -1)

    def change_role(self, member: Member, role: MemberRole) -> None:
        member.role = role
        self.session.add(member)
        self.session.flush()

    def mute(self, member: Member, *, muted: bool) -> None:
        member.muted = muted
        self.session.add(member)
        self.session.flush()

    def mark_read(self, conversation_id: UUID, user_id: UUID, seq: int) -> bool:
        """Up to that message, never backwards and not beyond the last one. True when something changed.

        One statement: what was said behind that message, nothing as a rule, is counted, not what lies before it.
        """
        given = {"conversation": conversation_id, "user": user_id, "seq": seq}
        return bool(self.session.execute(_mark_read, given).rowcount)  # type: ignore[attr-defined]

    def _count(self, conversation: Conversation, more: int) -> None:
        conversation.member_count += more
        self.session.add(conversation)
        self.session.flush()


# Put together once: SQLAlchemy takes longer for that than PostgreSQL to answer.
_keepers = (
    select(_members.c.role, func.count().label("members"))
    .join_from(Member, User, col(User.id) == _members.c.user_id)
    .where(
        _members.c.conversation_id == bindparam("conversation", type_=_members.c.conversation_id.type),
        _members.c.role != literal_of(_members.c.role, MemberRole.MEMBER),
        _members.c.left_at.is_(None),
        col(User.is_active),
    )
    .group_by(_members.c.role)
)
_marked = bindparam("seq", type_=Integer)
_unread = (
    select(func.count())
    .where(
        _messages.c.conversation_id == _conversations.c.id,
        _messages.c.seq > _marked,
        _messages.c.message_type != MessageType.NOTICE,
        ~is_step,
    )
    .scalar_subquery()
)
_mark_read = (
    update(_members)
    .where(
        _members.c.conversation_id == bindparam("conversation", type_=_members.c.conversation_id.type),
        _members.c.user_id == bindparam("user", type_=_members.c.user_id.type),
        _members.c.left_at.is_(None),
        _conversations.c.id == _members.c.conversation_id,
        _conversations.c.deleted_at.is_(None),
        _members.c.last_read_seq < func.least(_marked, _conversations.c.last_seq),
    )
    .values(
        last_read_seq=func.least(_marked, _conversations.c.last_seq),
        read_said=func.greatest(_members.c.read_said, _conversations.c.said - _unread),
    )
)
_sort_name = func.lower(col(User.display_name))


def _lines(conversation_id: UUID) -> Select[Any]:
    return (
        select(
            _members.c.user_id,
            col(User.display_name),
            _members.c.role,
            _members.c.joined_at,
            _members.c.left_at,
            col(_adders.display_name),
            col(User.is_active),
            _sort_name,
        )
        .join_from(Member, User, col(User.id) == _members.c.user_id)
        .outerjoin(_adders, col(_adders.id) == _members.c.added_by)
        .where(_members.c.conversation_id == conversation_id)
    )
