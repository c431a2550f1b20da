"""What people have not read: counted from the rooms' own counters, never by looking at messages."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, true

from core.models import Conversation, ConversationKind, Member, Mention
from core.models.base import literal_of, table_of
from core.repositories.base import Repository

_members, _conversations, _mentions = table_of(Member), table_of(Conversation), table_of(Mention)


@dataclass(frozen=True, slots=True)
class RoomUnread:
    """What a member has not read in one room."""

    unread: int
    mentions: int
    muted: bool

    @property
    def counted(self) -> int:
        """What of it a badge counts: in a muted room only what calls them by name."""
        return self.mentions if self.muted else self.unread


class Unreads(Repository):
    def of_person(self, user_id: UUID) -> dict[UUID, RoomUnread]:
        """Their rooms with something unread."""
        return self.of_people([user_id]).get(user_id, {})

    def of_people(self, user_ids: Collection[UUID]) -> dict[UUID, dict[UUID, RoomUnread]]:
        """The same for several people in one query; who has read everything is missing."""
        return self._found(_UNREAD.where(_members.c.user_id.in_(user_ids), _said.c.said > _members.c.read_said))

    def in_rooms(
        self, conversation_ids: Collection[UUID], user_ids: Collection[UUID]
    ) -> dict[UUID, dict[UUID, RoomUnread]]:
        """For each of these people the rooms of these that they are in, with nothing unread as well."""
        return self._found(
            _UNREAD.where(_members.c.conversation_id.in_(conversation_ids), _members.c.user_id.in_(user_ids))
        )

    def _found(self, statement: Select[Any]) -> dict[UUID, dict[UUID, RoomUnread]]:
        found: dict[UUID, dict[UUID, RoomUnread]] = defaultdict(dict)
        for user_id, conversation_id, *counts in self.session.execute(statement):
            found[user_id][conversation_id] = RoomUnread(*counts)
        return dict(found)


def mention_count(members: Any = _members) -> Any:
    """How often a member is called by name in what they have not read, for each row of `members`."""
    return (
        select(func.count().label("mentions"))
        .where(
            _mentions.c.user_id == members.c.user_id,
            _mentions.c.conversation_id == members.c.conversation_id,
            _mentions.c.seq > members.c.last_read_seq,
        )
        .correlate(members)
        .lateral("unread_mentions")
    )


def room_of_member(*columns: Any) -> Any:
    """The conversation of each membership, looked up by its key: joined as tables, PostgreSQL would rather read all
    conversations there are, as long as those are not too many.
    """
    return (
        select(*columns)
        .where(_conversations.c.id == _members.c.conversation_id)
        .limit(1)
        .correlate(_members)
        .lateral("room")
    )


_said = room_of_member(*(_conversations.c[name] for name in ("said", "deleted_at", "archived_at")))
_mentioned = mention_count()
_UNREAD = (
    select(
        _members.c.user_id,
        _members.c.conversation_id,
        _said.c.said - _members.c.read_said,
        _mentioned.c.mentions,
        _members.c.muted,
    )
    .select_from(_members.join(_said, true()).join(_mentioned, true()))
    .where(
        _members.c.left_at.is_(None),
        _members.c.kind != literal_of(_members.c.kind, ConversationKind.ASSISTANT),
        _said.c.deleted_at.is_(None),
        _said.c.archived_at.is_(None),
    )
)
