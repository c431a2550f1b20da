"""What moderators decide about reported messages. Each act is one transaction with its row in the audit trail.

Whoever acts names the version of the case that they saw: of two moderators at the same time one acts, and the other is
told who did what, with nothing done.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session

from core.database.engine import Database
from core.errors import AnswerInProgress, Conflict, Invalid, NotFound, NotPermitted, ParleyError
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
from core.permissions import Actor, Permission
from core.repositories.audit import Audit
from core.repositories.cases import Cases, hash_of_text
from core.repositories.conversations import Conversations
from core.repositories.messages import Messages
from core.repositories.users import Users
from core.services import moderation_acts as acts
from core.services.hints import Hints
from core.services.texts import checked_text, one_line, required_text

MAX_ANSWER = 100_000
"""Characters that a moderator may make of an answer."""
MOST_TOGETHER = 100
OWN = "You wrote this message yourself, so another moderator has to decide about it."
NOT_YOURS = "Claim the case first: then nobody else decides about it at the same time."
OTHER_TAB = "This case changed meanwhile, perhaps in another tab. Look at it again; nothing was done."
GONE = "The message is gone for good, so there is nothing to decide about it any more."
PURGED = "A moderator removed this message for good, so it can't be restored, nor anything else be done about it."
TAKEN_BACK = "Its author deleted the message meanwhile. Nothing was done; dismiss the reports."
BEING_WRITTEN = "The assistant is still writing this answer. Decide about it when it is finished."
OTHER_TEXT = "One of the messages has another text by now."
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


@dataclass(frozen=True, slots=True)
class Together:
    """What came of deciding several cases at once."""

    done: int
    refused: tuple[str, ...]
    """A sentence for each case about which nothing was done."""


class ModerationService:
    def __init__(self, database: Database, hints: Hints) -> None:
        self.database = database
        self.hints = hints

    def claim(self, actor: Actor, case_id: UUID, version: int) -> None:
        """Only who claimed a case decides about it. One that lay claimed for long can be taken over.

        Raises NotFound, NotPermitted for one's own message, Conflict when somebody was faster.
        """
        with self._case(actor, case_id) as (session, case):
            held_by = case.claimed_by
            if not Cases(session).claim(case_id, version, actor.user_id):
                raise lost(session, actor, case_id, version)
            taken_from = {"from": held_by} if held_by else {}
            _record(session, actor, AuditAction.CASE_CLAIMED, case, after=taken_from)

    def release(self, actor: Actor, case_id: UUID, version: int) -> None:
        """Gives a case that one claimed back to all."""
        with self._case(actor, case_id) as (session, case):
            if not Cases(session).release(case_id, version, actor.user_id):
                raise lost(session, actor, case_id, version)
            _record(session, actor, AuditAction.CASE_RELEASED, case)

    def dismiss(self, actor: Actor, case_id: UUID, version: int, reason: str = "") -> None:
        """The message stays as it is."""
        reason = checked_text(one_line(reason), field="The reason", limit=MAX_REASON)
        with self._case(actor, case_id) as (session, case):
            _decide(session, actor, case, version, decision=Decision.DISMISSED, reason=reason)
            acts.tell_reporters(session, case, OUTCOMES[Decision.DISMISSED])
            _record(session, actor, AuditAction.CASE_DISMISSED, case, reason=reason)

    def edit(self, actor: Actor, case_id: UUID, version: int, text: str, reason: str) -> None:
        """Gives the message a corrected or masked text. Every text that it had is kept; its author is told.

        Raises Invalid for an empty reason, a text that is too long, or the text that it has.
        """
        reason = _required(reason)
        with self._case(actor, case_id) as (session, case):
            conversation, message = _held_message(session, case)
            limit = MAX_ANSWER if message.role is MessageRole.ASSISTANT else MAX_MESSAGE
            text = required_text(text, field="The new text", limit=limit)
            if text == message.content:
                raise Invalid("The text is the same as before. Change something, or dismiss the reports.")
            _decide(session, actor, case, version, decision=Decision.EDITED, reason=reason)
            lengths = {"before": {"length": len(message.content)}, "after": {"length": len(text)}}
            acts.put_text(session, conversation, message, text, by=actor.user_id, reason=reason)
            acts.tell_owner(session, conversation, case, message, did="edited", rest=f": {reason}")
            acts.tell_reporters(session, case, OUTCOMES[Decision.EDITED], but=acts.owner_of(conversation, case))
            _record(session, actor, AuditAction.MESSAGE_MODERATED, case, reason=reason, **lengths)
        self._changed(case)

    def delete(self, actor: Actor, case_id: UUID, version: int, reason: str) -> None:
        """Takes the message's text away from everybody but moderators. Its place stays, with the reason in it."""
        reason = _required(reason)
        with self._case(actor, case_id) as (session, case):
            self._delete(session, actor, case, version, reason)
        self._changed(case)

    def restore(self, actor: Actor, case_id: UUID, version: int, note: str = "") -> None:
        """Takes back what moderators did to the message: it is there again, with its author's text. The case is then
        this person's to decide anew.
        """
        note = checked_text(one_line(note), field="The note", limit=MAX_REASON)
        with self._case(actor, case_id) as (session, case):
            conversation, message = present(session, case)
            is_deleted = message.delete_reason is not None
            if message.deleted_at is not None and not is_deleted:
                raise Conflict(TAKEN_BACK)
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
            action = AuditAction.MESSAGE_RESTORED if is_deleted else AuditAction.MESSAGE_REVERTED
            _record(session, actor, action, case, reason=note)
        self._changed(case)

    def reopen(self, actor: Actor, case_id: UUID, version: int, note: str = "") -> None:
        """Takes a dismissal back: the case is then this person's to decide anew."""
        note = checked_text(one_line(note), field="The note", limit=MAX_REASON)
        with self._case(actor, case_id) as (session, case):
            if case.decision is not Decision.DISMISSED or not Cases(session).reopen(case_id, version, actor.user_id):
                raise lost(session, actor, case_id, version)
            _record(session, actor, AuditAction.CASE_REOPENED, case, reason=note)

    def decide_together(
        self, actor: Actor, decision: Decision, seen: Sequence[tuple[UUID, int]], text: str, reason: str
    ) -> Together:
        """Dismisses or deletes messages with one and the same `text`, each in a transaction of its own: what somebody
        else handled meanwhile stays as they decided. `seen`: each case with its version; unclaimed ones, or one's own.
        """
        actor.require(Permission.MODERATION_WORK)
        if len(seen) > MOST_TOGETHER:
            raise Invalid(f"Up to {MOST_TOGETHER} cases can be decided at once; these are {len(seen):,}.")
        if decision is Decision.DELETED:
            reason = _required(reason)
        elif decision is Decision.DISMISSED:
            reason = checked_text(one_line(reason), field="The reason", limit=MAX_REASON)
        else:
            raise Invalid("Together, messages can be dismissed or deleted.")
        done, refused = 0, []
        for one in seen:
            try:
                self._decide_one(actor, decision, one, text=text, reason=reason)
            except (Conflict, NotFound, NotPermitted) as error:
                refused.append(str(error))
            else:
                done += 1
        return Together(done, tuple(refused))

    def _decide_one(self, actor: Actor, decision: Decision, seen: tuple[UUID, int], *, text: str, reason: str) -> None:
        case_id, version = seen
        with self._case(actor, case_id) as (session, case):
            _, message = _held_message(session, case)
            if message.content != text or case.text_hash != hash_of_text(text):
                raise Conflict(OTHER_TEXT)
            if decision is Decision.DELETED:
                self._delete(session, actor, case, version, reason, together=True)
            else:
                _decide(session, actor, case, version, decision=decision, reason=reason, unclaimed=True)
                acts.tell_reporters(session, case, OUTCOMES[decision])
                _record(session, actor, AuditAction.CASE_DISMISSED, case, reason=reason, after={"together": True})
        if decision is Decision.DELETED:
            self._changed(case)

    def _delete(
        self, session: Session, actor: Actor, case: Case, version: int, reason: str, *, together: bool = False
    ) -> None:
        conversation, message = _held_message(session, case)
        _decide(session, actor, case, version, decision=Decision.DELETED, reason=reason, unclaimed=together)
        acts.remove(session, conversation, message, actor.user_id, reason)
        acts.tell_owner(session, conversation, case, message, did="deleted", rest=f": {reason}")
        acts.tell_reporters(session, case, OUTCOMES[Decision.DELETED], but=acts.owner_of(conversation, case))
        length, after = {"length": len(message.content)}, {"together": True} if together else {}
        _record(session, actor, AuditAction.MESSAGE_REMOVED, case, reason=reason, before=length, after=after)

    @contextmanager
    def _case(self, actor: Actor, case_id: UUID) -> Iterator[tuple[Session, Case]]:
        """A case of one's company about somebody else's message, in a transaction; behind it, moderators are told that
        there is less, or more, to do. Raises NotFound, NotPermitted.
        """
        actor.require(Permission.MODERATION_WORK)
        with self.database.transaction() as session:
            case = Cases(session).get(actor.company_id, case_id)
            if case is None:
                raise NotFound
            if case.author_id == actor.user_id:
                raise NotPermitted(OWN)
            moderators = Cases(session).list_moderators(actor.company_id)
            yield session, case
        for user_id in moderators:
            self.hints.publish_person(user_id)

    def _changed(self, case: Case) -> None:
        self.hints.publish(case.conversation_id)


