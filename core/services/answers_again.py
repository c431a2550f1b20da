"""Which answers can be written again, and for whom."""

from sqlmodel import Session

from core.assistant.asking import begin_answer
from core.errors import AnswerInProgress, Invalid, RuleBroken
from core.models import AnswerRun, Conversation, Message, MessageStatus
from core.permissions import Actor
from core.repositories.members import Members
from core.repositories.messages import REACHED_LIMIT, Messages
from core.repositories.versions import Versions
from core.services.messages import NO_QUESTION
from core.services.room_access import refuse_closed


def require_question(session: Session, actor: Actor, conversation: Conversation, answer: Message) -> None:
    """In a room: for who may write there, and sees what is answered. Raises RuleBroken."""
    refuse_closed(session, conversation, actor)
    question = Messages(session).get(answer.reply_to_id) if answer.reply_to_id else None
    member = Members(session).get(conversation.id, actor.user_id)
    if question is None or member is None:
        raise RuleBroken(NO_QUESTION)
    if question.seq <= conversation.floor_for(member):
        raise RuleBroken("The question to this answer is from before you joined. Ask it anew.")


def require_same(conversation: Conversation, answer: Message, run: AnswerRun) -> None:
    """In a room the answer under way may be somebody else's."""
    if conversation.kind.is_room and run.message_id != answer.id:
        raise AnswerInProgress("Another answer is being written here. Try again when it is finished.")


def written_again(session: Session, actor: Actor, conversation: Conversation, answer: Message) -> AnswerRun:
    question = Messages(session).get(answer.reply_to_id) if answer.reply_to_id else None
    if question is None or question.deleted_at is not None:
        raise Invalid("This answer has no question any more. Ask it anew.")
    group, question_id = answer.version_group_id or answer.id, question.id
    Versions(session).supersede_from(answer)
    return begin_answer(session, conversation, actor.user_id, question_id, version_group_id=group)


def can_be_resumed(answer: Message) -> bool:
    if not answer.content.strip():
        return False
    return answer.status in (MessageStatus.STOPPED, MessageStatus.INTERRUPTED) or REACHED_LIMIT in answer.extra
