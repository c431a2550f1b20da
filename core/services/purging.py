"""Removing a message for good: its text is nowhere afterwards. What it cost stays, and so does its place."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from core.assistant.titles import title_from
from core.database.engine import Database
from core.errors import AnswerInProgress, Conflict, Invalid
from core.lines import one_line
from core.models import (
    MAX_REASON,
    MAX_TITLE,
    AuditAction,
    Case,
    Conversation,
    ConversationKind,
    Decision,
    Message,
    MessageRole,
    TargetType,
)
from core.permissions import Actor, Permission
from core.repositories.audit import Audit
from core.repositories.cases import Cases
from core.repositories.companies import Companies
from core.repositories.expiry import Expiry, is_title_of_first
from core.repositories.legal_holds import LegalHolds
from core.repositories.purging import Purging
from core.repositories.retention import Retention
from core.repositories.users import Users
from core.services import moderation_acts as acts
from core.services.access import require_still
from core.services.case_access import held_case, visible_case
from core.services.hints import Hints
from core.services.moderation_deciding import OUTCOMES, lost, present
from core.services.texts import required_text

HELD = (
    "There is a legal hold on this conversation, so nothing of it may be removed for good. "
    "Delete the message instead: that takes its text away from everybody, and keeps it."
)
BEING_ANSWERED = "The assistant is answering this message. Stop it or wait for it, then remove the message."
REPEATS = "The reason repeats what the message says, and stays in the audit trail. Put it in other words."
REPEATED_FROM = 12
"""Characters of a text from which on a reason that contains it is taken to repeat it."""
UNKNOWN_AUTHOR = "message"


@dataclass(frozen=True, slots=True)
class Purgeable:
    """What is asked before a message is removed for good."""

    confirmation: str
    """What to type: the name of who wrote it."""
    is_held: bool
    """Whether a legal hold forbids it."""
    texts: int
    """How many the message has and had."""
    others: int
    """Further versions of it that say the same, and go with it."""


class PurgeService:
    def __init__(self, database: Database, hints: Hints) -> None:
        self.database = database
        self.hints = hints

    def look(self, actor: Actor, case_id: UUID) -> Purgeable:
        """Raises NotPermitted, NotFound; Conflict where there is nothing to remove."""
        actor.require(Permission.MODERATION_WORK)
        actor.require(Permission.MESSAGES_PURGE)
        with self.database.reading() as session:
            case = visible_case(session, actor, case_id)
            if case.message_id is None:
                raise lost(session, actor, case_id, case.version)
            texts = Purging(session).list_texts(case.message_id)
            others = Purging(session).list_same(case.message_id, texts)
            is_held = LegalHolds(session).is_held(case.conversation_id)
            return Purgeable(_confirmation(session, case), is_held, len(texts), len(others))

    def purge(self, actor: Actor, case_id: UUID, version: int, reason: str, *, confirmation: str) -> None:
        """Removes a reported message for good, with all texts it had and everything made of them. Nothing brings it
        back. Its author and who reported it are told.

        Raises NotPermitted, NotFound; Invalid for an empty reason, one that repeats the message, or a confirmation that
        is not the author's name; Conflict under a legal hold, and when somebody else decided first; AnswerInProgress.
        """
        actor.require(Permission.MODERATION_WORK)
        actor.require(Permission.MESSAGES_PURGE)
        reason = required_text(one_line(reason), field="The reason", limit=MAX_REASON)
        with self.database.transaction() as session:
            # A hold that is being placed at this moment comes before, and is seen, or after.
            Retention(session).lock(actor.company_id)
            require_still(session, actor, Permission.MODERATION_WORK, Permission.MESSAGES_PURGE)
            case = held_case(session, actor, case_id)
            moderators = Cases(session).list_moderators(actor.company_id)
            conversation, message = present(session, case)
            if LegalHolds(session).is_held(conversation.id):
                raise Conflict(HELD)
            _require_confirmed(_confirmation(session, case), confirmation)
            texts = Purging(session).list_texts(message.id)
            _refuse_repeating(reason, texts)
            others = Purging(session).list_same(message.id, texts)
            if Purging(session).is_being_answered(conversation.id, [message.id, *others]):
                raise AnswerInProgress(BEING_ANSWERED)
            cases = Cases(session)
            if not cases.purge(case_id, version, actor.user_id, reason):
                raise lost(session, actor, case_id, version)
            cases.close_gone(others)
            facts = {"length": len(message.content), "texts": len(texts), "versions": 1 + len(others)}
            _take_out(session, conversation, message, texts, [message.id, *others], by=actor.user_id, reason=reason)
            session.refresh(case)
            session.refresh(message)
            acts.tell_owner(session, conversation, case, message, did="removed", rest=f" for good: {reason}")
            told = acts.owner_of(conversation, case)
            acts.tell_reporters(session, case, OUTCOMES[Decision.PURGED], but=told)
            Audit(session).record(
                AuditAction.MESSAGE_PURGED, actor=actor, company_id=case.company_id, target_type=TargetType.MESSAGE,
                target_id=case.subject_id, before=facts, reason=reason,
            )  # fmt: skip
        self.hints.publish(case.conversation_id)
        # Whoever has it in a list may read its title there.
        self.hints.publish_listed(case.conversation_id)
        for user_id in moderators:  # cases of the other versions may have waited
            self.hints.publish_person(user_id)


def _take_out(
    session: Session,
    conversation: Conversation,
    message: Message,
    texts: list[str],
    message_ids: list[UUID],
    *,
    by: UUID,
    reason: str,
) -> None:
    is_made = conversation.kind is ConversationKind.ASSISTANT and is_title_of_first(conversation)
    titles = {title_from(text, MAX_TITLE) for text in texts}
    loses_title = is_made and (message.seq <= acts.TITLED_FROM or conversation.title in titles)
    Purging(session).empty(conversation, message_ids, by, reason)
    if loses_title:
        question = Expiry(session).first_question(conversation.id)
        Expiry(session).rename(conversation, title_from(question, MAX_TITLE) if question else "")


def _confirmation(session: Session, case: Case) -> str:
    if case.role is MessageRole.ASSISTANT:
        company = Companies(session).get(case.company_id)
        return one_line(company.assistant_name) if company else UNKNOWN_AUTHOR
    user = Users(session).get(case.author_id) if case.author_id else None
    return one_line(user.display_name) if user else UNKNOWN_AUTHOR


def _require_confirmed(wanted: str, typed: str) -> None:
    if one_line(typed).casefold() != wanted.casefold():
        raise Invalid(f"To confirm it, type the name of who wrote it: {wanted}.")


def _refuse_repeating(reason: str, texts: list[str]) -> None:
    said = [one_line(text).casefold() for text in texts]
    if any(len(text) >= REPEATED_FROM and text in reason.casefold() for text in said):
        raise Invalid(REPEATS)
