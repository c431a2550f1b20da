"""The person whom somebody wants something with, if they may."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.errors import NotFound, NotSignedIn
from core.models import AuditAction, OneTimeLink, TargetType, User
from core.permissions import Actor, Permission
from core.repositories.audit import Audit
from core.repositories.companies import Companies
from core.repositories.notices import Notices
from core.repositories.users import Users

NOTICE = "account"


def require_manager(actor: Actor | None) -> None:
    """None is the command line, which may. Raises NotPermitted."""
    if actor is not None:
        actor.require(Permission.PEOPLE_MANAGE)


def reaches(actor: Actor | None, user: User) -> bool:
    return actor is None or actor.company_id == user.company_id


def visible_person(session: Session, actor: Actor | None, user_id: UUID) -> User:
    """Raises NotFound."""
    user = Users(session).get(user_id)
    if user is None or not reaches(actor, user):
        raise NotFound
    return user


def held_person(session: Session, actor: Actor | None, user_id: UUID) -> User:
    """The person as they are now, after whoever is changing the company's people at this moment. Raises NotFound; and
    NotPermitted where whoever asks was an admin until that moment, so that of two who demote each other one stays.
    """
    user = visible_person(session, actor, user_id)
    Companies(session).lock(user.company_id)
    session.refresh(user)
    require_still_manager(session, actor)
    return user


def require_still_manager(session: Session, actor: Actor | None) -> None:
    """With the rights of this moment, which may be fewer than those that the page was drawn with."""
    if actor is None:
        return
    now = Users(session).get_welcome(actor.user_id, clock.now())
    if now is None:
        raise NotSignedIn
    require_manager(now)


def stands_for(session: Session, link: OneTimeLink) -> bool:
    """Whether who made the link may still: an admin who is none any more lets nobody in."""
    if link.created_by is None:
        return True
    maker = Users(session).get_welcome(link.created_by, clock.now())
    return maker is not None and maker.may(Permission.PEOPLE_MANAGE)


def tell(session: Session, user_id: UUID, *, key: str, text: str) -> None:
    """Something about their account that the person should know."""
    Notices(session).tell([user_id], key=key, kind=NOTICE, text=text, ends_at=None)


def record_on(
    session: Session,
    action: AuditAction,
    actor: Actor | None,
    user: User,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """What was done to somebody's account; by nobody where it came of a provider, or of the command line."""
    Audit(session).record(
        action,
        actor=actor,
        company_id=user.company_id,
        target_type=TargetType.USER,
        target_id=user.id,
        before=before,
        after=after,
    )
