"""Finding the message that somebody wants to do something with, and holding its conversation meanwhile."""

from uuid import UUID

from sqlmodel import Session

from core.errors import AnswerInProgress, Conflict, NotFound
from core.models import AnswerRun, Conversation, Message, MessageRole
from core.permissions import Actor, Permission
from core.repositories.answer_runs import AnswerRuns
from core.repositories.conversations import Conversations
from core.repositories.messages import Messages
from core.services.conversations import get_or_raise


def own_message(session: Session, actor: Actor, message_id: UUID, role: MessageRole) -> Message:
    """A message of a conversation this person reads, with that role, as the transcript shows it."""
    actor.require(Permission.CHAT_USE)
    message = Messages(session).get(message_id)
    if message is None or message.role is not role:
        raise NotFound
    get_or_raise(Conversations(session), actor, message.conversation_id)
    return _shown_or_raise(message)


def locked_message(session: Session, actor: Actor, message_id: UUID, role: MessageRole) -> tuple[Conversation, Message]:
    """The same with its conversation, locked and idle: what other tabs did before is seen, what they do next waits."""
    message = own_message(session, actor, message_id, role)
    conversation = idle_conversation(session, actor, message.conversation_id)
    session.refresh(message)
    return conversation, _shown_or_raise(message)


def locked_answer(session: Session, actor: Actor, answer_id: UUID) -> tuple[Conversation, Message, AnswerRun | None]:
    """An answer with its conversation, locked, and the run that is under way there. Without one it must be shown."""
    actor.require(Permission.CHAT_USE)
    answer = Messages(session).get(answer_id)
    if answer is None or answer.role is not MessageRole.ASSISTANT:
        raise NotFound
    conversation = get_or_raise(Conversations(session), actor, answer.conversation_id, lock=True)
    session.refresh(answer)
    run = AnswerRuns(session).get_active(conversation.id)
    return conversation, answer if run else _shown_or_raise(answer), run


def idle_conversation(session: Session, actor: Actor, conversation_id: UUID) -> Conversation:
    """The conversation, locked, with no answer being written in it. Raises NotFound or AnswerInProgress."""
    conversation = get_or_raise(Conversations(session), actor, conversation_id, lock=True)
    if AnswerRuns(session).get_active(conversation_id):
        raise AnswerInProgress
    return conversation


def _shown_or_raise(message: Message) -> Message:
    if message.superseded_with_id is not None or message.deleted_at is not None:
        raise Conflict("That message isn't in the transcript any more. Reload to see what is.")
    return message
