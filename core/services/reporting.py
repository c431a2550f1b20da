"""Telling moderators about a message: anyone, of any message that they can read, once."""

from collections.abc import Callable
from uuid import UUID

from sqlmodel import Session

from core.database.engine import Database
from core.errors import AnswerInProgress, Conflict, Invalid, NotFound, RuleBroken
from core.models import (
    MAX_COMMENT,
    AuditAction,
    Conversation,
    ConversationKind,
    Message,
    MessageStatus,
    MessageType,
    ReportReason,
    TargetType,
)
from core.permissions import Actor, Permission
from core.repositories.audit import Audit
from core.repositories.cases import Cases
from core.repositories.conversations import Conversations
from core.repositories.members import Members
from core.repositories.messages import Messages
from core.repositories.search_index import SearchIndex
from core.search.conditions import Mark
from core.services.limits import Limited, RateLimiter
from core.services.texts import checked_text

TWICE = "You reported this message before. Once is enough: a moderator will see it."
UNFINISHED = "This answer is still being written. Report it when it is finished."


class ReportService:
    def __init__(self, database: Database, limiter: RateLimiter, told: Callable[[UUID], None]) -> None:
        """`told`: which moderators have something new to do, after the transaction."""
        self.database = database
        self.limiter = limiter
        self.told = told

    def report(self, actor: Actor, message_id: UUID, reason: ReportReason, comment: str = "") -> None:
        """Raises NotFound for what this person can't read or what is deleted, Conflict for a second time, RateLimited,
        AnswerInProgress; RuleBroken for what Parley itself wrote.
        """
        if not actor.may(Permission.ROOMS_OVERSEE):
            actor.require(Permission.CHAT_USE)
        if reason is ReportReason.AUTOMATIC:
            raise Invalid("That is a rule's reason. Choose another one.")
        comment = checked_text(comment.strip(), field="The comment", limit=MAX_COMMENT)
        with self.database.transaction() as session:
            conversation, message = _reportable(session, actor, message_id)
            cases = Cases(session)
            self.limiter.take(session, actor, Limited.REPORT)
            case_id = cases.open(conversation, message, reason)
            if not cases.add_report(case_id, actor.user_id, reason, comment):
                raise Conflict(TWICE)
            SearchIndex(session).mark(message.id, Mark.REPORTED)
            moderators = cases.list_moderators(actor.company_id)
            # Without its actor: admins read the trail too, and who reported is for moderators to know.
            Audit(session).record(
                AuditAction.MESSAGE_REPORTED,
                actor=None,
                company_id=conversation.company_id,
                target_type=TargetType.MESSAGE,
                target_id=message.id,
                after={"reason": reason.value, "kind": conversation.kind.value},
            )
        for user_id in moderators:
            self.told(user_id)


def _reportable(session: Session, actor: Actor, message_id: UUID) -> tuple[Conversation, Message]:
    """A message that this person can read, with its conversation locked: what others do with it waits."""
    message = Messages(session).get(message_id)
    conversation = _readable(session, actor, message) if message else None
    if message is None or conversation is None:
        raise NotFound
    session.refresh(message)
    if message.deleted_at is not None:
        raise NotFound
    if message.message_type is MessageType.NOTICE:
        raise RuleBroken("Parley itself wrote this, so there is nobody to report.")
    if message.status is MessageStatus.PENDING:
        raise AnswerInProgress(UNFINISHED)
    return conversation, message


def _readable(session: Session, actor: Actor, message: Message) -> Conversation | None:
    """The same conversations, and as far back, as chat and browsing show them."""
    conversations, oversees = Conversations(session), actor.may(Permission.ROOMS_OVERSEE)
    if actor.may(Permission.CHAT_USE):
        found = conversations.get_readable(actor, message.conversation_id, lock=True)
        member = Members(session).get(message.conversation_id, actor.user_id) if found else None
        if found and member and message.seq > found.floor_for(member):
            return found
    found = conversations.lock(message.conversation_id) if oversees else None
    is_overseen = found is not None and found.kind is ConversationKind.COMPANY and found.deleted_at is None
    return found if found and is_overseen and found.company_id == actor.company_id else None
