"""What a task may say, whose it may be, and where it may come from."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from sqlmodel import Session

from core.assistant.screening import screened
from core.errors import Invalid, NotFound
from core.lines import one_line
from core.models import MAX_TASK_DESCRIPTION, MAX_TASK_TITLE, ConversationKind, Task, User
from core.permissions import Actor, Permission, permissions_of
from core.repositories.conversations import Conversations
from core.repositories.members import Members
from core.repositories.messages import Messages
from core.repositories.users import Users
from core.rules.screen import told
from core.services.access import get_or_raise
from core.services.task_views import NewTask
from core.services.texts import checked_text, required_text

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)
LIMITS = {"title": MAX_TASK_TITLE, "description": MAX_TASK_DESCRIPTION}


def title_of(text: str) -> str:
    return required_text(one_line(text), field="The title", limit=MAX_TASK_TITLE)


def description_of(text: str) -> str:
    return checked_text(text.strip(), field="The description", limit=MAX_TASK_DESCRIPTION)


def day_of(day: date | None) -> date | None:
    if day is not None and not FIRST_DAY <= day <= LAST_DAY:
        raise Invalid(f"A task can be due from {FIRST_DAY.year} to {LAST_DAY.year}. Choose another day.")
    return day


def assignee_of(session: Session, actor: Actor, user_id: UUID | None) -> User:
    """Raises Invalid for who is not of the company, or keeps no tasks."""
    user = Users(session).get(user_id or actor.user_id)
    if user is None or user.company_id != actor.company_id:
        raise Invalid("Nobody of this company is that. Choose somebody from the list.")
    if user.id == actor.user_id:
        return user
    may_keep = Permission.RECORDS_KEEP in permissions_of(Users(session).list_roles(user.id))
    if not user.is_active or not may_keep:
        raise Invalid(f"{user.display_name} keeps no tasks here: that needs an active account with the role staff.")
    return user


def source_of(session: Session, actor: Actor, new: NewTask) -> UUID | None:
    """The conversation that it comes from. Raises NotFound for what this person may not read."""
    if new.message_id is None:
        if new.conversation_id is not None:
            get_or_raise(Conversations(session), actor, new.conversation_id)
        return new.conversation_id
    message = Messages(session).get(new.message_id)
    if message is None or message.deleted_at is not None:
        raise NotFound
    conversation = get_or_raise(Conversations(session), actor, message.conversation_id)
    member = Members(session).get(conversation.id, actor.user_id) if conversation.kind.is_room else None
    if member and message.seq <= conversation.floor_for(member):
        raise NotFound
    return conversation.id


def screened_texts(
    session: Session, actor: Actor, assignee_id: UUID, texts: Mapping[str, str], *, before: Task | None = None
) -> tuple[dict[str, str], str | None]:
    """As they may be kept: what one notes for oneself is held against the rules for chats with the assistant, what one
    gives to somebody against those for direct chats. With it what was taken out, in a sentence.
    """
    kind = ConversationKind.ASSISTANT if assignee_id == actor.user_id else ConversationKind.DIRECT
    found = {
        name: screened(
            session, actor.company_id, kind, text, limit=LIMITS[name], before=getattr(before, name) if before else ""
        )
        for name, text in texts.items()
    }
    notes = (told(one.masked) for one in found.values())
    return {name: one.text for name, one in found.items()}, next((note for note in notes if note), None)
