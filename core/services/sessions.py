"""Sign-in sessions: how long they last and how one is opened. Used by every way in."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from core import clock, ids
from core.config import Settings
from core.errors import NotSignedIn, Suspended
from core.models import AuthSession, Suspension, User
from core.permissions import Actor
from core.repositories.auth_sessions import AuthSessions
from core.repositories.users import Users
from core.services.identity import clean_user_agent

TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session with a new token. `token` goes into the cookie and is kept nowhere else; `max_age` is in seconds."""

    token: str
    session_id: UUID
    user_id: UUID
    max_age: int

    def __repr__(self) -> str:
        return f"SignedIn(session_id={self.session_id!r}, user_id={self.user_id!r})"  # a token stays out of logs


@dataclass(frozen=True, slots=True)
class SessionIdentity:
    session_id: UUID
    user_id: UUID
    is_token_due: bool = False
    """Whether the browser should get another token: it came with one from before a change of rights."""


@dataclass(frozen=True, slots=True)
class SessionView:
    """A browser that is signed in. `is_current`: whoever looks at this looks with it."""

    id: UUID
    user_agent: str
    created_at: datetime
    last_used_at: datetime
    provider: str | None
    """Of single sign-on, by its name in the settings; None: by a password or a link."""
    is_current: bool


def view_of(live: AuthSession, current: UUID | None) -> SessionView:
    return SessionView(
        id=live.id,
        user_agent=live.user_agent,
        created_at=live.created_at,
        last_used_at=live.last_used_at,
        provider=live.provider,
        is_current=live.id == current,
    )


def hash_of(token: str) -> bytes:
    """Tokens are random enough that a plain hash can't be turned back."""
    return hashlib.sha256(token.encode(errors="replace")).digest()


class SessionLimits:
    """Ends a session some days after its last use, and some more days after it began in any case."""

    def __init__(self, settings: Settings) -> None:
        self.idle = timedelta(days=settings.session_idle_days)
        self.absolute = timedelta(days=settings.session_max_days)

    def expiry(self, *, created_at: datetime, used_at: datetime) -> datetime:
        return min(used_at + self.idle, created_at + self.absolute)

    def seconds_left(self, created_at: datetime, now: datetime) -> int:
        """For which a cookie is kept at the most."""
        return int((created_at + self.absolute - now).total_seconds())

    def open(
        self, session: Session, user: User, user_agent: str, *, provider: str | None = None
    ) -> tuple[SignedIn, Actor]:
        """A session with a new token, whatever the browser had before; and its person, as the audit wants them.

        `provider`: of single sign-on, where the person came through one.
        """
        token, now = ids.new_token(), clock.now()
        opened = AuthSessions(session).add(
            AuthSession(
                user_id=user.id,
                token_hash=hash_of(token),
                created_at=now,
                last_used_at=now,
                expires_at=self.expiry(created_at=now, used_at=now),
                user_agent=clean_user_agent(user_agent),
                provider=provider,
            )
        )
        AuthSessions(session).note_seen(user.id, now)
        actor = Users(session).get_actor(opened.id, now)
        if actor is None:  # deactivated in this very moment
            raise NotSignedIn
        max_age = self.seconds_left(now, now)
        return SignedIn(token=token, session_id=opened.id, user_id=user.id, max_age=max_age), actor


def refuse_suspended(suspension: Suspension | None) -> None:
    """Raises Suspended, with what its person may know of it. None: nothing keeps them out."""
    if suspension is not None:
        raise Suspended(until=suspension.until, reason=suspension.reason)
