"""The people of a company: who they are, what they may do, whether they may come in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from core import clock
from core.database.engine import Database
from core.errors import Conflict, Invalid, NotFound
from core.models import AuditAction, User
from core.permissions import Actor, Permission, Role, roles_with
from core.repositories.audit import Audit
from core.repositories.auth_sessions import AuthSessions
from core.repositories.companies import Companies
from core.repositories.users import Users
from core.services.identity import clean_email, clean_name, is_email
from core.services.passwords import Passwords, check_password
from core.services.room_views import Colleague

TAKEN = "Somebody with this e-mail address exists already."
LAST_ADMIN = "This is the company's last active admin. Make somebody else admin first."
NO_COMPANY = "There is no company yet. Open the set-up link that Parley printed when it started."
WHICH_COMPANY = "There are several companies. Say which one."


@dataclass(frozen=True, slots=True)
class Person:
    id: UUID
    company_id: UUID
    email: str
    display_name: str
    roles: frozenset[Role]
    is_active: bool
    has_password: bool
    created_at: datetime
    last_seen_at: datetime | None


class PeopleService:
    """An actor needs `people:manage` and reaches their own company; the command line, actor None, every one."""

    def __init__(self, database: Database, passwords: Passwords | None = None) -> None:
        self.database = database
        self.passwords = passwords or Passwords()

    def create_user(
        self,
        actor: Actor | None,
        *,
        email: str,
        display_name: str,
        password: str | None,
        roles: Iterable[Role],
        company_id: UUID | None = None,
    ) -> Person:
        """Without a password the person can't sign in by one. Without an actor, `company_id` may be left out
        while there is one company. Raises Invalid, Conflict when the address is taken."""
        _require(actor)
        email = clean_email(email)
        display_name = clean_name(display_name, what="the person's name")
        if password is not None:
            check_password(password, email=email, display_name=display_name)
        wanted = frozenset(roles)
        password_hash = None if password is None else self.passwords.hash(password)
        with self.database.transaction() as session:
            if Users(session).get_by_email(email):
                raise Conflict(TAKEN)
            company = _company(session, actor, company_id)
            user = User(company_id=company, email=email, display_name=display_name, password_hash=password_hash)
            try:
                Users(session).add(user)
            except IntegrityError as error:  # somebody else was faster by a moment
                raise Conflict(TAKEN) from error
            Users(session).set_roles(user.id, wanted)
            after = {"roles": sorted(wanted)}  # who it is stands with the account, which can be forgotten
            _record(session, AuditAction.USER_CREATED, actor, user, after=after)
            return _view(user, wanted)

    def list_people(self, actor: Actor | None, *, company_id: UUID | None = None) -> tuple[Person, ...]:
        """Everybody of the company by name, inactive people included."""
        _require(actor)
        with self.database.reading() as session:
            company = _company(session, actor, company_id)
            return tuple(_view(user, roles) for user, roles in Users(session).list_of_company(company))

    def directory(self, actor: Actor) -> tuple[Colleague, ...]:
        """Everybody of one's company who may sign in and chat, but oneself, by name: whom one can write to."""
        actor.require(Permission.CHAT_USE)
        with self.database.reading() as session:
            people = Users(session).list_colleagues(actor.company_id, actor.user_id, roles_with(Permission.CHAT_USE))
        return tuple(Colleague(person.id, person.display_name, person.email) for person in people)

    def find(self, actor: Actor | None, email: str) -> Person:
        """Raises NotFound."""
        _require(actor)
        with self.database.reading() as session:
            user = Users(session).get_by_email(email.strip()) if is_email(email.strip()) else None
            if user is None or not _reaches(actor, user):
                raise NotFound("Nobody here has this e-mail address.")
            return _view(user, Users(session).list_roles(user.id))

    def set_roles(self, actor: Actor | None, user_id: UUID, roles: Iterable[Role]) -> Person:
        """Acts at the next run in every tab, since rights are read from the database each time."""
        _require(actor)
        wanted = frozenset(roles)
        with self.database.transaction() as session:
            user = _person(session, actor, user_id)
            before = Users(session).list_roles(user.id)
            if Role.ADMIN in before - wanted:
                _keep_an_admin(session, user)
            if wanted != before:
                Users(session).set_roles(user.id, wanted)
                _record(
                    session,
                    AuditAction.ROLES_CHANGED,
                    actor,
                    user,
                    before={"roles": sorted(before)},
                    after={"roles": sorted(wanted)},
                )
            return _view(user, wanted)

    def deactivate(self, actor: Actor | None, user_id: UUID) -> Person:
        """They can't sign in any more, and every browser of theirs is signed out."""
        return self._set_active(actor, user_id, is_active=False)

    def reactivate(self, actor: Actor | None, user_id: UUID) -> Person:
        """They may sign in again, with a new session."""
        return self._set_active(actor, user_id, is_active=True)

    def _set_active(self, actor: Actor | None, user_id: UUID, *, is_active: bool) -> Person:
        _require(actor)
        with self.database.transaction() as session:
            user = _person(session, actor, user_id)
            roles = Users(session).list_roles(user.id)
            if user.is_active == is_active:
                return _view(user, roles)
            if not is_active and Role.ADMIN in roles:
                _keep_an_admin(session, user)
            Users(session).update(user, {"is_active": is_active})
            AuthSessions(session).revoke_all(user.id, clock.now())
            action = AuditAction.USER_REACTIVATED if is_active else AuditAction.USER_DEACTIVATED
            _record(session, action, actor, user)
            return _view(user, roles)

    def set_password(self, actor: Actor | None, user_id: UUID, password: str) -> None:
        """Gives somebody a new password and signs them out everywhere. Raises Invalid."""
        _require(actor)
        with self.database.reading() as session:
            user = _visible(session, actor, user_id)
        check_password(password, email=user.email, display_name=user.display_name)
        password_hash = self.passwords.hash(password)
        with self.database.transaction() as session:
            user = _person(session, actor, user_id)
            Users(session).update(user, {"password_hash": password_hash})
            AuthSessions(session).revoke_all(user.id, clock.now())
            _record(session, AuditAction.PASSWORD_CHANGED, actor, user)


