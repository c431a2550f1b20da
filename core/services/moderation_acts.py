"""What a moderator's act does to a message and around it: everything that was made from its text goes along."""

from uuid import UUID

from sqlmodel import Session

from core.assistant.asking import stop_answer_to
from core.assistant.titles import title_from
from core.models import MAX_TITLE, Case, Conversation, ConversationKind, Message, MessageRole
from core.repositories.cases import Cases
from core.repositories.conversations import Conversations
from core.repositories.expiry import is_title_of_first
from core.repositories.mentions import Mentions
from core.repositories.messages import Messages
from core.repositories.notices import Notices
from core.services.talk import note_called

KIND = "moderation"
IN_WHAT = {
    ConversationKind.ASSISTANT: "a chat with the assistant",
    ConversationKind.DIRECT: "a direct chat",
    ConversationKind.GROUP: "a group",
    ConversationKind.COMPANY: "a company room",
}
TITLED_FROM = 2
"""A chat's first title is made of its first question, and perhaps the answer to it."""


def put_text(
    session: Session, conversation: Conversation, message: Message, text: str, *, by: UUID, reason: str
) -> None:
    before = message.content
    Messages(session).moderate(message, text, by, reason)
    _settle(session, conversation, message, before)


def take_text_back(session: Session, conversation: Conversation, message: Message, by: UUID, reason: str) -> None:
    before = message.content
    Messages(session).revert(message, by, reason)
    _settle(session, conversation, message, before)


def remove(session: Session, conversation: Conversation, message: Message, by: UUID, reason: str) -> None:
    """A question that waits for its answer is not asked, unless it is brought back."""
    Messages(session).delete(message, by, reason=reason)
    stop_answer_to(session, conversation, message)
    Mentions(session).put(message, ())
    _retitle(session, conversation, message, message.content)
    Conversations(session).touch(conversation)


def bring_back(session: Session, conversation: Conversation, message: Message) -> None:
    Messages(session).restore(message)
    _settle(session, conversation, message, message.content)


def _settle(session: Session, conversation: Conversation, message: Message, before: str) -> None:
    if conversation.kind.is_room:
        note_called(session, message)
    _retitle(session, conversation, message, before)
    Conversations(session).touch(conversation)


def _retitle(session: Session, conversation: Conversation, message: Message, before: str) -> None:
    """Makes the title anew of the first question that is there, unless a person gave it or it has nothing to do with
    this message. Without one the next question gives it. One that came with an import counts as given, unless it is
    what the message said.
    """
    says_this = title_from(before, MAX_TITLE) == conversation.title
    is_made = not conversation.is_titled or (says_this and is_title_of_first(conversation))
    is_chat = conversation.kind is ConversationKind.ASSISTANT
    if not (is_chat and is_made and (says_this or message.seq <= TITLED_FROM)):
        return
    text = Messages(session).get_first_question(conversation.id)
    title = title_from(text, MAX_TITLE) if text else ""
    if title != conversation.title:
        Conversations(session).update(conversation, title=title, is_titled=False)


def owner_of(conversation: Conversation, case: Case) -> UUID | None:
    """Who is told what a moderator did: the author; of an answer the chat's owner, and in a room nobody."""
    is_chat = conversation.kind is ConversationKind.ASSISTANT
    return case.author_id or (conversation.owner_id if is_chat else None)


def tell_owner(
    session: Session, conversation: Conversation, case: Case, message: Message, *, did: str, rest: str = "."
) -> None:
    user_id = owner_of(conversation, case)
    what = "an answer" if case.role is MessageRole.ASSISTANT else "your message" if case.author_id else "a message"
    day = f"{message.created_at.day} {message.created_at:%B %Y}"
    if user_id:
        text = f"A moderator {did} {what} of {day} in {IN_WHAT[conversation.kind]}{rest}"
        _tell(session, [user_id], f"moderated:{case.id}:{case.version}", text)


def tell_reporters(session: Session, case: Case, outcome: str, *, but: UUID | None = None) -> None:
    """Once for each decision, whoever did not decide it; `but` is told already."""
    told = [one for one in Cases(session).list_reporters(case.id) if one not in (case.decided_by, but)]
    text = f"A moderator looked at a message that you reported: {outcome}"
    _tell(session, told, f"reported:{case.id}:{case.version}", text)


def _tell(session: Session, user_ids: list[UUID], key: str, text: str) -> None:
    Notices(session).tell(user_ids, key=key, kind=KIND, text=text, ends_at=None)
