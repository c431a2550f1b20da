"""What moderators decide about reported messages. Each act is one transaction with its row in the audit trail.

Whoever acts names the version of the case that they saw: of two moderators at the same time one acts, and the other is
told who did what, with nothing done.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from core.database.engine import Database
from core.errors import Conflict, Invalid, NotFound, NotPermitted
from core.models import AuditAction, Case, Decision
from core.permissions import Actor, Permission
from core.repositories.cases import Cases, hash_of_text
from core.services import moderation_acts as acts
from core.services import moderation_deciding as deciding
from core.services.hints import Hints
from core.services.moderation_deciding import MOST_TOGETHER, OUTCOMES, OWN, checked_note, required_reason

OTHER_TEXT = "One of the messages has another text by now."


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
                raise deciding.lost(session, actor, case_id, version)
            taken_from = {"from": held_by} if held_by else {}
            deciding.record(session, actor, AuditAction.CASE_CLAIMED, case, after=taken_from)

    def release(self, actor: Actor, case_id: UUID, version: int) -> None:
        """Gives a case that one claimed back to all."""
        with self._case(actor, case_id) as (session, case):
            if not Cases(session).release(case_id, version, actor.user_id):
                raise deciding.lost(session, actor, case_id, version)
            deciding.record(session, actor, AuditAction.CASE_RELEASED, case)

    def dismiss(self, actor: Actor, case_id: UUID, version: int, reason: str = "") -> None:
        """The message stays as it is."""
        reason = checked_note(reason, "The reason")
        with self._case(actor, case_id) as (session, case):
            deciding.decide(session, actor, case, version, decision=Decision.DISMISSED, reason=reason)
            acts.tell_reporters(session, case, OUTCOMES[Decision.DISMISSED])
            deciding.record(session, actor, AuditAction.CASE_DISMISSED, case, reason=reason)

    def edit(self, actor: Actor, case_id: UUID, version: int, text: str, reason: str) -> None:
        """Gives the message a corrected or masked text. Every text that it had is kept; its author is told.

        Raises Invalid for an empty reason, a text that is too long, or the text that it has.
        """
        reason = required_reason(reason)
        with self._case(actor, case_id) as (session, case):
            deciding.edit(session, actor, case, version, text=text, reason=reason)
        self._changed(case)

    def delete(self, actor: Actor, case_id: UUID, version: int, reason: str) -> None:
        """Takes the message's text away from everybody but moderators. Its place stays, with the reason in it."""
        reason = required_reason(reason)
        with self._case(actor, case_id) as (session, case):
            deciding.delete(session, actor, case, version, reason)
        self._changed(case)

    def restore(self, actor: Actor, case_id: UUID, version: int, note: str = "") -> None:
        """Takes back what moderators did to the message: it is there again, with its author's text. The case is then
        this person's to decide anew.
        """
        note = checked_note(note)
        with self._case(actor, case_id) as (session, case):
            deciding.restore(session, actor, case, version, note)
        self._changed(case)

    def reopen(self, actor: Actor, case_id: UUID, version: int, note: str = "") -> None:
        """Takes a dismissal back: the case is then this person's to decide anew."""
        note = checked_note(note)
        with self._case(actor, case_id) as (session, case):
            if case.decision is not Decision.DISMISSED or not Cases(session).reopen(case_id, version, actor.user_id):
                raise deciding.lost(session, actor, case_id, version)
            deciding.record(session, actor, AuditAction.CASE_REOPENED, case, reason=note)

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
            reason = required_reason(reason)
        elif decision is Decision.DISMISSED:
            reason = checked_note(reason, "The reason")
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
            _, message = deciding.held_message(session, case)
            if message.content != text or case.text_hash != hash_of_text(text):
                raise Conflict(OTHER_TEXT)
            if decision is Decision.DELETED:
                deciding.delete(session, actor, case, version, reason, together=True)
            else:
                deciding.decide(session, actor, case, version, decision=decision, reason=reason, unclaimed=True)
                acts.tell_reporters(session, case, OUTCOMES[decision])
                deciding.record(
                    session, actor, AuditAction.CASE_DISMISSED, case, reason=reason, after={"together": True}
                )
        if decision is Decision.DELETED:
            self._changed(case)

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
