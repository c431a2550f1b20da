"""Rooms as a whole: begun, found, joined, and what newcomers see of them."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from core import clock
from core.assistant.screening import screened
from core.database.engine import Database
from core.errors import Invalid, NotFound, RuleBroken
from core.lines import one_line
from core.models import MAX_TITLE, AuditAction, Conversation, ConversationKind, History, MemberRole
from core.permissions import Actor, Permission, roles_with
from core.repositories.conversations import Conversations
from core.repositories.members import Members
from core.repositories.model_calls import ModelCalls
from core.repositories.room_lines import OpenRoomLine, Position, RoomLine
from core.repositories.rooms import Rooms
from core.repositories.unread import Unreads
from core.repositories.users import Users
from core.services.hints import Hints
from core.services.limits import Limited, RateLimiter
from core.services.room_access import (
    add_notice,
    member_or_raise,
    record,
    refuse_locked,
    require_manager,
    room_view,
    shared_or_raise,
)
from core.services.room_views import RoomUsage, RoomView, Unread
from core.services.texts import required_text

PAGE = 30
MAX_AT_ONCE = 200
"""People that may be added in one go."""
HISTORY_NOTICES = {
    History.ALL: "New members see everything that was said here.",
    History.JOINED: "New members see what is said from their joining on.",
}


class RoomService:
    def __init__(self, database: Database, limiter: RateLimiter, hints: Hints) -> None:
        self.database = database
        self.limiter = limiter
        self.hints = hints

    def start_direct(self, actor: Actor, user_id: UUID) -> UUID:
        """The direct chat with somebody: the one there is, or a new one. However many start it at once, it is one.

        Raises NotFound for whoever is not of one's company, RuleBroken for oneself and for deactivated people.
        """
        actor.require(Permission.CHAT_USE)
        if user_id == actor.user_id:
            raise RuleBroken("A direct chat is between two people. Choose somebody else.")
        with self.database.transaction() as session:
            found = Users(session).list_by_ids(actor.company_id, [user_id], roles_with(Permission.CHAT_USE))
            if user_id not in found:
                raise NotFound("Nobody here has this account.")
            other, can_read = found[user_id]
            if not can_read:
                raise RuleBroken(f"{one_line(other.display_name)} can't sign in or chat, so nobody would read it.")
            key = _direct_key(actor.user_id, user_id)
            if there := Rooms(session).get_direct(key):
                return there.id
            conversation = _room(actor, ConversationKind.DIRECT, direct_key=key)
            self.limiter.take(session, actor, Limited.ROOM)
            if not Rooms(session).add_direct(conversation):  # the other one, or another tab, was faster by a moment
                there = Rooms(session).get_direct(key)
                assert there
                return there.id
            added = session.get_one(Conversation, conversation.id)
            Members(session).put(added, dict.fromkeys((actor.user_id, user_id), MemberRole.MEMBER))
            record(session, actor, AuditAction.ROOM_CREATED, added, kind=added.kind)
        self.hints.publish_rooms(actor.user_id)
        self.hints.publish_rooms(user_id)
        return conversation.id

    def create(
        self,
        actor: Actor,
        kind: ConversationKind,
        title: str,
        *,
        user_ids: Collection[UUID] = (),
        history: History = History.ALL,
    ) -> UUID:
        """A group with these people, or a room that everybody in the company may join; its maker is the owner.

        Raises Invalid for a bad title and for people who can't be added: then there is no room either.
        """
        actor.require(Permission.CHAT_USE)
        if kind not in (ConversationKind.GROUP, ConversationKind.COMPANY):
            raise Invalid("A room is a group or a company room.")
        title = required_text(one_line(title), field="The room's name", limit=MAX_TITLE)
        invited = set(user_ids) - {actor.user_id}
        if len(invited) > MAX_AT_ONCE:
            raise Invalid(f"Add up to {MAX_AT_ONCE} people at once.")
        with self.database.transaction() as session:
            title = screened(session, actor.company_id, kind, title, limit=MAX_TITLE).text
            people = Users(session).list_by_ids(actor.company_id, invited, roles_with(Permission.CHAT_USE))
            if any(user_id not in people or not people[user_id][1] for user_id in invited):
                raise Invalid("Some of these people can't be added. Choose from the list.")
            conversation = Conversations(session).add(_room(actor, kind, title=title, is_titled=True, history=history))
            self.limiter.take(session, actor, Limited.ROOM)
            Members(session).put(conversation, dict.fromkeys(invited, MemberRole.MEMBER), added_by=actor.user_id)
            add_notice(session, conversation, f"{actor.display_name} made this room.")
            Members(session).mark_read(conversation.id, actor.user_id, 1)
            members = [*sorted(map(str, invited))]
            record(session, actor, AuditAction.ROOM_CREATED, conversation, kind=kind, history=history, members=members)
        for user_id in (actor.user_id, *invited):
            self.hints.publish_rooms(user_id)
        return conversation.id

    def get(self, actor: Actor, conversation_id: UUID) -> RoomView:
        """Raises NotFound, and RuleBroken for a chat with the assistant."""
        with self.database.reading() as session:
            conversation, member = member_or_raise(session, actor, conversation_id, lock=False)
            return room_view(session, actor, conversation, member)

    def list_mine(
        self,
        actor: Actor,
        kind: ConversationKind,
        *,
        archived: bool = False,
        limit: int = PAGE,
        before: Position | None = None,
    ) -> list[RoomLine]:
        """One's rooms of a kind, newest activity first; for the next page pass the last line's `position`."""
        actor.require(Permission.CHAT_USE)
        with self.database.reading() as session:
            return Rooms(session).list_mine(actor, kind, archived=archived, limit=limit, before=before)

    def count_mine(self, actor: Actor, kind: ConversationKind, *, archived: bool = False) -> int:
        actor.require(Permission.CHAT_USE)
        with self.database.reading() as session:
            return Rooms(session).count_mine(actor, kind, archived=archived)

    def list_open(self, actor: Actor, *, limit: int = PAGE, before: Position | None = None) -> list[OpenRoomLine]:
        """The company's rooms, joined or not, newest activity first."""
        actor.require(Permission.CHAT_USE)
        with self.database.reading() as session:
            return Rooms(session).list_open(actor, limit=limit, before=before)

    def count_open(self, actor: Actor) -> int:
        actor.require(Permission.CHAT_USE)
        with self.database.reading() as session:
            return Rooms(session).count_open(actor)

    def unread(self, actor: Actor) -> Unread:
        """What this person has not read, in all their rooms: one query."""
        actor.require(Permission.CHAT_USE)
        with self.database.reading() as session:
            rooms = Unreads(session).of_person(actor.user_id)
        return Unread(
            total=sum(room.counted for room in rooms.values()),
            mentions=sum(room.mentions for room in rooms.values()),
            rooms=rooms,
        )

    def usage(self, actor: Actor, conversation_id: UUID) -> RoomUsage:
        """What the assistant cost in this room, and whose questions that was; for who sees the room from their joining
        on, since then. One query over the room's own calls.
        """
        with self.database.reading() as session:
            conversation, member = member_or_raise(session, actor, conversation_id, lock=False)
            since = member.joined_at if conversation.floor_for(member) else None
            return RoomUsage(tuple(ModelCalls(session).list_by_person(conversation_id, since=since)))

    def join(self, actor: Actor, conversation_id: UUID) -> None:
        """Into a company room. Who is a member stays one. Raises NotFound for every other kind."""
        actor.require(Permission.CHAT_USE)
        with self.database.transaction() as session:
            conversation = Rooms(session).get_open(actor, conversation_id, lock=True)
            if conversation is None:
                raise NotFound
            if Members(session).get(conversation_id, actor.user_id):
                return
            refuse_locked(conversation)
            Members(session).put(conversation, {actor.user_id: MemberRole.MEMBER})
            add_notice(session, conversation, f"{actor.display_name} joined.")
            Members(session).mark_read(conversation_id, actor.user_id, conversation.last_seq + 1)
            record(session, actor, AuditAction.ROOM_JOINED, conversation)
        self.hints.publish(conversation_id)
        self.hints.publish_rooms(actor.user_id)

    def set_history(self, actor: Actor, conversation_id: UUID, history: History) -> None:
        """What members see of what was said before they joined. Acts at once, also for those who are there."""
        with self.database.transaction() as session:
            conversation, member = shared_or_raise(session, actor, conversation_id)
            require_manager(session, member)
            before = conversation.history
            if before is history:
                return
            refuse_locked(conversation)
            Conversations(session).update(conversation, history=history)
            add_notice(session, conversation, f"{actor.display_name} changed what is shown. {HISTORY_NOTICES[history]}")
            record(session, actor, AuditAction.ROOM_UPDATED, conversation, before={"history": before}, history=history)
        self.hints.publish(conversation_id)


def _direct_key(one: UUID, other: UUID) -> str:
    """The same for both, whoever starts."""
    return ":".join(sorted((one.hex, other.hex)))


def _room(actor: Actor, kind: ConversationKind, **values: Any) -> Conversation:
    return Conversation(
        company_id=actor.company_id, owner_id=actor.user_id, kind=kind, last_message_at=clock.now(), **values
    )
