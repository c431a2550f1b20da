"""Signing in through a provider of single sign-on: whose account it is, and what comes of the groups."""

import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from core import clock
from core.config import Settings
from core.database.engine import Database
from core.errors import Conflict, NotFound, SignInRefused, Suspended
from core.models import AuditAction, Company, Identity, TargetType, User
from core.permissions import Role
from core.repositories.audit import Audit
from core.repositories.companies import Companies
from core.repositories.identities import Identities
from core.repositories.one_time_links import OneTimeLinks
from core.repositories.suspensions import Suspensions
from core.repositories.users import Users
from core.services.accounts import REFUSALS_KEPT
from core.services.hints import Hints
from core.services.identity import is_email
from core.services.names import brought_name
from core.services.people_access import record_on
from core.services.sessions import SessionLimits, SignedIn, refuse_suspended
from core.services.sso_claims import Vouched
from core.sso import ANY, SsoProvider

log = logging.getLogger(__name__)

NOT_VERIFIED = "Your e-mail address isn't verified there, where you sign in. Verify it, then come back."
NO_PLACE = "Nothing here is for people of your e-mail domain or company. An admin can change that."
TAKEN = "An account with your e-mail address exists here and isn't linked with this way in. An admin can help."
ELSEWHERE = "Your account here belongs to another company than this way in leads to. An admin can help."
SWITCHED_OFF = "Your account here is deactivated. An admin can let you in again."
BOTH_AT_ONCE = "This account was being made at the same moment. Sign in again."


class SsoService:
    def __init__(self, database: Database, settings: Settings, hints: Hints | None = None) -> None:
        """Without `hints` open tabs find out for themselves, within seconds."""
        self.database = database
        self.limits = SessionLimits(settings)
        self.hints = hints

    def sign_in(self, provider: SsoProvider, vouched: Vouched, user_agent: str) -> SignedIn:
        """A new session of whom the provider vouches for; at their first time here, with a new account.

        Raises SignInRefused with the reason, Suspended, Conflict where two tabs made the same account.
        """
        try:
            signed_in, happened = self._open(provider, vouched, user_agent)
        except (SignInRefused, Suspended):
            self._note_refusal(provider, vouched)
            raise
        if self.hints and AuditAction.ROLES_CHANGED in [action for action, _, _ in happened]:
            self.hints.publish_standing(signed_in.user_id)
        return signed_in

    def _open(self, provider: SsoProvider, vouched: Vouched, user_agent: str) -> tuple[SignedIn, "Happened"]:
        with self.database.transaction() as session:
            company = _company(session, provider, vouched)
            Companies(session).lock(company.id)  # its people change one after the other; before the person's own row
            user, happened = _find(session, provider, vouched, company)
            user = user or _make(session, provider, vouched, company, happened)
            _set_roles(session, provider, vouched, user, happened)
            signed_in, actor = self.limits.open(session, user, user_agent, provider=provider.key)
            for action, before, after in happened:
                record_on(session, action, None, user, before=before, after={**after, "provider": provider.key})
            record_on(session, AuditAction.SIGNED_IN, actor, user, after={"provider": provider.key})
        return signed_in, happened

    def _note_refusal(self, provider: SsoProvider, vouched: Vouched) -> None:
        """Whose account it was tried on. Who has none here leaves a line in the log, without who they are."""
        with self.database.transaction() as session:
            users = Users(session)
            user_id = Identities(session).get_user_id(vouched.issuer, vouched.subject)
            known = users.get(user_id) if user_id else users.get_by_email(vouched.email)
            log.info("sso_refused provider=%s user=%s", provider.key, known.id if known else None)
            if known is not None:
                Audit(session).record_refused(
                    AuditAction.SIGNED_IN,
                    actor=None,
                    company_id=known.company_id,
                    target_type=TargetType.USER,
                    target_id=known.id,
                    after={"provider": provider.key},
                    most=REFUSALS_KEPT,
                )

    def unlink(self, email: str) -> int:
        """By the command line: forgets who somebody is to any provider, so that an address can pass to a new person.

        How many those were. Their sessions stay. Raises NotFound.
        """
        with self.database.transaction() as session:
            user = Users(session).get_by_email(email.strip()) if is_email(email.strip()) else None
            if user is None:
                raise NotFound("Nobody here has this e-mail address.")
            count = Identities(session).delete_of(user.id)
            if count:
                record_on(session, AuditAction.IDENTITIES_UNLINKED, None, user, after={"identities": count})
        return count


