"""A browser that is signed in: whose it is, for how long, and with which token."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from core import clock, ids
from core.errors import NotSignedIn
from core.models import AuthSession
from core.permissions import Actor, Permission
from core.repositories.auth_sessions import AuthSessions
from core.repositories.suspensions import Suspensions
from core.repositories.users import Users
from core.services.sessions import (
    TOUCH_EVERY,
    SessionIdentity,
    SessionView,
    SignedIn,
    hash_of,
    refuse_suspended,
    view_of,
)
from core.services.setup import Setup
from core.telemetry import who

GRACE = timedelta(minutes=1)
"""For which a token still opens its session once the one after it was used: other tabs are on their way with it."""
UNSEEN = timedelta(hours=1)
"""The same for as long as that one was not used: the answer that brought it may have been lost."""


class SessionKeeping(Setup):
    def resolve(self, token: str) -> SessionIdentity | None:
        """Whose session the token opens; None when it ended. Counts as a use. Raises Suspended."""
        token_hash = hash_of(token)
        with self.database.reading() as session:
            known = AuthSessions(session).get_by_token_hash(token_hash, clock.now())
            if known is None:
                refuse_suspended(Suspensions(session).get_of_token_hash(token_hash, clock.now()))
                return None
        found, is_outdated = known
        self._touch(found)
        self._retire_replaced(found, token_hash)
        is_due = is_outdated or found.token_hash != token_hash
        return SessionIdentity(session_id=found.id, user_id=found.user_id, is_token_due=is_due)

    def renew_token(self, session_id: UUID, token: str) -> SignedIn | None:
        """The token that follows upon this one, which opens the session for a while longer; None when it opens nothing.

        It follows from the other, so that however many requests ask with it, at once or again because an answer was
        lost, all get the same and any of their answers may be the last one to reach the browser.
        """
        now, successor = clock.now(), ids.derived_token(self.settings.signing_key, "session", str(session_id), token)
        old, new = hash_of(token), hash_of(successor)
        with self.database.transaction() as session:
            sessions = AuthSessions(session)
            sessions.replace_token(session_id, old=old, new=new, now=now, until=now + UNSEEN)
            known = sessions.get_by_token_hash(old, now)
            if known is None or known[0].token_hash != new:
                return None
            live = known[0]
            max_age = self.limits.seconds_left(live.created_at, now)
            return SignedIn(token=successor, session_id=live.id, user_id=live.user_id, max_age=max_age)

    def _retire_replaced(self, used: AuthSession, token_hash: bytes) -> None:
        """The browser has its new token, since it came with that."""
        until = clock.now() + GRACE
        if used.token_hash != token_hash or used.replaced_until is None or used.replaced_until <= until:
            return
        with self.database.transaction() as session:
            AuthSessions(session).retire_replaced(used.id, token_hash=token_hash, until=until)

    def is_live(self, session_id: UUID) -> bool:
        """Whether the session still stands. Counts as a use."""
        with self.database.reading() as session:
            found = AuthSessions(session).get_live(session_id, clock.now())
        if found is None:
            return False
        self._touch(found)
        return True

    def _touch(self, used: AuthSession) -> None:
        now = clock.now()
        if now - used.last_used_at < TOUCH_EVERY:
            return
        expires_at = self.limits.expiry(created_at=used.created_at, used_at=now)
        with self.database.transaction() as session:
            AuthSessions(session).touch(used, now=now, expires_at=expires_at)

    def actor(self, session_id: UUID) -> Actor:
        """The person of a live session with the roles they have right now. Raises NotSignedIn, Suspended."""
        with self.database.reading() as session:
            actor = Users(session).get_actor(session_id, clock.now())
            if actor is None:
                refuse_suspended(Suspensions(session).get_of_session(session_id, clock.now()))
                raise NotSignedIn
        who.note(person=actor.user_id)  # the script of a page has no other way to tell the log
        return actor

    def actors(self, session_ids: Collection[UUID]) -> dict[UUID, Actor]:
        """The same for several sessions at once; those that ended are missing."""
        with self.database.reading() as session:
            return Users(session).list_actors(session_ids, clock.now())

    def provider_of(self, session_id: UUID) -> str | None:
        """Through which provider of single sign-on a live session was opened, by its name in the settings."""
        with self.database.reading() as session:
            live = AuthSessions(session).get_live(session_id, clock.now())
        return live.provider if live else None

    def sessions(self, actor: Actor) -> tuple[SessionView, ...]:
        """Where the person is signed in, the browser used last first."""
        actor.require(Permission.ACCOUNT_MANAGE)
        with self.database.reading() as session:
            live = AuthSessions(session).list_live(actor.user_id, clock.now())
            return tuple(view_of(one, actor.session_id) for one in live)