def _require(actor: Actor | None) -> None:
    if actor is not None:
        actor.require(Permission.PEOPLE_MANAGE)


def _reaches(actor: Actor | None, user: User) -> bool:
    return actor is None or actor.company_id == user.company_id


def _company(session: Session, actor: Actor | None, company_id: UUID | None) -> UUID:
    if actor is not None:
        return actor.company_id
    companies = Companies(session)
    if company_id is not None:
        if companies.get(company_id) is None:
            raise NotFound("There is no such company.")
        return company_id
    match companies.list_all():
        case []:
            raise Invalid(NO_COMPANY)
        case [only]:
            return only.id
        case _:
            raise Invalid(WHICH_COMPANY)


def _visible(session: Session, actor: Actor | None, user_id: UUID) -> User:
    user = Users(session).get(user_id)
    if user is None or not _reaches(actor, user):
        raise NotFound
    return user


def _person(session: Session, actor: Actor | None, user_id: UUID) -> User:
    """The person as they are now, after whoever is changing the company's people at this moment."""
    user = _visible(session, actor, user_id)
    Companies(session).lock(user.company_id)
    session.refresh(user)
    return user


def _keep_an_admin(session: Session, user: User) -> None:
    """Who is suspended looks after nothing meanwhile. No admin is suspended, but who is suspended can be made one."""
    if user.is_active and not Users(session).count_admins(user.company_id, clock.now(), but=user.id):
        raise Invalid(LAST_ADMIN)


def _record(
    session: Session,
    action: AuditAction,
    actor: Actor | None,
    user: User,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    Audit(session).record(
        action,
        actor=actor,
        company_id=user.company_id,
        target_type="user",
        target_id=user.id,
        before=before,
        after=after,
    )


def _view(user: User, roles: Iterable[Role]) -> Person:
    return Person(
        id=user.id,
        company_id=user.company_id,
        email=user.email,
        display_name=user.display_name,
        roles=frozenset(roles),
        is_active=user.is_active,
        has_password=user.password_hash is not None,
        created_at=user.created_at,
        last_seen_at=user.last_seen_at,
    )
