"""Rooms: the one of a pair, one's own by kind, and those that everybody in a company may join."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from core.models import Conversation, ConversationKind, Member, User
from core.models.base import table_of
from core.permissions import Actor
from core.repositories.base import Repository
from core.repositories.room_lines import (
    OpenRoomLine,
    Position,
    RoomLine,
    are_open,
    given,
    mine,
    of_member,
    open_rooms,
)

_members, _conversations = table_of(Member), table_of(Conversation)


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
        statement = select(Conversation).where(_conversations.c.id == conversation_id, *are_open())
        if lock:
            statement = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
        return self.session.execute(statement, {"company": actor.company_id}).scalar_one_or_none()

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
        statement = mine(kind, archived=archived, continued=before is not None)
        found = self.session.execute(statement, given(actor.user_id, actor.company_id, limit, before))
        return [RoomLine(*tuple(row)) for row in found.all()]

    def count_mine(self, actor: Actor, kind: ConversationKind, *, archived: bool = False) -> int:
        counted = of_member(select(func.count()), kind, archived=archived)
        who = {"me": actor.user_id, "company": actor.company_id}
        return int(self.session.execute(counted, who).scalar_one())

    def list_open(self, actor: Actor, *, limit: int = 30, before: Position | None = None) -> list[OpenRoomLine]:
        """The company's rooms, newest activity first."""
        statement = open_rooms(continued=before is not None)
        found = self.session.execute(statement, given(actor.user_id, actor.company_id, limit, before))
        return [OpenRoomLine(*tuple(row)) for row in found.all()]

    def count_open(self, actor: Actor) -> int:
        counted = select(func.count()).select_from(_conversations).where(*are_open())
        return int(self.session.execute(counted, {"company": actor.company_id}).scalar_one())

    def get_other(self, conversation_id: UUID, user_id: UUID) -> User | None:
        """In a direct chat: who the other one is, also when they can't sign in any more."""
        statement = (
            select(User)
            .join(Member, col(Member.user_id) == User.id)
            .where(_members.c.conversation_id == conversation_id, _members.c.user_id != user_id)
            .limit(1)
        )
        return self.session.execute(statement).scalar_one_or_none()
