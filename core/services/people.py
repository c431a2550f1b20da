"""The people of a company: who they are, what they may do, whether they may come in."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from core import clock
from core.database.engine import Database
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.lines import one_line
from core.models import AuditAction, User
from core.permissions import Actor, Permission, Role, roles_with
from core.repositories.auth_sessions import AuthSessions
from core.repositories.companies import Companies
from core.repositories.one_time_links import OneTimeLinks
from core.repositories.users import Users
from core.services.hints import Hints
from core.services.identity import clean_email, clean_name, is_email
from core.services.passwords import Passwords, check_password
from core.services.people_access import (
    held_person,
    reaches,
    record_on,
    require_manager,
    require_still_manager,
    tell,
    visible_person,
)
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

    def __init__(self, database: Database, passwords: Passwords | None = None, hints: Hints | None = None) -> None:
        """Without `hints` open tabs find out for themselves, within seconds: for the command line."""
        self.database = database
        self.passwords = passwords or Passwords()
        self.hints = hints

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
        require_manager(actor)
        email = clean_email(email)
        display_name = clean_name(display_name, what="the person's name")
        if password is not None:
            check_password(password, email=email, display_name=display_name)
        wanted = frozenset(roles)
        password_hash = None if password is None else self.passwords.hash(password)
        with self.database.transaction() as session:
            require_still_manager(session, actor)
            company = _company(session, actor, company_id)
            Companies(session).lock(company)
            if Users(session).get_by_email(email):
                raise Conflict(TAKEN)
            OneTimeLinks(session).use_invite_of(company, email, clock.now())
            user = User(company_id=company, email=email, display_name=display_name, password_hash=password_hash)
            try:
                Users(session).add(user)
            except IntegrityError as error:  # somebody else was faster by a moment
                raise Conflict(TAKEN) from error
            Users(session).set_roles(user.id, wanted)
            after = {"roles": sorted(wanted)}  # who it is stands with the account, which can be forgotten
            record_on(session, AuditAction.USER_CREATED, actor, user, after=after)
            return _view(user, wanted)

    def list_people(self, actor: Actor | None, *, company_id: UUID | None = None) -> tuple[Person, ...]:
        """Everybody of the company by name, inactive people included."""
        require_manager(actor)
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
        require_manager(actor)
        with self.database.reading() as session:
            user = Users(session).get_by_email(email.strip()) if is_email(email.strip()) else None
            if user is None or not reaches(actor, user):
                raise NotFound("Nobody here has this e-mail address.")
            return _view(user, Users(session).list_roles(user.id))

    def set_roles(self, actor: Actor | None, user_id: UUID, roles: Iterable[Role]) -> Person:
        """Acts at the next run in every tab, since rights are read from the database each time."""
        require_manager(actor)
        wanted = frozenset(roles)
        with self.database.transaction() as session:
            user = held_person(session, actor, user_id)
            before = Users(session).list_roles(user.id)
            if Role.ADMIN in before - wanted:
                _keep_an_admin(session, user)
            if wanted != before:
                Users(session).set_roles(user.id, wanted)
                _tell_roles(session, actor, user, wanted)
                record_on(
                    session,
                    AuditAction.ROLES_CHANGED,
                    actor,
                    user,
                    before={"roles": sorted(before)},
                    after={"roles": sorted(wanted)},
                )
            view = _view(user, wanted)
        self._publish(user_id)
        return view

    def deactivate(self, actor: Actor | None, user_id: UUID) -> Person:
        """They can't sign in any more, and every browser of theirs is signed out."""
        return self._set_active(actor, user_id, is_active=False)

    def reactivate(self, actor: Actor | None, user_id: UUID) -> Person:
        """They may sign in again, with a new session."""
        return self._set_active(actor, user_id, is_active=True)

    def _set_active(self, actor: Actor | None, user_id: UUID, *, is_active: bool) -> Person:
        require_manager(actor)
        with self.database.transaction() as session:
            user = held_person(session, actor, user_id)
            roles = Users(session).list_roles(user.id)
            if user.is_active == is_active:
                return _view(user, roles)
            if not is_active and Role.ADMIN in roles:
                _keep_an_admin(session, user)
            Users(session).update(user, {"is_active": is_active})
            AuthSessions(session).revoke_all(user.id, clock.now())
            OneTimeLinks(session).revoke_reset(user.id, clock.now())
            action = AuditAction.USER_REACTIVATED if is_active else AuditAction.USER_DEACTIVATED
            record_on(session, action, actor, user)
            view = _view(user, roles)
        self._publish(user_id)
        return view

    def set_password(self, actor: Actor | None, user_id: UUID, password: str) -> None:
        """Gives somebody a new password and signs them out everywhere. Raises Invalid."""
        require_manager(actor)
        with self.database.reading() as session:
            user = visible_person(session, actor, user_id)
        check_password(password, email=user.email, display_name=user.display_name)
        password_hash = self.passwords.hash(password)
        with self.database.transaction() as session:
            user = held_person(session, actor, user_id)
            Users(session).update(user, {"password_hash": password_hash})
            AuthSessions(session).revoke_all(user.id, clock.now())
            OneTimeLinks(session).revoke_reset(user.id, clock.now())
            record_on(session, AuditAction.PASSWORD_CHANGED, actor, user)
        self._publish(user_id)

    def _publish(self, user_id: UUID) -> None:
        if self.hints:
            self.hints.publish_standing(user_id)


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


def _keep_an_admin(session: Session, user: User) -> None:
    """Who is suspended looks after nothing meanwhile. No admin is suspended, but who is suspended can be made one."""
    if user.is_active and not Users(session).count_admins(user.company_id, clock.now(), but=user.id):
        raise Invalid(LAST_ADMIN)


def _tell_roles(session: Session, actor: Actor | None, user: User, roles: Iterable[Role]) -> None:
    """Unless it was themselves."""
    if actor is None or actor.user_id == user.id:
        return
    held = ", ".join(sorted(roles)) or "none"
    text = f"{one_line(actor.display_name)} changed your roles. They are now: {held}."
    tell(session, user.id, key=f"roles:{new_id()}", text=text)


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