Happened = list[tuple[AuditAction, Mapping[str, Any] | None, Mapping[str, Any]]]
"""What is to stand in the audit trail: the action, before, after."""


def _company(session: Session, provider: SsoProvider, vouched: Vouched) -> Company:
    """Where the person belongs. Asked at every sign-in, so that a domain taken out of the settings is out."""
    if not (vouched.is_verified or provider.trust_email):
        raise SignInRefused(NOT_VERIFIED)
    if provider.allowed_domains and not provider.allowed_domains & {vouched.domain, ANY}:
        raise SignInRefused(NO_PLACE)
    companies = Companies(session).list_all()
    if provider.company_map:
        wanted = {provider.company_map[value] for value in vouched.company_values if value in provider.company_map}
        companies = [company for company in companies if wanted & {str(company.id), company.name}]
    match companies:
        case [only]:
            return only
        case _:
            raise SignInRefused(NO_PLACE)


def _find(session: Session, provider: SsoProvider, vouched: Vouched, company: Company) -> tuple[User | None, Happened]:
    """The account of whom the provider means, linked now if it may be; None where they have none yet."""
    users, identities = Users(session), Identities(session)
    happened: Happened = []
    user_id = identities.get_user_id(vouched.issuer, vouched.subject)
    if user_id is None:
        named = users.get_by_email(vouched.email)
        if named is None:
            return None, happened
        # Who has this address now may be somebody else than who had it when the account was linked.
        if not provider.link_by_email or identities.has(named.id, vouched.issuer):
            raise SignInRefused(TAKEN)
        user_id = named.id
        happened.append((AuditAction.IDENTITY_LINKED, None, {}))
    user = users.get_for_update(user_id)
    if user is None or user.company_id != company.id:
        raise SignInRefused(ELSEWHERE)
    if not user.is_active:
        raise SignInRefused(SWITCHED_OFF)
    refuse_suspended(Suspensions(session).get_in_force(user.id, clock.now()))
    if happened:
        _link(session, user.id, vouched)
    return user, happened


def _make(session: Session, provider: SsoProvider, vouched: Vouched, company: Company, happened: Happened) -> User:
    OneTimeLinks(session).use_invite_of(company.id, vouched.email, clock.now())
    name = brought_name(session, company.id, vouched.name)
    user = User(company_id=company.id, email=vouched.email, display_name=name)
    try:
        Users(session).add(user)
        _link(session, user.id, vouched)
    except IntegrityError as error:  # the same person, or address, came into another company at the same moment
        raise Conflict(BOTH_AT_ONCE) from error
    roles = _roles_by_groups(provider, vouched)
    Users(session).set_roles(user.id, roles)
    happened.append((AuditAction.USER_CREATED, None, {"roles": sorted(roles)}))
    return user


def _link(session: Session, user_id: UUID, vouched: Vouched) -> None:
    Identities(session).add(Identity(user_id=user_id, issuer=vouched.issuer, subject=vouched.subject))


def _set_roles(session: Session, provider: SsoProvider, vouched: Vouched, user: User, happened: Happened) -> None:
    """What the groups say, where they say anything; but the last admin stays one."""
    if not provider.role_map:
        return
    users = Users(session)
    before, wanted = users.list_roles(user.id), _roles_by_groups(provider, vouched)
    if Role.ADMIN in before - wanted and not users.count_admins(user.company_id, clock.now(), but=user.id):
        wanted |= {Role.ADMIN}
    if wanted != before:
        users.set_roles(user.id, wanted)
        happened.append((AuditAction.ROLES_CHANGED, {"roles": sorted(before)}, {"roles": sorted(wanted)}))


def _roles_by_groups(provider: SsoProvider, vouched: Vouched) -> frozenset[Role]:
    of_groups = (roles for group, roles in provider.role_map.items() if group in vouched.groups)
    return provider.roles_of_everybody.union(*of_groups)
