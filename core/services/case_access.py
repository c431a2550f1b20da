"""The case that a moderator takes a further step from: beside what they decide about the message itself."""

from uuid import UUID

from sqlmodel import Session

from core import clock
from core.errors import Conflict, NotFound, NotPermitted
from core.lines import one_line
from core.models import Case, CaseStatus
from core.permissions import Actor, Permission
from core.repositories.cases import Cases
from core.repositories.companies import Companies
from core.repositories.suspensions import Suspensions
from core.repositories.users import Users
from core.services.access import require_still
from core.services.moderation_deciding import NOT_YOURS, OWN
from core.services.sessions import refuse_suspended


def visible_case(session: Session, actor: Actor, case_id: UUID) -> Case:
    """Raises NotPermitted; NotFound for a case of another company as for one that there is not."""
    actor.require(Permission.MODERATION_WORK)
    case = Cases(session).get(actor.company_id, case_id)
    if case is None:
        raise NotFound
    return case


def held_case(session: Session, actor: Actor, case_id: UUID) -> Case:
    """One that this moderator claimed, or that is decided. Raises NotPermitted about one's own message, Conflict."""
    case = visible_case(session, actor, case_id)
    if case.author_id == actor.user_id:
        raise NotPermitted(OWN)
    is_mine = case.status is CaseStatus.CLAIMED and case.claimed_by == actor.user_id
    if not is_mine and case.status is not CaseStatus.CLOSED:
        raise Conflict(NOT_YOURS)
    return case


def take_turns(session: Session, actor: Actor) -> None:
    """Moderators who keep people out, or let them in, do so one after another, as do those who change roles. Whoever
    was kept out themselves meanwhile is refused: two who suspend each other at once leave one. Raises Suspended; and
    NotSignedIn, NotPermitted for who is no moderator any more.
    """
    actor.require(Permission.MODERATION_WORK)
    Companies(session).lock(actor.company_id)
    refuse_suspended(Suspensions(session).get_in_force(actor.user_id, clock.now()))
    require_still(session, actor, Permission.MODERATION_WORK)


def name_of(session: Session, actor: Actor, user_id: UUID | None) -> str:
    """Who did something, at the beginning of a sentence to this reader."""
    if user_id == actor.user_id:
        return "You"
    user = Users(session).get(user_id) if user_id else None
    return one_line(user.display_name) if user else "Somebody"
