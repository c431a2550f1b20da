"""Leave to read a private conversation: taken by a moderator with a reason, for a while, one at a time for each.

It is asked for by the conversation's address, which somebody gave, or from a case; nobody can choose from a list.
"""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.database.engine import Database
from core.errors import AccessOver, Conflict, Invalid, NotFound, RuleBroken
from core.ids import parse_id
from core.lines import one_line
from core.models import MAX_REASON, AccessGrant, AuditAction, Conversation, ConversationKind, TargetType
from core.permissions import Actor, Permission
from core.repositories.access_grants import AccessGrants
from core.repositories.access_lines import AccessLines, GrantLine
from core.repositories.audit import Audit
from core.repositories.browsing import Browsing
from core.repositories.cases import Cases
from core.repositories.conversations import Conversations
from core.services.access import require_still
from core.services.access_views import GrantPage
from core.services.marks import mark_of, place_of
from core.services.texts import checked_text

DURATIONS = (15, 30, 60, 240)
"""Minutes that are offered; the last is the most there is."""
USUAL = 30
LEAST_REASON = 10
"""Characters: a word is no reason."""
PAGE = 25
LONGEST_ADDRESS = 2_000
NO_ADDRESS = "That is no address of a conversation. It has c= in it, and behind that the conversation's id."
NOTHING_THERE = "There is no conversation with that address in this company."
GONE = "That conversation is gone for good, so there is nothing left to read."
OPEN_ROOM = "Company rooms are open to moderators. Read it under Conversations; it takes no access."
OWN = "You can read this conversation anyway, so it takes no access."
HELD = "You have access to this conversation already. It is under Yours; there you can also ask for more time."
SHORT = "Say in a few words why. The people of this conversation read it."


class AccessGrantService:
    def __init__(self, database: Database) -> None:
        self.database = database

    def take(self, actor: Actor, address: str, reason: str, minutes: int = USUAL) -> UUID:
        """`address`: of the conversation, or its id. Returns the grant's key.

        Raises Invalid for no address, a reason of less than LEAST_REASON characters, or minutes beyond the last of
        DURATIONS; NotFound for what there is not in this company; RuleBroken for what takes no access; Conflict for a
        second grant while one is in force.
        """
        actor.require(Permission.ACCESS_GRANT)
        conversation_id = conversation_in(address)
        if conversation_id is None:
            raise Invalid(NO_ADDRESS)
        return self._take(actor, conversation_id, reason, minutes, case_id=None)

    def take_for_case(self, actor: Actor, case_id: UUID, reason: str, minutes: int = USUAL) -> UUID:
        """The same for the conversation of a reported message."""
        actor.require(Permission.ACCESS_GRANT)
        with self.database.reading() as session:
            case = Cases(session).get(actor.company_id, case_id)
        if case is None:
            raise NotFound
        return self._take(actor, case.conversation_id, reason, minutes, case_id=case_id)

    def extend(self, actor: Actor, grant_id: UUID, reason: str, minutes: int = USUAL) -> UUID:
        """Another grant for the same conversation from now on, whether or not the one before is over; its key.

        Raises NotFound for somebody else's, Conflict when another tab did so first.
        """
        actor.require(Permission.ACCESS_GRANT)
        with self.database.reading() as session:
            before = AccessGrants(session).get(actor.company_id, actor.user_id, grant_id)
        if before is None:
            raise NotFound
        return self._take(actor, before.conversation_id, reason, minutes, case_id=before.case_id, behind=grant_id)

    def end(self, actor: Actor, grant_id: UUID) -> None:
        """Before its time. Twice is once. Raises NotFound for somebody else's."""
        actor.require(Permission.ACCESS_GRANT)
        with self.database.transaction() as session:
            grant = AccessGrants(session).lock(actor.company_id, actor.user_id, grant_id)
            if grant is None:
                raise NotFound
            if grant.is_in_force(clock.now()):
                _end(session, actor, grant)

    def get(self, actor: Actor, grant_id: UUID) -> GrantLine:
        """One's own, whether or not it is over. Raises NotFound."""
        actor.require(Permission.ACCESS_GRANT)
        with self.database.reading() as session:
            if AccessGrants(session).get(actor.company_id, actor.user_id, grant_id) is None:
                raise NotFound
            found = AccessLines(session).get(grant_id)
        if found is None:
            raise NotFound
        return found

    def in_force_for(self, actor: Actor, conversation_id: UUID) -> GrantLine | None:
        """This moderator's own; None when they would have to ask."""
        return next((one for one in self.mine(actor) if one.conversation_id == conversation_id), None)

    def mine(self, actor: Actor) -> tuple[GrantLine, ...]:
        """Those of this moderator that are in force, those that are over first, first."""
        actor.require(Permission.ACCESS_GRANT)
        with self.database.reading() as session:
            return tuple(AccessLines(session).list_in_force(actor.user_id, clock.now()))

    def list_page(self, actor: Actor, after: str | None = None, *, limit: int = PAGE) -> GrantPage:
        """Every moderator's, of now and before, the newest first. Raises Invalid for what is no place in the list."""
        actor.require(Permission.ACCESS_GRANT)
        place = place_of(after) if after else None
        with self.database.reading() as session:
            lines = AccessLines(session).list_page(actor.company_id, after=place, limit=limit + 1)
        shown = tuple(lines[:limit])
        return GrantPage(shown, mark_of(shown[-1].position) if len(lines) > limit else None)

    def _take(
        self,
        actor: Actor,
        conversation_id: UUID,
        reason: str,
        minutes: int,
        *,
        case_id: UUID | None,
        behind: UUID | None = None,
    ) -> UUID:
        """`behind`: the grant that it goes on from; while another one is in force, it is refused."""
        reason = _checked_reason(reason)
        if not 1 <= minutes <= DURATIONS[-1]:
            raise Invalid(f"Access can be for up to {DURATIONS[-1] // 60} hours at a time.")
        with self.database.transaction() as session:
            require_still(session, actor, Permission.ACCESS_GRANT)
            conversation = _private_or_raise(session, actor, conversation_id, is_known=bool(case_id or behind))
            grants, now = AccessGrants(session), clock.now()
            if held := grants.get_held(actor.user_id, conversation_id):
                if held.is_in_force(now) and held.id != behind:
                    raise Conflict(HELD)
                if held.is_in_force(now):
                    _end(session, actor, held)
                else:
                    grants.end(held, held.expires_at)
            grant = AccessGrant(
                created_at=now,
                company_id=actor.company_id,
                moderator_id=actor.user_id,
                conversation_id=conversation_id,
                kind=conversation.kind,
                owner_id=conversation.owner_id,
                case_id=case_id,
                reason=reason,
                expires_at=now + timedelta(minutes=minutes),
            )
            grants.add(grant)
            from_case = {"case": case_id} if case_id else {}
            facts = {"grant": grant.id, "kind": grant.kind.value, "minutes": minutes} | from_case
            record(session, actor, AuditAction.ACCESS_GRANTED, grant, facts)
        return grant.id


