from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, func, select, update

from core.models import AuthSession, User
from core.repositories.base import Repository


def is_live(now: datetime) -> Any:
    """Neither revoked nor past `expires_at`, which every use moves on as far as the absolute limit allows."""
    return col(AuthSession.revoked_at).is_(None) & (col(AuthSession.expires_at) > now)


def is_opened_by(token_hash: bytes, now: datetime) -> Any:
    """By the token that it has, and for a while by the one before."""
    replaced = (col(AuthSession.replaced_hash) == token_hash) & (col(AuthSession.replaced_until) > now)
    return (col(AuthSession.token_hash) == token_hash) | replaced


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
        found = self._get_live(col(AuthSession.id) == session_id, now)
        return found and found[0]

    def get_by_token_hash(self, token_hash: bytes, now: datetime) -> tuple[AuthSession, bool] | None:
        """Live ones only, of people who may come in; and whether its token is older than their rights."""
        return self._get_live(is_opened_by(token_hash, now), now)

    def _get_live(self, condition: Any, now: datetime) -> tuple[AuthSession, bool] | None:
        made_at = func.coalesce(AuthSession.renewed_at, AuthSession.created_at)
        statement = (
            select(AuthSession, func.coalesce(col(User.rights_changed_at) > made_at, False))
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

    def touch(self, used: AuthSession, *, now: datetime, expires_at: datetime) -> None:
        """Notes a use, of the session and of its person. Of several at once the latest stays.

        The person first, as whoever changes them and ends their sessions: the other way round each waits for the other.
        """
        self.note_seen(used.user_id, now)
        statement = (
            update(AuthSession)
            .where(col(AuthSession.id) == used.id, is_live(now), col(AuthSession.last_used_at) < now)
            .values(last_used_at=now, expires_at=expires_at)
        )
        self.session.exec(statement)

    def note_seen(self, user_id: UUID, now: datetime) -> None:
        seen_at = col(User.last_seen_at)
        statement = update(User).where(col(User.id) == user_id, seen_at.is_(None) | (seen_at < now))
        self.session.exec(statement.values(last_seen_at=now))

    def replace_token(self, session_id: UUID, *, old: bytes, new: bytes, now: datetime, until: datetime) -> None:
        """Gives it another token, and lets the one before open it until then; nothing when it has another already.

        Counts as newer than its person's rights, whatever the clock of the machine says that changed them.
        """
        rights_changed_at = select(User.rights_changed_at).where(User.id == AuthSession.user_id).scalar_subquery()
        statement = (
            update(AuthSession)
            .where(col(AuthSession.id) == session_id, col(AuthSession.token_hash) == old, is_live(now))
            .values(
                token_hash=new,
                replaced_hash=old,
                replaced_until=until,
                renewed_at=func.greatest(now, rights_changed_at),
            )
        )
        self.session.exec(statement)

    def retire_replaced(self, session_id: UUID, *, token_hash: bytes, until: datetime) -> None:
        """The token before this one opens nothing after that moment. It never gets longer."""
        statement = update(AuthSession).where(
            col(AuthSession.id) == session_id,
            col(AuthSession.token_hash) == token_hash,
            col(AuthSession.replaced_until) > until,
        )
        self.session.exec(statement.values(replaced_until=until))

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

    def list_people_here(self, now: datetime) -> list[UUID]:
        """Who is signed in somewhere without a provider of single sign-on."""
        statement = select(AuthSession.user_id).where(col(AuthSession.provider).is_(None), is_live(now)).distinct()
        return list(self.session.exec(statement))

    def revoke_here(self, user_id: UUID, now: datetime) -> int:
        """Ends a person's sessions of that kind; how many those were."""
        statement = update(AuthSession).where(
            col(AuthSession.user_id) == user_id, col(AuthSession.provider).is_(None), is_live(now)
        )
        return self.session.exec(statement.values(revoked_at=now)).rowcount

    def revoke_all(self, user_id: UUID, now: datetime) -> int:
        """Ends a person's sessions; how many those were."""
        statement = update(AuthSession).where(col(AuthSession.user_id) == user_id, is_live(now))
        return self.session.exec(statement.values(revoked_at=now)).rowcount
