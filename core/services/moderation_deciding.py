"""Deciding about one message, from wherever it is done: the case is moved, the message and all around it follow, and
the row of the trail comes last. Each wants a transaction, and a case that its moderator may decide.
"""

from typing import Any
from uuid import UUID

from sqlmodel import Session

from core.errors import AnswerInProgress, Conflict, Invalid, NotFound, ParleyError
from core.lines import one_line
from core.models import (
    MAX_MESSAGE,
    MAX_REASON,
    AuditAction,
    Case,
    CaseStatus,
    Conversation,
    Decision,
    Message,
    MessageRole,
    MessageStatus,
    TargetType,
)
from core.permissions import Actor
from core.repositories.audit import Audit
from core.repositories.cases import Cases
from core.repositories.conversations import Conversations
from core.repositories.messages import Messages
from core.repositories.users import Users
from core.services import moderation_acts as acts
from core.services.texts import checked_text, required_text

MAX_ANSWER = 100_000
"""Characters that a moderator may make of an answer."""
MOST_TOGETHER = 100
OWN = "You wrote this message yourself, so another moderator has to decide about it."
NOT_YOURS = "Claim the case first: then nobody else decides about it at the same time."
OTHER_TAB = "This case changed meanwhile, perhaps in another tab. Look at it again; nothing was done."
GONE = "The message is gone for good, so there is nothing to decide about it any more."
PURGED = "A moderator removed this message for good, so it can't be restored, nor anything else be done about it."
TAKEN_BACK = "Its author deleted the message meanwhile. Nothing was done; dismiss the reports."
TAKEN_BACK_UNREPORTED = "Its author deleted the message, so there is nothing left to do about it."
TAKEN_BACK_REPORTED = "Its author deleted the message. All that is left to do is to dismiss the reports, in the queue."
BEING_WRITTEN = "The assistant is still writing this answer. Decide about it when it is finished."
SAME = {True: "Change something, or dismiss the reports.", False: "Change something first."}
DID = {
    Decision.DISMISSED: "dismissed the reports of it",
    Decision.EDITED: "edited it",
    Decision.DELETED: "deleted it",
    Decision.PURGED: "removed it for good",
    Decision.GONE: "closed it",
}
OUTCOMES = {
    Decision.DISMISSED: "it stays as it is. Thank you for looking after one another.",
    Decision.EDITED: "it was edited. Thank you.",
    Decision.DELETED: "it was deleted. Thank you.",
    Decision.PURGED: "it was removed for good. Thank you.",
}


def edit(session: Session, actor: Actor, case: Case, version: int, *, text: str, reason: str) -> None:
    """Raises Invalid for a text that is too long, or the one that it has; Conflict, AnswerInProgress."""
    conversation, message = held_message(session, case)
    limit = MAX_ANSWER if message.role is MessageRole.ASSISTANT else MAX_MESSAGE
    text = required_text(text, field="The new text", limit=limit)
    if text == message.content:
        raise Invalid(f"The text is the same as before. {SAME[bool(case.report_count)]}")
    decide(session, actor, case, version, decision=Decision.EDITED, reason=reason)
    lengths = {"before": {"length": len(message.content)}, "after": {"length": len(text)}}
    acts.put_text(session, conversation, message, text, by=actor.user_id, reason=reason)
    acts.tell_owner(session, conversation, case, message, did="edited", rest=f": {reason}")
    acts.tell_reporters(session, case, OUTCOMES[Decision.EDITED], but=acts.owner_of(conversation, case))
    record(session, actor, AuditAction.MESSAGE_MODERATED, case, reason=reason, **lengths)


def delete(session: Session, actor: Actor, case: Case, version: int, reason: str, *, together: bool = False) -> None:
    """`together`: with others, and also where nobody claimed it. Raises Conflict, AnswerInProgress."""
    conversation, message = held_message(session, case)
    decide(session, actor, case, version, decision=Decision.DELETED, reason=reason, unclaimed=together)
    acts.remove(session, conversation, message, actor.user_id, reason)
    acts.tell_owner(session, conversation, case, message, did="deleted", rest=f": {reason}")
    acts.tell_reporters(session, case, OUTCOMES[Decision.DELETED], but=acts.owner_of(conversation, case))
    length, after = {"length": len(message.content)}, {"together": True} if together else {}
    record(session, actor, AuditAction.MESSAGE_REMOVED, case, reason=reason, before=length, after=after)