def _decide(
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


def _held_message(session: Session, case: Case) -> tuple[Conversation, Message]:
    """The same, and there for everybody."""
    conversation, message = present(session, case)
    if message.deleted_at is not None and message.delete_reason is None:
        raise Conflict(TAKEN_BACK)
    return conversation, message


def lost(session: Session, actor: Actor, case_id: UUID, version: int) -> ParleyError:
    """Why the case could not be moved: who did what meanwhile, since that version of it."""
    case = Cases(session).get(actor.company_id, case_id)
    if case is None:
        return NotFound()
    if case.status is CaseStatus.CLOSED and case.decision:
        if case.decision is Decision.GONE:
            return Conflict(GONE)
        return Conflict(f"{_who(session, actor, case.decided_by)} {DID[case.decision]} meanwhile. Nothing was done.")
    if case.status is CaseStatus.CLAIMED and case.claimed_by != actor.user_id:
        return Conflict(f"{_who(session, actor, case.claimed_by)} claimed this case meanwhile. Nothing was done.")
    is_seen = case.status is CaseStatus.OPEN and case.version == version
    return Conflict(NOT_YOURS if is_seen else OTHER_TAB)


def _who(session: Session, actor: Actor, user_id: UUID | None) -> str:
    if user_id == actor.user_id:
        return "You"
    user = Users(session).get(user_id) if user_id else None
    return one_line(user.display_name) if user else "Somebody"


def _required(reason: str) -> str:
    """On one line. Raises Invalid when there is none: people read it where the text was."""
    return required_text(one_line(reason), field="The reason", limit=MAX_REASON)


def _record(
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
