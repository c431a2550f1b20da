"""The first start: a one-time link leads to the company's first admin."""

from datetime import timedelta

from sqlmodel import Session

from core import clock, ids
from core.config import Settings
from core.database.engine import Database
from core.errors import Conflict, LinkExpired
from core.locks import Lock
from core.models import AuditAction, LinkPurpose, OneTimeLink, User
from core.permissions import Actor, Role
from core.repositories.one_time_links import OneTimeLinks
from core.repositories.users import Users
from core.services.company_changes import add_company, record_on_company
from core.services.identity import clean_email, clean_name
from core.services.passwords import Passwords, check_password, require_passwords
from core.services.people_access import record_on
from core.services.sessions import SessionLimits, SignedIn, hash_of

SET_UP_BEFORE = "Parley is set up already. `python -m core users add` adds people."
LINK_LIFE = timedelta(hours=24)


class Setup:
    def __init__(self, database: Database, settings: Settings, passwords: Passwords | None = None) -> None:
        self.database = database
        self.limits = SessionLimits(settings)
        self.passwords = passwords or Passwords()
        self.settings = settings

    def require_passwords(self) -> None:
        """Raises SignInRefused where nobody signs in by a password."""
        require_passwords(self.settings)

    def needs_setup(self) -> bool:
        """True until the first person exists."""
        with self.database.reading() as session:
            return Users(session).count() == 0

    def issue_setup_link(self) -> str:
        """A token good for 24 hours or until somebody set Parley up; earlier ones stay good as well."""
        token = ids.new_token()
        expires_at = clock.now() + LINK_LIFE
        link = OneTimeLink(purpose=LinkPurpose.SETUP, token_hash=hash_of(token), expires_at=expires_at)
        with self.database.transaction() as session:
            OneTimeLinks(session).add(link)
        return token

    def check_setup_link(self, token: str) -> None:
        """Raises LinkExpired unless the link still works."""
        with self.database.reading() as session:
            _require_link(session, token)

    def set_up(
        self, *, token: str, company_name: str, email: str, display_name: str, password: str, user_agent: str
    ) -> SignedIn:
        """Makes the company and its first admin, and signs them in. Raises Invalid, LinkExpired; Conflict for the name
        of a company that is there; SignInRefused where passwords are switched off.

        However many do it at once, one succeeds.
        """
        self.require_passwords()
        self.check_setup_link(token)
        company_name = clean_name(company_name, what="the company's name")
        display_name = clean_name(display_name, what="your name")
        email = clean_email(email)
        check_password(password, email=email, display_name=display_name)
        password_hash = self.passwords.hash(password)
        with self.database.transaction() as session:
            OneTimeLinks(session).lock(Lock.SETUP)
            _require_link(session, token)
            user = _make_first(session, company_name, email, display_name, password_hash)
            signed_in, actor = self.limits.open(session, user, user_agent)
            _record_first(session, user, company_name, actor)
        return signed_in

    def set_up_by_command(
        self, *, company_name: str, email: str, display_name: str, password: str | None = None
    ) -> None:
        """Makes the company and its first admin from the command line; without a password for who comes in through
        single sign-on. Raises Invalid, Conflict where somebody was set up before.
        """
        company_name = clean_name(company_name, what="the company's name")
        display_name = clean_name(display_name, what="the admin's name")
        email = clean_email(email)
        if password is not None:
            check_password(password, email=email, display_name=display_name)
        password_hash = None if password is None else self.passwords.hash(password)
        with self.database.transaction() as session:
            OneTimeLinks(session).lock(Lock.SETUP)
            if Users(session).count():
                raise Conflict(SET_UP_BEFORE)
            user = _make_first(session, company_name, email, display_name, password_hash)
            _record_first(session, user, company_name, None)


FIRST_ROLES = (Role.ADMIN, Role.STAFF)


def _make_first(session: Session, company_name: str, email: str, display_name: str, password_hash: str | None) -> User:
    OneTimeLinks(session).use_all(LinkPurpose.SETUP, clock.now())
    company = add_company(session, company_name)
    user = User(company_id=company.id, email=email, display_name=display_name, password_hash=password_hash)
    Users(session).add(user)
    Users(session).set_roles(user.id, FIRST_ROLES)
    return user


def _record_first(session: Session, user: User, company_name: str, actor: Actor | None) -> None:
    record_on_company(session, AuditAction.COMPANY_CREATED, actor, user.company_id, after={"name": company_name})
    record_on(session, AuditAction.USER_CREATED, actor, user, after={"roles": sorted(FIRST_ROLES)})


def _require_link(session: Session, token: str) -> None:
    link = OneTimeLinks(session).get_usable(LinkPurpose.SETUP, hash_of(token), clock.now())
    if link is None or Users(session).count():
        raise LinkExpired
