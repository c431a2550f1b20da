from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select, update

from core.models import AuthSession, User
from core.repositories.base import Repository


def is_live(now: datetime) -> Any:
    """Neither revoked nor past `expires_at`, which every use moves on as far as the absolute limit allows."""
    return col(AuthSession.revoked_at).is_(None) & (col(AuthSession.expires_at) > now)


def is_welcome(now: datetime) -> Any:
    """Of a person: neither deactivated nor suspended at that moment."""
    suspended_until = col(User.suspended_until)
    return col(User.is_active) & (suspended_until.is_(None) | (suspended_until <= now))


class AuthSessions(Repository):
    def add(self, auth_session: AuthSession) -> AuthSession:
        self.session.add(auth_session)
        self.session.flush()
        return auth_session

    def get_live(self, session_id: UUID, now: datetime) -> AuthSession | None:
        """None as well when the person was deactivated or is suspended."""
        return self._get_live(col(AuthSession.id) == session_id, now)

    def get_by_token_hash(self, token_hash: bytes, now: datetime) -> AuthSession | None:
        """Live ones only, of people who may come in."""
        return self._get_live(col(AuthSession.token_hash) == token_hash, now)

    def _get_live(self, condition: Any, now: datetime) -> AuthSession | None:
        statement = (
            select(AuthSession)
            .join(User, col(User.id) == AuthSession.user_id)
            .where(condition, is_live(now), is_welcome(now))
        )
        return self.session.exec(statement).one_or_none()

    def list_live(self, user_id: UUID, now: datetime) -> list[AuthSession]:
        """A person's browsers, the one used last first."""
        statement = (
            select(AuthSession)
            .where(AuthSession.user_id == user_id, is_live(now))
            .order_by(col(AuthSession.last_used_at).desc(), col(AuthSession.id).desc())
        )
        return list(self.session.exec(statement))

    def touch(self, session_id: UUID, *, now: datetime, expires_at: datetime) -> None:
        """Notes a use, of the session and of its person. Of several at once the latest stays."""
        statement = (
            update(AuthSession)
            .where(col(AuthSession.id) == session_id, is_live(now), col(AuthSession.last_used_at) < now)
            .values(last_used_at=now, expires_at=expires_at)
            .returning(col(AuthSession.user_id))
        )
        if (touched := self.session.exec(statement).one_or_none()) is not None:
            self.note_seen(touched[0], now)

    def note_seen(self, user_id: UUID, now: datetime) -> None:
        self.session.exec(update(User).where(col(User.id) == user_id).values(last_seen_at=now))

    def revoke(self, session_id: UUID, now: datetime) -> UUID | None:
        """Ends the session; its person, or None when it had ended already."""
        statement = (
            update(AuthSession)
            .where(col(AuthSession.id) == session_id, is_live(now))
            .values(revoked_at=now)
            .returning(col(AuthSession.user_id))
        )
        revoked = self.session.exec(statement).one_or_none()
        return None if revoked is None else revoked[0]

    def revoke_of(self, user_id: UUID, session_id: UUID, now: datetime) -> bool:
        """Ends that session of this person; False when it had ended, or is none of theirs."""
        statement = update(AuthSession).where(
            col(AuthSession.id) == session_id, col(AuthSession.user_id) == user_id, is_live(now)
        )
        return self.session.exec(statement.values(revoked_at=now)).rowcount > 0

    def revoke_all(self, user_id: UUID, now: datetime) -> int:
        """Ends a person's sessions; how many those were."""
        statement = update(AuthSession).where(col(AuthSession.user_id) == user_id, is_live(now))
        return self.session.exec(statement.values(revoked_at=now)).rowcount
