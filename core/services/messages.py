"""Finding the message that somebody wants to do something with, and holding its conversation meanwhile."""

from uuid import UUID

from sqlmodel import Session

from core.errors import AnswerInProgress, Conflict, NotFound, RuleBroken
from core.models import AnswerRun, Conversation, Message, MessageRole
from core.permissions import Actor, Permission
from core.repositories.answer_runs import AnswerRuns
from core.repositories.conversations import Conversations
from core.repositories.members import Members
from core.repositories.messages import Messages
from core.repositories.queued_questions import QueuedQuestions
from core.services.access import get_or_raise
from core.services.views import Asked, Queued

NO_QUESTION = "The question to this answer was deleted. Ask it anew."


def own_message(session: Session, actor: Actor, message_id: UUID, role: MessageRole) -> Message:
    """A message of a conversation this person reads, with that role, as the transcript shows it."""
    actor.require(Permission.CHAT_USE)
    message = Messages(session).get(message_id)
    if message is None or message.role is not role:
        raise NotFound
    conversation = get_or_raise(Conversations(session), actor, message.conversation_id)
    return _shown_or_raise(visible_or_raise(session, actor, conversation, message))


def locked_message(session: Session, actor: Actor, message_id: UUID, role: MessageRole) -> tuple[Conversation, Message]:
    """The same with its conversation, locked and idle: what other tabs did before is seen, what they do next waits."""
    message = own_message(session, actor, message_id, role)
    conversation = idle_conversation(session, actor, message.conversation_id)
    refuse_room(conversation)
    session.refresh(message)
    return conversation, _shown_or_raise(message)


def locked_answer(session: Session, actor: Actor, answer_id: UUID) -> tuple[Conversation, Message, AnswerRun | None]:
    """An answer with its conversation, locked, and the run that is under way there. Without one it must be shown."""
    actor.require(Permission.CHAT_USE)
    answer = Messages(session).get(answer_id)
    if answer is None or answer.role is not MessageRole.ASSISTANT:
        raise NotFound
    conversation = get_or_raise(Conversations(session), actor, answer.conversation_id, lock=True)
    visible_or_raise(session, actor, conversation, answer)
    session.refresh(answer)
    run = AnswerRuns(session).get_active(conversation.id)
    return conversation, answer if run else _shown_or_raise(answer), run


def idle_conversation(session: Session, actor: Actor, conversation_id: UUID) -> Conversation:
    """The conversation, locked, with no answer being written in it. Raises NotFound or AnswerInProgress."""
    conversation = get_or_raise(Conversations(session), actor, conversation_id, lock=True)
    if AnswerRuns(session).get_active(conversation_id):
        raise AnswerInProgress
    return conversation


def refuse_room(conversation: Conversation) -> None:
    """For what would hide what others said: in a room nothing is asked anew in its place."""
    if conversation.kind.is_room:
        raise RuleBroken("In a room the talk goes on: ask again instead.")


def refuse_moderated(session: Session, answer: Message) -> None:
    """For going on with it. Also where the question was taken out: it would be told to the model again, or the answer
    be stopped at once.
    """
    if answer.edit_reason is not None:
        raise RuleBroken("A moderator edited this answer, so it is not gone on with. Ask again.")
    question = Messages(session).get(answer.reply_to_id) if answer.reply_to_id else None
    if question and question.deleted_at is not None:
        raise RuleBroken(NO_QUESTION)


def visible_or_raise(session: Session, actor: Actor, conversation: Conversation, message: Message) -> Message:
    """In a room a member may not see what was said before they joined."""
    member = Members(session).get(conversation.id, actor.user_id) if conversation.kind.is_room else None
    if member and message.seq <= conversation.floor_for(member):
        raise NotFound
    return message


def _shown_or_raise(message: Message) -> Message:
    if message.superseded_with_id is not None or message.deleted_at is not None:
        raise Conflict("That message isn't in the transcript any more. Reload to see what is.")
    return message


def asked_before(session: Session, actor: Actor, client_key: UUID | None) -> Asked | Queued | None:
    """What the first send with this key gave: its answer took the next seq in the same transaction."""
    if client_key is None:
        return None
    if queued := QueuedQuestions(session).get_by_client_key(client_key):
        _own_or_raise(queued.sender_id, actor)
        return Queued(queued.conversation_id, queued.id)
    question = Messages(session).get_by_client_key(client_key)
    if question is None:
        return None
    _own_or_raise(question.sender_id, actor)
    answer = Messages(session).get_after(question)
    run = AnswerRuns(session).get_by_message(answer.id) if answer else None
    return Asked(question.conversation_id, question.id, run.message_id, run.id) if run else None


def _own_or_raise(sender_id: UUID | None, actor: Actor) -> None:
    if sender_id != actor.user_id:
        raise Conflict("That message was sent by somebody else. Reload the page and send yours again.")


def asked_of(session: Session, run: AnswerRun) -> Asked:
    """What a run was asked."""
    answer = Messages(session).get(run.message_id)
    assert answer and answer.reply_to_id  # held by a foreign key; and every answer has its question
    return Asked(run.conversation_id, answer.reply_to_id, answer.id, run.id)


def is_last(session: Session, message: Message) -> bool:
    """Whether the transcript ends with it."""
    last = Messages(session).last(message.conversation_id)
    return last is not None and last.id == message.id
