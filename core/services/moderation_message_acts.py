"""What moderators do about messages that they came across, reported or not. Each act is decided in a case, as in the
queue: where there is none it is opened in the same transaction. So there is one story, one way to undo, one trail.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from core.database.engine import Database
from core.errors import Conflict, Invalid, NotFound, NotPermitted
from core.models import Case, CaseStatus, Conversation, ConversationKind, Message, MessageType
from core.permissions import Actor, Permission
from core.repositories.cases import Cases
from core.repositories.conversations import Conversations
from core.repositories.messages import Messages
from core.services import moderation_deciding as deciding
from core.services.hints import Hints
from core.services.moderation_deciding import MOST_TOGETHER, OWN, PURGED, checked_note, required_reason

Seen = tuple[UUID, int | None]
"""A message, and the version of its case as it was seen; None where there was none."""

NOT_HERE = "This message isn't here any more, so there is nothing to decide about it."
REPORTED = "Somebody reported this message meanwhile. Look at it again; nothing was done."
IS_DELETED = "It is deleted already. Nothing was done."
IS_AS_WRITTEN = "It is as its author wrote it, so there is nothing to restore."


@dataclass(frozen=True, slots=True)
class Acted:
    """What came of doing something with several messages."""

    done: tuple[Seen, ...]
    """As they are now: for taking it back."""
    refused: tuple[str, ...]
    """A sentence for each message with which nothing was done."""


class MessageModeration:
    def __init__(self, database: Database, hints: Hints) -> None:
        self.database = database
        self.hints = hints

    def edit(self, actor: Actor, seen: Seen, text: str, reason: str) -> None:
        """Gives the message a corrected or masked text. Every text that it had is kept; its author is told.

        Raises NotFound, NotPermitted for one's own, Conflict for what somebody did meanwhile, AnswerInProgress; Invalid
        for an empty reason, a text that is too long, or the text that it has.
        """
        reason = required_reason(reason)
        with self._case(actor, seen) as (session, case, message):
            _refuse_deleted(message)
            deciding.edit(session, actor, case, case.version, text=text, reason=reason)

    def delete(self, actor: Actor, seen: Seen, reason: str) -> None:
        """Takes the message's text away from everybody but moderators. Its place stays, with the reason in it."""
        self._delete(actor, seen, required_reason(reason))

    def restore(self, actor: Actor, seen: Seen, note: str = "") -> None:
        """Takes back what moderators did to the message last. Where it was reported, the case is this person's then."""
        self._restore(actor, seen, checked_note(note))

    def delete_together(self, actor: Actor, seen: Sequence[Seen], reason: str) -> Acted:
        """Each in a transaction of its own: what somebody else did meanwhile stays as they decided."""
        reason = required_reason(reason)
        return _each(actor, seen, lambda one: self._delete(actor, one, reason, together=True))

    def restore_together(self, actor: Actor, seen: Sequence[Seen], note: str = "") -> Acted:
        """The same for taking it back."""
        note = checked_note(note)
        return _each(actor, seen, lambda one: self._restore(actor, one, note, together=True))

    def _delete(self, actor: Actor, seen: Seen, reason: str, *, together: bool = False) -> int:
        """The version of the case from then on."""
        with self._case(actor, seen) as (session, case, message):
            _refuse_deleted(message)
            deciding.delete(session, actor, case, case.version, reason, together=together)
            return case.version

    def _restore(self, actor: Actor, seen: Seen, note: str, *, together: bool = False) -> int:
        with self._case(actor, seen) as (session, case, message):
            if message.deleted_at is None and message.edit_reason is None:
                raise Conflict(IS_AS_WRITTEN)
            deciding.restore(session, actor, case, case.version, note, together=together)
            return case.version

    @contextmanager
    def _case(self, actor: Actor, seen: Seen) -> Iterator[tuple[Session, Case, Message]]:
        """The message's case, in a transaction and this moderator's to decide; behind it, whoever sees the conversation
        or the queue is told to look.
        """
        actor.require(Permission.MODERATION_WORK)
        message_id, version = seen
        with self.database.transaction() as session:
            conversation, message = _overseen(session, actor, message_id)
            case = _taken(session, actor, conversation, message, version)
            moderators = Cases(session).list_moderators(actor.company_id)
            yield session, case, message
        self.hints.publish(conversation.id)
        for user_id in moderators:
            self.hints.publish_person(user_id)


def _each(actor: Actor, seen: Sequence[Seen], act: Callable[[Seen], int]) -> Acted:
    actor.require(Permission.MODERATION_WORK)
    if len(seen) > MOST_TOGETHER:
        raise Invalid(f"Choose up to {MOST_TOGETHER} messages at once; these are {len(seen):,}.")
    done, refused = [], []
    for one in dict.fromkeys(seen):
        try:
            done.append((one[0], act(one)))
        except (Conflict, NotFound, NotPermitted) as error:
            refused.append(str(error))
    return Acted(tuple(done), tuple(refused))


def _overseen(session: Session, actor: Actor, message_id: UUID) -> tuple[Conversation, Message]:
    """A message that moderators may see and that somebody else wrote, with its conversation locked: of two who come
    across it at once, the second one finds the case of the first. Raises NotFound, NotPermitted; Conflict for what was
    removed for good.
    """
    message = Messages(session).get(message_id)
    conversation = Conversations(session).lock(message.conversation_id) if message else None
    if message is None or conversation is None or conversation.company_id != actor.company_id:
        raise NotFound(NOT_HERE)
    session.refresh(message)
    is_open_room = conversation.kind is ConversationKind.COMPANY and conversation.deleted_at is None
    is_seen = is_open_room or Cases(session).get_of(message_id) is not None
    if not is_seen or message.message_type is MessageType.NOTICE:
        raise NotFound(NOT_HERE)
    if message.sender_id == actor.user_id:
        raise NotPermitted(OWN)
    if message.purged_at is not None:
        raise Conflict(PURGED)
    return conversation, message


def _taken(session: Session, actor: Actor, conversation: Conversation, message: Message, version: int | None) -> Case:
    """The case as it was seen, and now held by this moderator. Raises Conflict: told who did what since."""
    cases = Cases(session)
    case = cases.get_of(message.id)
    if case is None:
        cases.start(conversation, message, actor.user_id)
    elif case.version != version:
        is_new = version is None and case.status is CaseStatus.OPEN
        raise Conflict(REPORTED) if is_new else deciding.lost(session, actor, case.id, case.version - 1)
    elif not _take(cases, case, actor.user_id):
        raise deciding.lost(session, actor, case.id, case.version)
    taken = cases.get_of(message.id)
    assert taken  # it was there, or was started just now
    return taken


def _take(cases: Cases, case: Case, by: UUID) -> bool:
    if case.status is CaseStatus.CLAIMED and case.claimed_by == by:
        return True
    move = cases.reopen if case.status is CaseStatus.CLOSED else cases.claim
    return move(case.id, case.version, by)


def _refuse_deleted(message: Message) -> None:
    if message.delete_reason is not None:
        raise Conflict(IS_DELETED)
