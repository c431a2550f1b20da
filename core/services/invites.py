"""Letting somebody in by a link: an admin makes it, hands it over, and whoever opens it chooses a password."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from core import clock, ids
from core.config import Settings
from core.database.engine import Database
from core.errors import Conflict, Invalid, LinkExpired, NotFound
from core.lines import one_line
from core.models import AuditAction, LinkPurpose, OneTimeLink, TargetType, User
from core.permissions import Actor, Permission, Role
from core.repositories.audit import Audit
from core.repositories.companies import Companies
from core.repositories.one_time_links import InviteLine, OneTimeLinks
from core.repositories.users import Users
from core.services.identity import clean_email, clean_name
from core.services.limits import Limited, RateLimiter
from core.services.names import kept_name
from core.services.passwords import Passwords, check_password, require_passwords
from core.services.people import TAKEN
from core.services.people_access import record_on, require_still_manager, stands_for
from core.services.sessions import SessionLimits, SignedIn, hash_of

__all__ = ["InviteLine", "InviteService", "Invited", "Issued"]

INVITED = "This address is invited already. Renew that invite to get a new link."
CLOSED = "This invite was used, has expired or was withdrawn. Sign in if you have an account, or ask for a new invite."
TOO_MANY = "{most:,} invites are open already. Revoke those that nobody will use any more, then invite others."
MOST_OPEN = 500
"""Invites of one company that nobody has used or revoked."""
PAGE = 50


@dataclass(frozen=True, slots=True)
class Issued:
    """A link that was just made. `token` is kept nowhere: it can be shown once."""

    token: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Issued(expires_at={self.expires_at!r})"  # a token stays out of logs


@dataclass(frozen=True, slots=True)
class Invited:
    """What the form of a link says."""

    company: str
    email: str
    display_name: str
    """What the admin typed; empty for nothing."""


class InviteService:
    def __init__(
        self,
        database: Database,
        settings: Settings,
        passwords: Passwords | None = None,
        limiter: RateLimiter | None = None,
    ) -> None:
        self.database = database
        self.settings = settings
        self.life = timedelta(days=settings.invite_days)
        self.limits = SessionLimits(settings)
        self.passwords = passwords or Passwords()
        self.limiter = limiter or RateLimiter(settings.limits)

    def invite(self, actor: Actor, *, email: str, display_name: str, roles: Iterable[Role]) -> Issued:
        """A link for somebody without an account; their name may be left to them. Raises Invalid, RateLimited; Conflict
        when the address has an account or an invite.
        """
        actor.require(Permission.PEOPLE_MANAGE)
        require_passwords(self.settings)
        email = clean_email(email)
        name = clean_name(display_name, what="the person's name") if display_name.strip() else ""
        issued, wanted = self._issued(), sorted(frozenset(roles))
        link = OneTimeLink(
            purpose=LinkPurpose.INVITE, token_hash=hash_of(issued.token), expires_at=issued.expires_at,
            company_id=actor.company_id, created_by=actor.user_id, email=email, roles=[role.value for role in wanted],
        )  # fmt: skip
        with self.database.transaction() as session:
            Companies(session).lock(actor.company_id)  # whoever comes in otherwise at this moment comes first, or later
            require_still_manager(session, actor)
            _refuse_known(session, actor.company_id, email)
            if OneTimeLinks(session).has_invites(actor.company_id, MOST_OPEN):
                raise Invalid(TOO_MANY.format(most=MOST_OPEN))
            self.limiter.take(session, actor, Limited.INVITE)
            link.display_name = kept_name(session, actor.company_id, name) if name else ""
            try:
                OneTimeLinks(session).add(link)
            except IntegrityError as error:  # somebody else invited them in this moment
                raise Conflict(INVITED) from error
            _record(session, AuditAction.INVITE_MADE, actor, link)
        return issued

    def list_invites(
        self, actor: Actor, *, after: tuple[datetime, UUID] | None = None, limit: int = PAGE
    ) -> tuple[InviteLine, ...]:
        """Those that nobody used or revoked, expired ones too, the newest first."""
        actor.require(Permission.PEOPLE_MANAGE)
        with self.database.reading() as session:
            return tuple(OneTimeLinks(session).list_invites(actor.company_id, after=after, limit=limit))

    def renew(self, actor: Actor, invite_id: UUID) -> Issued:
        """Another link in place of the one before, which works no more. Raises NotFound, Conflict, RateLimited."""
        actor.require(Permission.PEOPLE_MANAGE)
        require_passwords(self.settings)
        issued = self._issued()
        with self.database.transaction() as session:
            link = _own(session, actor, invite_id)
            if Users(session).get_by_email(link.email):
                raise Conflict(TAKEN)
            self.limiter.take(session, actor, Limited.INVITE)
            link.token_hash, link.expires_at, link.created_by = hash_of(issued.token), issued.expires_at, actor.user_id
            OneTimeLinks(session).add(link)
            _record(session, AuditAction.INVITE_RENEWED, actor, link)
        return issued

    def revoke(self, actor: Actor, invite_id: UUID) -> None:
        """The link works no more. Raises NotFound."""
        actor.require(Permission.PEOPLE_MANAGE)
        with self.database.transaction() as session:
            link = _own(session, actor, invite_id)
            OneTimeLinks(session).revoke(link, clock.now())
            _record(session, AuditAction.INVITE_REVOKED, actor, link)

    def check(self, token: str) -> Invited:
        """Whom the link is for. Raises LinkExpired when it doesn't work."""
        require_passwords(self.settings, LinkExpired)
        with self.database.reading() as session:
            link = _usable(session, token)
            company = Companies(session).get(_company_of(link))
            return Invited(one_line(company.name) if company else "", link.email, link.display_name)

    def accept(self, *, token: str, display_name: str, password: str, user_agent: str) -> SignedIn:
        """Makes the account and signs it in. Raises Invalid, LinkExpired; Conflict when the address got an account
        otherwise meanwhile. However many do it at once, one succeeds.
        """
        require_passwords(self.settings, LinkExpired)
        invited = self.check(token)
        name = clean_name(display_name, what="your name")
        check_password(password, email=invited.email, display_name=name)
        password_hash = self.passwords.hash(password)
        with self.database.transaction() as session:
            link = _usable(session, token, lock=True)
            if Users(session).get_by_email(link.email):
                raise Conflict(TAKEN)
            user = self._add(session, link, name, password_hash)
            OneTimeLinks(session).use(link, clock.now())
            signed_in, actor = self.limits.open(session, user, user_agent)
            after = {"roles": sorted(link.roles), "invited_by": link.created_by}
            record_on(session, AuditAction.USER_CREATED, actor, user, after=after)
        return signed_in

    def _add(self, session: Session, link: OneTimeLink, name: str, password_hash: str) -> User:
        company_id = _company_of(link)
        user = User(
            company_id=company_id,
            email=link.email,
            display_name=kept_name(session, company_id, name),
            password_hash=password_hash,
        )
        try:
            Users(session).add(user)
        except IntegrityError as error:  # somebody else was faster by a moment
            raise Conflict(TAKEN) from error
        Users(session).set_roles(user.id, [Role(role) for role in link.roles])
        return user

    def _issued(self) -> Issued:
        return Issued(ids.new_token(), clock.now() + self.life)


