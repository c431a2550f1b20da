"""Signing a browser out from elsewhere: one's own, or as an admin somebody's."""

from uuid import UUID

from sqlmodel import Session

from core import clock
from core.database.engine import Database
from core.errors import NotFound
from core.ids import new_id
from core.lines import one_line
from core.models import AuditAction, User
from core.permissions import Actor, Permission
from core.repositories.auth_sessions import AuthSessions
from core.repositories.users import Users
from core.services.hints import Hints
from core.services.people_access import held_person, record_on, tell, visible_person
from core.services.sessions import SessionView, view_of


class SessionEnding:
    def __init__(self, database: Database, hints: Hints) -> None:
        self.database = database
        self.hints = hints

    def end_own(self, actor: Actor, session_id: UUID) -> None:
        """Raises NotFound for one that ended, or somebody else's."""
        actor.require(Permission.ACCOUNT_MANAGE)
        with self.database.transaction() as session:
            user = Users(session).get(actor.user_id)
            if user is None:
                raise NotFound
            _end(session, user, session_id)
            record_on(session, AuditAction.SESSION_ENDED, actor, user, after={"sessions": 1})
        self.hints.publish_standing(actor.user_id)

    def list_of(self, actor: Actor, user_id: UUID) -> tuple[SessionView, ...]:
        """Where this person is signed in, the browser used last first. Raises NotFound."""
        actor.require(Permission.PEOPLE_MANAGE)
        with self.database.reading() as session:
            user = visible_person(session, actor, user_id)
            live = AuthSessions(session).list_live(user.id, clock.now())
            return tuple(view_of(one, actor.session_id) for one in live)

    def end(self, actor: Actor, user_id: UUID, session_id: UUID) -> None:
        """One of this person's. They are told. Raises NotFound."""
        actor.require(Permission.PEOPLE_MANAGE)
        with self.database.transaction() as session:
            user = held_person(session, actor, user_id)
            _end(session, user, session_id)
            _tell(session, actor, user, "a browser of yours")
            record_on(session, AuditAction.SESSION_ENDED, actor, user, after={"sessions": 1})
        self.hints.publish_standing(user_id)

    def end_all(self, actor: Actor, user_id: UUID) -> int:
        """All of this person's; how many those were. They are told. Raises NotFound."""
        actor.require(Permission.PEOPLE_MANAGE)
        with self.database.transaction() as session:
            user = held_person(session, actor, user_id)
            ended = AuthSessions(session).revoke_all(user.id, clock.now())
            if ended:
                _tell(session, actor, user, "all browsers of yours")
                record_on(session, AuditAction.SESSION_ENDED, actor, user, after={"sessions": ended})
        self.hints.publish_standing(user_id)
        return ended

    def end_by_password(self) -> int:
        """Where passwords are switched off: whatever was opened by one, or by a link that led to one. How many
        those were. Begun again after a crash it ends the rest.
        """
        with self.database.reading() as session:
            people = AuthSessions(session).list_people_here(clock.now())
        return sum(self._end_by_password(user_id) for user_id in people)

    def _end_by_password(self, user_id: UUID) -> int:
        with self.database.transaction() as session:
            user = Users(session).get_for_update(user_id)
            ended = AuthSessions(session).revoke_here(user_id, clock.now())
            if user and ended:
                after = {"sessions": ended, "passwords": "switched off"}
                record_on(session, AuditAction.SESSION_ENDED, None, user, after=after)
        return ended


def _end(session: Session, user: User, session_id: UUID) -> None:
    if not AuthSessions(session).revoke_of(user.id, session_id, clock.now()):
        raise NotFound


def _tell(session: Session, actor: Actor, user: User, what: str) -> None:
    if actor.user_id != user.id:
        text = f"{one_line(actor.display_name)}, an admin, signed out {what}."
        tell(session, user.id, key=f"session:{new_id()}", text=text)