def conversation_in(address: str) -> UUID | None:
    """The conversation that an address of ours leads to, or an id by itself; None when there is none in it."""
    text = address.strip()
    if len(text) > LONGEST_ADDRESS:
        return None
    try:
        named = parse_qs(urlsplit(text).query).get("c", [])
    except ValueError:
        return None
    return parse_id(named[-1] if named else text)


def mine_or_raise(session: Session, actor: Actor, grant_id: UUID) -> AccessGrant:
    """One's own that is in force, held until this transaction ends. Raises NotFound, AccessOver."""
    grant = AccessGrants(session).lock(actor.company_id, actor.user_id, grant_id)
    if grant is None:
        raise NotFound
    if not grant.is_in_force(clock.now()):
        raise AccessOver
    return grant


def record(
    session: Session, actor: Actor, action: AuditAction, grant: AccessGrant, facts: Mapping[str, object]
) -> None:
    """With the reason that was given for the grant; the last thing in a transaction."""
    Audit(session).record(
        action,
        actor=actor,
        company_id=grant.company_id,
        target_type=TargetType.CONVERSATION,
        target_id=grant.conversation_id,
        after=facts,
        reason=grant.reason,
    )


def _end(session: Session, actor: Actor, grant: AccessGrant) -> None:
    AccessGrants(session).end(grant, clock.now())
    record(session, actor, AuditAction.ACCESS_ENDED, grant, {"grant": grant.id, "looks": grant.looks})


def _checked_reason(reason: str) -> str:
    text = checked_text(one_line(reason), field="The reason", limit=MAX_REASON)
    if len(text) < LEAST_REASON:
        raise Invalid(SHORT)
    return text


def _private_or_raise(session: Session, actor: Actor, conversation_id: UUID, *, is_known: bool) -> Conversation:
    """One of the company that this moderator can't read as things are, locked, deleted or not.

    `is_known`: it was there before, so that it is gone now is no news. Raises NotFound, RuleBroken.
    """
    conversation = Conversations(session).lock(conversation_id)
    if conversation is None or conversation.company_id != actor.company_id:
        raise NotFound(GONE if is_known else NOTHING_THERE)
    if Browsing(session).get(actor, conversation_id):
        raise RuleBroken(OPEN_ROOM if conversation.kind is ConversationKind.COMPANY else OWN)
    if conversation.kind is ConversationKind.COMPANY:  # deleted, and nobody reads those but their owners
        raise NotFound(NOTHING_THERE)
    return conversation