def _refuse_known(session: Session, company_id: UUID, email: str) -> None:
    if Users(session).get_by_email(email):
        raise Conflict(TAKEN)
    if OneTimeLinks(session).is_invited(company_id, email):
        raise Conflict(INVITED)


def _own(session: Session, actor: Actor, invite_id: UUID) -> OneTimeLink:
    require_still_manager(session, actor)
    link = OneTimeLinks(session).get_invite(actor.company_id, invite_id)
    if link is None:
        raise NotFound
    return link


def _usable(session: Session, token: str, *, lock: bool = False) -> OneTimeLink:
    """As long as who made it may still. Raises LinkExpired."""
    link = OneTimeLinks(session).get_usable(LinkPurpose.INVITE, hash_of(token), clock.now(), lock=lock)
    if link is None or not stands_for(session, link):
        raise LinkExpired(CLOSED)
    return link


def _company_of(link: OneTimeLink) -> UUID:
    assert link.company_id is not None, "the table says so of an invite"
    return link.company_id


def _record(session: Session, action: AuditAction, actor: Actor, link: OneTimeLink) -> None:
    """By its key alone: who it is for is nobody here yet, and may never be."""
    Audit(session).record(
        action,
        actor=actor,
        company_id=actor.company_id,
        target_type=TargetType.INVITE,
        target_id=link.id,
        after=None if action is AuditAction.INVITE_REVOKED else {"roles": sorted(link.roles)},
    )
