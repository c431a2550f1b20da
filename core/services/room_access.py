"""Who stands how to a room, and what its kind and state allow. Every use case of rooms begins here."""

from typing import Any
from uuid import UUID

from sqlmodel import Session

from core.errors import NotFound, NotPermitted, RuleBroken
from core.lines import one_line
from core.models import (
    AuditAction,
    Company,
    Conversation,
    ConversationKind,
    Member,
    MemberRole,
    MessageRole,
    MessageType,
)
from core.permissions import Actor
from core.repositories.audit import Audit
from core.repositories.companies import Companies
from core.repositories.conversations import Conversations
from core.repositories.members import Members
from core.repositories.messages import Messages
from core.repositories.rooms import Rooms
from core.services.access import get_or_raise
from core.services.room_views import Colleague, RoomView

NO_ROOM = "That is a chat with the assistant, not a room."
DIRECT_STAYS = "A direct chat belongs to its two people: nobody is added, removed or leaves. You can mute it."
MANAGERS_ONLY = "That is for the owners and admins of this room."
OWNERS_ONLY = "That is for the owners of this room."
ARCHIVED = "This room is archived. An owner can bring it back."
LOCKED = "Locked by a moderator"


def member_or_raise(
    session: Session, actor: Actor, conversation_id: UUID, *, lock: bool = True
) -> tuple[Conversation, Member]:
    """A room that this person is a member of, locked against other writers, and their membership.

    Raises NotFound for what they can't read, RuleBroken for a chat with the assistant.
    """
    conversation = get_or_raise(Conversations(session), actor, conversation_id, lock=lock)
    if not conversation.kind.is_room:
        raise RuleBroken(NO_ROOM)
    member = Members(session).get(conversation_id, actor.user_id)
    if member is None:  # left in this very moment
        raise NotFound
    return conversation, member


def shared_or_raise(session: Session, actor: Actor, conversation_id: UUID) -> tuple[Conversation, Member]:
    """The same for a room with members to manage: a group or a company room."""
    conversation, member = member_or_raise(session, actor, conversation_id)
    if conversation.kind is ConversationKind.DIRECT:
        raise RuleBroken(DIRECT_STAYS)
    return conversation, member


def standing(session: Session, member: Member) -> MemberRole:
    """What a member may do: as their role says, or more while nobody is left who may.

    A room whose owners can't sign in any more is looked after by its admins, and without any by whoever is there.
    """
    if member.role is MemberRole.OWNER:
        return MemberRole.OWNER
    keepers = Members(session).count_keepers(member.conversation_id)
    if keepers[MemberRole.OWNER]:
        return member.role
    is_next = member.role is MemberRole.ADMIN or not keepers[MemberRole.ADMIN]
    return MemberRole.OWNER if is_next else member.role


def require_manager(session: Session, member: Member) -> MemberRole:
    """Raises NotPermitted for plain members."""
    role = standing(session, member)
    if role is MemberRole.MEMBER:
        raise NotPermitted(MANAGERS_ONLY)
    return role


def require_owner(session: Session, member: Member) -> None:
    if standing(session, member) is not MemberRole.OWNER:
        raise NotPermitted(OWNERS_ONLY)


def managed_or_raise(session: Session, actor: Actor, conversation_id: UUID) -> Conversation:
    """A conversation locked for a change of what it is: one's own chat, or a room that one looks after.

    Raises NotPermitted when that is for others, RuleBroken in a direct chat and where a moderator locked the room.
    """
    conversation = get_or_raise(Conversations(session), actor, conversation_id, lock=True)
    if not conversation.kind.is_room:
        return _own(conversation, actor)
    require_manager(session, shared_or_raise(session, actor, conversation_id)[1])
    refuse_locked(conversation)
    return conversation


def owned_or_raise(
    session: Session, actor: Actor, conversation_id: UUID, *, with_deleted: bool = False
) -> Conversation:
    """The same for what only owners may do: put it away, or bring it back."""
    conversation = get_or_raise(Conversations(session), actor, conversation_id, with_deleted=with_deleted, lock=True)
    if not conversation.kind.is_room:
        return _own(conversation, actor)
    if conversation.kind is ConversationKind.DIRECT:
        raise RuleBroken(DIRECT_STAYS)
    member = Members(session).get(conversation_id, actor.user_id)
    if member is None:
        raise NotFound
    require_owner(session, member)
    refuse_locked(conversation)
    return conversation


def _own(conversation: Conversation, actor: Actor) -> Conversation:
    if conversation.owner_id != actor.user_id:
        raise NotPermitted
    return conversation


def why_closed(session: Session, conversation: Conversation, actor: Actor) -> str | None:
    """Why nobody can write in the room; None where one can."""
    if conversation.locked_at is not None:
        return why_locked(conversation)
    if conversation.archived_at is not None:
        return ARCHIVED
    if conversation.kind is ConversationKind.DIRECT:
        other = Rooms(session).get_other(conversation.id, actor.user_id)
        if other is None or not other.is_active:
            who = one_line(other.display_name) if other else "The other person"
            return f"{who} can't sign in any more, so nobody would read it."
    return None


def why_locked(conversation: Conversation) -> str:
    return f"{LOCKED} · {conversation.lock_reason}"


def refuse_locked(conversation: Conversation) -> None:
    """For changes of who is in a room and what it is. Raises RuleBroken while a moderator keeps it locked."""
    if conversation.locked_at is not None:
        raise RuleBroken(why_locked(conversation))


def refuse_closed(session: Session, conversation: Conversation, actor: Actor) -> None:
    """Raises RuleBroken where nobody can write."""
    if closed := why_closed(session, conversation, actor):
        raise RuleBroken(closed)


def room_view(session: Session, actor: Actor, conversation: Conversation, member: Member) -> RoomView:
    """The room as this member sees it."""
    is_direct = conversation.kind is ConversationKind.DIRECT
    other = Rooms(session).get_other(conversation.id, actor.user_id) if is_direct else None
    is_locked = conversation.locked_at is not None
    stands = MemberRole.MEMBER if is_direct or is_locked else standing(session, member)
    company: Company | None = Companies(session).get(conversation.company_id)
    return RoomView(
        id=conversation.id,
        kind=conversation.kind,
        title=other.display_name if other else conversation.title,
        history=conversation.history,
        member_count=conversation.member_count,
        role=member.role,
        muted=member.muted,
        last_read_seq=member.last_read_seq,
        other=Colleague(other.id, other.display_name, other.email) if other else None,
        can_manage=stands is not MemberRole.MEMBER,
        can_own=stands is MemberRole.OWNER,
        why_not=why_closed(session, conversation, actor),
        is_locked=is_locked,
        assistant_name=company.assistant_name if company else "",
    )


def add_notice(session: Session, conversation: Conversation, sentence: str) -> None:
    """Says in the room what happened to it."""
    Messages(session).append(
        conversation.id, role=MessageRole.SYSTEM, message_type=MessageType.NOTICE, content=one_line(sentence)
    )


def record(
    session: Session,
    actor: Actor,
    action: AuditAction,
    conversation: Conversation,
    *,
    before: dict[str, Any] | None = None,
    **after: Any,
) -> None:
    """The audit row of what was done to a conversation: the last thing in its transaction."""
    Audit(session).record(
        action,
        actor=actor,
        company_id=conversation.company_id,
        target_type="conversation",
        target_id=conversation.id,
        before=before,
        after=after or None,
    )
