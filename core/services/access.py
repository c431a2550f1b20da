"""The conversation that somebody wants something with, if there is one for them."""

from uuid import UUID

from sqlmodel import Session

from core import clock
from core.errors import NotFound, NotSignedIn
from core.models import Conversation
from core.permissions import Actor, Permission
from core.repositories.conversations import Conversations
from core.repositories.members import Members
from core.repositories.users import Users

NO_LONGER = "You are no longer a member of this room, so it is closed to you."


def get_or_raise(
    conversations: Conversations, actor: Actor, conversation_id: UUID, *, with_deleted: bool = False, lock: bool = False
) -> Conversation:
    """Raises NotPermitted without the right to chat, NotFound for what this person may not read.

    Who was a member is told so: that the room exists is no news to them.
    """
    actor.require(Permission.CHAT_USE)
    found = conversations.get_readable(actor, conversation_id, with_deleted=with_deleted, lock=lock)
    if found is None:
        former = Members(conversations.session).get_former(conversation_id, actor.user_id)
        raise NotFound(NO_LONGER if former else None)
    return found


def require_still(session: Session, actor: Actor, *permissions: Permission) -> None:
    """In the middle of something long, and where there is no way back: those of these that they had may have been taken
    away. Without a browser session there is nothing to ask. Raises NotPermitted, NotSignedIn.
    """
    if actor.session_id is None:
        return
    now = Users(session).get_actor(actor.session_id, clock.now())
    if now is None:
        raise NotSignedIn
    for permission in permissions:
        if actor.may(permission):
            now.require(permission)
