"""Locking rooms: what was said there can be read, and nothing else, until a moderator unlocks it."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.database.engine import Database
from core.errors import Conflict, NotFound, ParleyError, RuleBroken
from core.lines import one_line
from core.models import MAX_REASON, AuditAction, Conversation, ConversationKind, TargetType
from core.permissions import Actor, Permission
from core.repositories.audit import Audit
from core.repositories.conversations import Conversations
from core.repositories.room_locks import LockLine, Place, RoomLocks
from core.services.case_access import held_case, name_of, visible_case
from core.services.hints import Hints
from core.services.room_access import add_notice
from core.services.texts import checked_text, required_text

PAGE = 50
NO_ROOM = "A chat with the assistant has one person in it. Suspend them instead."
GONE = "This room was deleted meanwhile, so nobody writes there any more."
OPEN = "This room is not locked. Nothing was done."


class RoomLockService:
    def __init__(self, database: Database, hints: Hints) -> None:
        self.database = database
        self.hints = hints

    def of_case(self, actor: Actor, case_id: UUID) -> LockLine | None:
        """How the room of a reported message stands; None for a chat with the assistant, and for what is gone."""
        with self.database.reading() as session:
            case = visible_case(session, actor, case_id)
            return RoomLocks(session).get(actor.company_id, case.conversation_id)

    def list_locked(self, actor: Actor, *, after: Place | None = None, limit: int = PAGE) -> tuple[LockLine, ...]:
        """The newest first; for the next page pass the last one's `place`."""
        actor.require(Permission.MODERATION_WORK)
        with self.database.reading() as session:
            return tuple(RoomLocks(session).list_locked(actor.company_id, after=after, limit=limit))

    def lock(self, actor: Actor, conversation_id: UUID, reason: str) -> None:
        """Locks a company room, which any moderator may. Raises NotFound for every other kind, Conflict."""
        actor.require(Permission.MODERATION_WORK)
        with self.database.transaction() as session:
            conversation = Conversations(session).lock(conversation_id)
            if conversation is None or conversation.company_id != actor.company_id:
                raise NotFound
            if conversation.kind is not ConversationKind.COMPANY:
                raise NotFound
            _lock(session, actor, conversation, reason)
        self.hints.publish(conversation_id)

    def lock_of_case(self, actor: Actor, case_id: UUID, reason: str) -> None:
        """Locks the room of a reported message, whatever its kind. Raises NotFound, NotPermitted; Conflict when
        somebody else locked it first, or works on the case; RuleBroken for a chat with the assistant.
        """
        with self.database.transaction() as session:
            case = held_case(session, actor, case_id)
            conversation = Conversations(session).lock(case.conversation_id)
            if conversation is None:
                raise Conflict(GONE)
            _lock(session, actor, conversation, reason)
        self.hints.publish(case.conversation_id)

    def unlock(self, actor: Actor, conversation_id: UUID, note: str = "") -> None:
        """Opens it again; what waited for the assistant there is asked. Any moderator may.

        Raises NotFound, NotPermitted; Conflict when it is open already.
        """
        note = checked_text(one_line(note), field="The note", limit=MAX_REASON)
        actor.require(Permission.MODERATION_WORK)
        with self.database.transaction() as session:
            conversation = Conversations(session).lock(conversation_id)
            if conversation is None or conversation.company_id != actor.company_id:
                raise NotFound
            if conversation.locked_at is None:
                raise _not_locked(session, actor, conversation)
            since = conversation.locked_at
            RoomLocks(session).unlock(conversation_id)
            session.refresh(conversation)
            add_notice(session, conversation, "A moderator unlocked this room.")
            _record(session, actor, AuditAction.ROOM_UNLOCKED, conversation, reason=note, before=since)
        self.hints.publish(conversation_id)


def _not_locked(session: Session, actor: Actor, conversation: Conversation) -> ParleyError:
    """Whoever was slower is told who was first. What is said in private and never was locked does not exist."""
    if unlocked := RoomLocks(session).last_unlocked(conversation.company_id, conversation.id):
        return Conflict(f"{name_of(session, actor, unlocked[0])} unlocked this room already. Nothing was done.")
    return Conflict(OPEN) if conversation.kind is ConversationKind.COMPANY else NotFound()


def _lock(session: Session, actor: Actor, conversation: Conversation, reason: str) -> None:
    reason = required_text(one_line(reason), field="The reason", limit=MAX_REASON)
    if not conversation.kind.is_room:
        raise RuleBroken(NO_ROOM)
    if conversation.deleted_at is not None:
        raise Conflict(GONE)
    if conversation.locked_at is not None:
        who = name_of(session, actor, conversation.locked_by)
        raise Conflict(f"{who} locked this room already. Nothing was done.")
    now = clock.now()
    RoomLocks(session).lock(conversation.id, actor.user_id, reason, now)
    session.refresh(conversation)
    add_notice(session, conversation, f"A moderator locked this room: {reason}")
    _record(session, actor, AuditAction.ROOM_LOCKED, conversation, reason=reason, after=now)


def _record(
    session: Session,
    actor: Actor,
    action: AuditAction,
    conversation: Conversation,
    *,
    reason: str,
    before: datetime | None = None,
    after: datetime | None = None,
) -> None:
    """Since when it is locked, before and after; None: it is open."""
    Audit(session).record(
        action,
        actor=actor,
        company_id=conversation.company_id,
        target_type=TargetType.CONVERSATION,
        target_id=conversation.id,
        before=_facts(before),
        after=_facts(after),
        reason=reason,
    )


def _facts(locked_at: datetime | None) -> dict[str, str] | None:
    return {"locked_at": locked_at.isoformat(timespec="minutes")} if locked_at else None
