"""What open pages are told of conversations, for many readers at once: never what was written."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from core.models import Conversation, ConversationKind, Member, User
from core.models.base import table_of
from core.repositories.base import Repository
from core.repositories.conversations import readable_to
from core.repositories.presence import Pair, pairs_asked

READS_SHOWN = 50
"""Members; in larger rooms nobody looks at who has read what."""
_conversations, _members, _users = table_of(Conversation), table_of(Member), table_of(User)


@dataclass(frozen=True, slots=True)
class ReadMark:
    """How far a member has read."""

    user_id: UUID
    name: str
    seq: int


class Watching(Repository):
    def list_revisions(self, pairs: Collection[Pair]) -> dict[Pair, int]:
        """The conversations' revisions, for those of the pairs whose person may read that conversation."""
        asked = pairs_asked(pairs)
        statement = (
            select(_conversations.c.id, _users.c.id, _conversations.c.revision)
            .select_from(asked)
            .join(_users, _users.c.id == asked.c.user_id)
            .join(_conversations, _conversations.c.id == asked.c.conversation_id)
            .where(_conversations.c.deleted_at.is_(None), readable_to(_users.c.id, _users.c.company_id))
        )
        return {(row[0], row[1]): row[2] for row in self.session.execute(statement)}

    def list_members(self, conversation_ids: Collection[UUID], user_ids: Collection[UUID]) -> set[UUID]:
        """Which of these people are members there, also where the conversation was put away."""
        statement = select(_members.c.user_id).where(
            _members.c.conversation_id.in_(conversation_ids),
            _members.c.user_id.in_(user_ids),
            _members.c.left_at.is_(None),
        )
        return set(self.session.execute(statement).scalars())

    def list_reads(self, conversation_ids: Collection[UUID]) -> dict[UUID, list[ReadMark]]:
        """Of direct chats and small groups, by name."""
        statement = (
            select(_members.c.conversation_id, _users.c.id, _users.c.display_name, _members.c.last_read_seq)
            .join_from(_members, _conversations, _conversations.c.id == _members.c.conversation_id)
            .join(_users, _users.c.id == _members.c.user_id)
            .where(
                _members.c.conversation_id.in_(conversation_ids),
                _members.c.left_at.is_(None),
                _conversations.c.kind.in_([ConversationKind.DIRECT, ConversationKind.GROUP]),
                _conversations.c.member_count <= READS_SHOWN,
            )
            .order_by(_users.c.display_name, _users.c.id)
        )
        reads: dict[UUID, list[ReadMark]] = defaultdict(list)
        for conversation_id, *mark in self.session.execute(statement):
            reads[conversation_id].append(ReadMark(*mark))
        return dict(reads)
