"""Signing in, staying signed in, signing out; one's own password."""

import logging
from uuid import UUID

from core import clock
from core.errors import Invalid, NotSignedIn, Suspended, WrongCredentials
from core.models import AuditAction, TargetType, User
from core.permissions import Actor, Permission
from core.repositories.audit import Audit
from core.repositories.auth_sessions import AuthSessions
from core.repositories.one_time_links import OneTimeLinks
from core.repositories.suspensions import Suspensions
from core.repositories.users import Users
from core.services.identity import is_email, require_zone
from core.services.passwords import check_password
from core.services.people_access import record_on
from core.services.session_keeping import SessionKeeping
from core.services.sessions import SignedIn, refuse_suspended

log = logging.getLogger(__name__)

WRONG_CURRENT = "The current password isn't right."
REFUSALS_KEPT = 10
"""In the audit trail, of each account within an hour."""
SAME_PASSWORD = "The new password is the current one. Choose another."


class AccountService(SessionKeeping):
    def sign_in(self, *, email: str, password: str, user_agent: str) -> SignedIn:
        """A new session. Raises WrongCredentials, in the same words and time whatever was wrong; Suspended, only to who
        gave the right password; SignInRefused where passwords are switched off.
        """
        self.require_passwords()
        known = self._known(email)
        usable_hash = known.password_hash if known and known.is_active else None
        if not self.passwords.verify(password, usable_hash) or known is None:
            self._note_refusal(known)
            raise WrongCredentials
        try:
            return self._open(known.id, usable_hash, user_agent)
        except Suspended:
            self._note_refusal(known)
            raise

    def _open(self, user_id: UUID, known_hash: str | None, user_agent: str) -> SignedIn:
        with self.database.transaction() as session:
            user = Users(session).get_for_update(user_id)
            if user is None or not user.is_active or user.password_hash != known_hash:
                raise WrongCredentials  # changed while we were comparing
            refuse_suspended(Suspensions(session).get_in_force(user.id, clock.now()))
            signed_in, actor = self.limits.open(session, user, user_agent)
            record_on(session, AuditAction.SIGNED_IN, actor, user)
        return signed_in

    def _known(self, email: str) -> User | None:
        email = email.strip()
        if not is_email(email):
            return None
        with self.database.reading() as session:
            return Users(session).get_by_email(email)

    def _note_refusal(self, known: User | None) -> None:
        """Whose account it was tried on; what was typed where there is none stays out: it may be a password."""
        log.info("sign_in_refused user=%s", known.id if known else None)
        if known is not None:
            with self.database.transaction() as session:
                Audit(session).record_refused(
                    AuditAction.SIGNED_IN,
                    actor=None,
                    company_id=known.company_id,
                    target_type=TargetType.USER,
                    target_id=known.id,
                    most=REFUSALS_KEPT,
                )

    def sign_out(self, session_id: UUID) -> None:
        """Ends one session. One that has ended stays as it is."""
        with self.database.transaction() as session:
            actor = Users(session).get_actor(session_id, clock.now())
            ended = AuthSessions(session).revoke(session_id, clock.now())
            user = Users(session).get(ended) if ended else None
            if actor and user:
                record_on(session, AuditAction.SIGNED_OUT, actor, user)

    def sign_out_everywhere(self, actor: Actor) -> None:
        """Ends every session of the person, this one too."""
        with self.database.transaction() as session:
            user = Users(session).get(actor.user_id)
            if user is None:
                raise NotSignedIn
            ended = AuthSessions(session).revoke_all(user.id, clock.now())
            record_on(session, AuditAction.SIGNED_OUT_EVERYWHERE, actor, user, after={"sessions": ended})

    def change_password(self, actor: Actor, *, current: str, new: str, user_agent: str) -> SignedIn:
        """Replaces the password, ends every session and opens a new one for this browser. Raises Invalid, and
        SignInRefused where passwords are switched off.
        """
        actor.require(Permission.ACCOUNT_MANAGE)
        self.require_passwords()
        with self.database.reading() as session:
            user = Users(session).get(actor.user_id)
        known_hash = user.password_hash if user else None
        if not self.passwords.verify(current, known_hash):
            with self.database.transaction() as session:
                Audit(session).record_refused(
                    AuditAction.PASSWORD_CHANGED,
                    actor=actor,
                    company_id=actor.company_id,
                    target_type=TargetType.USER,
                    target_id=actor.user_id,
                    most=REFUSALS_KEPT,
                )
            raise WrongCredentials(WRONG_CURRENT)
        if new == current:
            raise Invalid(SAME_PASSWORD)
        check_password(new, email=actor.email, display_name=actor.display_name)
        new_hash = self.passwords.hash(new)
        with self.database.transaction() as session:
            user = Users(session).get_for_update(actor.user_id)
            if user is None or not user.is_active or user.password_hash != known_hash:
                raise WrongCredentials(WRONG_CURRENT)  # changed in another tab meanwhile
            Users(session).update(user, {"password_hash": new_hash})
            AuthSessions(session).revoke_all(actor.user_id, clock.now())
            OneTimeLinks(session).revoke_reset(actor.user_id, clock.now())
            signed_in, actor = self.limits.open(session, user, user_agent)
            record_on(session, AuditAction.PASSWORD_CHANGED, actor, user)
        return signed_in

    def remember_zone(self, actor: Actor, time_zone: str) -> None:
        """Where their days begin and end from now on: as an IANA name, of the browser that they use. For what is
        reckoned without a browser, such as what is due today. Raises Invalid for a zone that is not known here.
        """
        require_zone(time_zone)
        with self.database.transaction() as session:
            Users(session).set_zone(actor.user_id, time_zone)

    def has_password(self, actor: Actor) -> bool:
        """Whether they can sign in by one."""
        actor.require(Permission.ACCOUNT_MANAGE)
        with self.database.reading() as session:
            user = Users(session).get(actor.user_id)
        return self.settings.local_passwords and user is not None and user.password_hash is not None