def restore(session: Session, actor: Actor, case: Case, version: int, note: str, *, together: bool = False) -> None:
    """Where somebody reported it, the case is then this person's to decide anew; else there is nothing left to decide.

    Raises Conflict, AnswerInProgress.
    """
    conversation, message = present(session, case)
    is_deleted = message.delete_reason is not None
    if message.deleted_at is not None and not is_deleted:
        raise _taken_back(case)
    if not is_deleted and message.edit_reason is None:
        raise lost(session, actor, case.id, version) if case.version != version else Conflict(OTHER_TAB)
    if not Cases(session).reopen(case.id, version, actor.user_id):
        raise lost(session, actor, case.id, version)
    session.refresh(case)
    if is_deleted:
        acts.bring_back(session, conversation, message)
    else:
        acts.take_text_back(session, conversation, message, actor.user_id, note)
    did = "restored" if is_deleted else "took back an edit of"
    acts.tell_owner(session, conversation, case, message, did=did)
    if not case.report_count:
        decide(session, actor, case, case.version, decision=Decision.DISMISSED, reason=note)
    action = AuditAction.MESSAGE_RESTORED if is_deleted else AuditAction.MESSAGE_REVERTED
    record(session, actor, action, case, reason=note, after={"together": True} if together else None)


def decide(
    session: Session,
    actor: Actor,
    case: Case,
    version: int,
    *,
    decision: Decision,
    reason: str,
    unclaimed: bool = False,
) -> None:
    """Closes the case, so that nobody else does. Raises Conflict. `unclaimed`: also where nobody claimed it."""
    if not Cases(session).decide(case.id, version, actor.user_id, decision, reason, unclaimed=unclaimed):
        raise lost(session, actor, case.id, version)
    session.refresh(case)


def present(session: Session, case: Case) -> tuple[Conversation, Message]:
    """The message as it is now, with its conversation locked. Raises Conflict, AnswerInProgress."""
    conversation = Conversations(session).lock(case.conversation_id)
    message = Messages(session).get(case.subject_id) if conversation else None
    if conversation is None or message is None:
        raise Conflict(GONE)
    session.refresh(message)
    if message.purged_at is not None:
        raise Conflict(PURGED)
    if message.status is MessageStatus.PENDING:
        raise AnswerInProgress(BEING_WRITTEN)
    return conversation, message


def held_message(session: Session, case: Case) -> tuple[Conversation, Message]:
    """The same, and there for everybody."""
    conversation, message = present(session, case)
    if message.deleted_at is not None and message.delete_reason is None:
        raise _taken_back(case)
    return conversation, message


def _taken_back(case: Case) -> Conflict:
    return Conflict(TAKEN_BACK if case.report_count else TAKEN_BACK_UNREPORTED)


def lost(session: Session, actor: Actor, case_id: UUID, version: int) -> ParleyError:
    """Why the case could not be moved: who did what meanwhile, since that version of it."""
    case = Cases(session).get(actor.company_id, case_id)
    if case is None:
        return NotFound()
    if case.status is CaseStatus.CLOSED and case.decision:
        if case.decision is Decision.GONE:
            return Conflict(GONE)
        did = DID[case.decision] if case.report_count or case.decision is not Decision.DISMISSED else "restored it"
        return Conflict(f"{_who(session, actor, case.decided_by)} {did} meanwhile. Nothing was done.")
    if case.status is CaseStatus.CLAIMED and case.claimed_by != actor.user_id:
        return Conflict(f"{_who(session, actor, case.claimed_by)} claimed this case meanwhile. Nothing was done.")
    is_seen = case.status is CaseStatus.OPEN and case.version == version
    return Conflict(NOT_YOURS if is_seen else OTHER_TAB)


def _who(session: Session, actor: Actor, user_id: UUID | None) -> str:
    if user_id == actor.user_id:
        return "You"
    user = Users(session).get(user_id) if user_id else None
    return one_line(user.display_name) if user else "Somebody"


def required_reason(reason: str) -> str:
    """On one line. Raises Invalid when there is none: people read it where the text was."""
    return required_text(one_line(reason), field="The reason", limit=MAX_REASON)


def checked_note(note: str, field: str = "The note") -> str:
    """On one line, or nothing. Raises Invalid."""
    return checked_text(one_line(note), field=field, limit=MAX_REASON)


def record(
    session: Session,
    actor: Actor,
    action: AuditAction,
    case: Case,
    *,
    reason: str = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """The trail says what was done to a message, why and how long its texts were, never what they said."""
    Audit(session).record(
        action,
        actor=actor,
        company_id=case.company_id,
        target_type=TargetType.MESSAGE,
        target_id=case.subject_id,
        before=before,
        after=after or None,
        reason=reason,
    )
