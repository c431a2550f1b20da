"""A new password by a link: for who has forgotten theirs. An admin makes it and hands it over."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from core import clock, ids
from core.config import Settings
from core.database.engine import Database
from core.errors import Invalid, LinkExpired
from core.lines import one_line
from core.models import AuditAction, LinkPurpose, OneTimeLink, User
from core.permissions import Actor, Permission
from core.repositories.auth_sessions import AuthSessions
from core.repositories.one_time_links import OneTimeLinks
from core.repositories.suspensions import Suspensions
from core.repositories.users import Users
from core.services.hints import Hints
from core.services.invites import Issued
from core.services.passwords import Passwords, check_password, require_passwords
from core.services.people_access import held_person, record_on, stands_for, tell, visible_person
from core.services.sessions import SessionLimits, SignedIn, hash_of, refuse_suspended

LIFE = timedelta(days=1)
CLOSED = "This link was used, has expired or was withdrawn. Ask an admin for a new one."
ONESELF = "Change your own password on the page Account."
INACTIVE = "This account is deactivated. Reactivate it first."


@dataclass(frozen=True, slots=True)
class PasswordLink:
    """One that can still be used. `by`: None for who has left."""

    created_at: datetime
    expires_at: datetime
    by: str | None


class PasswordLinkService:
    def __init__(
        self, database: Database, settings: Settings, hints: Hints, passwords: Passwords | None = None
    ) -> None:
        self.database = database
        self.settings = settings
        self.hints = hints
        self.limits = SessionLimits(settings)
        self.passwords = passwords or Passwords()

    def issue(self, actor: Actor, user_id: UUID) -> Issued:
        """A link with which this person chooses a new password within a day; one of before works no more. Their
        password stays until then. Raises NotFound; Invalid for oneself and for who is deactivated.
        """
        actor.require(Permission.PEOPLE_MANAGE)
        require_passwords(self.settings)
        issued = Issued(ids.new_token(), clock.now() + LIFE)
        with self.database.transaction() as session:
            user = held_person(session, actor, user_id)
            if user.id == actor.user_id:
                raise Invalid(ONESELF)
            if not user.is_active:
                raise Invalid(INACTIVE)
            OneTimeLinks(session).revoke_reset(user.id, clock.now())
            OneTimeLinks(session).add(
                OneTimeLink(
                    purpose=LinkPurpose.RESET, token_hash=hash_of(issued.token), expires_at=issued.expires_at,
                    user_id=user.id, created_by=actor.user_id,
                )
            )  # fmt: skip
            record_on(session, AuditAction.PASSWORD_LINK_MADE, actor, user)
        return issued

    def revoke(self, actor: Actor, user_id: UUID) -> None:
        """The link works no more; where there is none nothing happens. Raises NotFound."""
        actor.require(Permission.PEOPLE_MANAGE)
        with self.database.transaction() as session:
            user = held_person(session, actor, user_id)
            if OneTimeLinks(session).revoke_reset(user.id, clock.now()):
                record_on(session, AuditAction.PASSWORD_LINK_REVOKED, actor, user)

    def waiting(self, actor: Actor, user_id: UUID) -> PasswordLink | None:
        """The link that this person may still use. Raises NotFound."""
        actor.require(Permission.PEOPLE_MANAGE)
        with self.database.reading() as session:
            link = OneTimeLinks(session).get_reset(visible_person(session, actor, user_id).id)
            if link is None or link.expires_at <= clock.now():
                return None
            return PasswordLink(link.created_at, link.expires_at, OneTimeLinks(session).get_line(link).by)

    def check(self, token: str) -> str:
        """Whose password it is for: the e-mail address. Raises LinkExpired when the link doesn't work."""
        require_passwords(self.settings, LinkExpired)
        with self.database.reading() as session:
            _, user = _usable(session, token)
            return user.email

    def use(self, *, token: str, password: str, user_agent: str) -> SignedIn:
        """Replaces the password, ends every session of the person and opens one for this browser. Raises Invalid,
        LinkExpired, Suspended. However many do it at once, one succeeds.
        """
        require_passwords(self.settings, LinkExpired)
        with self.database.reading() as session:
            _, user = _usable(session, token)
        check_password(password, email=user.email, display_name=user.display_name)
        password_hash = self.passwords.hash(password)
        with self.database.transaction() as session:
            link, user = _usable(session, token, lock=True)
            now = clock.now()
            refuse_suspended(Suspensions(session).get_in_force(user.id, now))
            Users(session).update(user, {"password_hash": password_hash})
            AuthSessions(session).revoke_all(user.id, now)
            OneTimeLinks(session).use(link, now)
            signed_in, actor = self.limits.open(session, user, user_agent)
            _tell(session, link, user)
            record_on(session, AuditAction.PASSWORD_CHANGED, actor, user, after={"by_link_of": link.created_by})
        self.hints.publish_standing(user.id)
        return signed_in


def _usable(session: Session, token: str, *, lock: bool = False) -> tuple[OneTimeLink, User]:
    """The link, and whose password it is for, as they are now. Raises LinkExpired.

    `lock`: the person first, then their link, as whoever changes or deactivates them does.
    """
    links, users = OneTimeLinks(session), Users(session)
    link = links.get_usable(LinkPurpose.RESET, hash_of(token), clock.now())
    if link is None or link.user_id is None:
        raise LinkExpired(CLOSED)
    user = users.get_for_update(link.user_id) if lock else users.get(link.user_id)
    if lock:
        link = links.get_usable(LinkPurpose.RESET, hash_of(token), clock.now(), lock=True)
    if link is None or not stands_for(session, link) or user is None or not user.is_active:
        raise LinkExpired(CLOSED)
    return link, user


def _tell(session: Session, link: OneTimeLink, user: User) -> None:
    maker = Users(session).get(link.created_by) if link.created_by else None
    by = one_line(maker.display_name) if maker else "an admin"
    tell(session, user.id, key=f"password:{link.id}", text=f"Your password was changed by a link that {by} made.")
