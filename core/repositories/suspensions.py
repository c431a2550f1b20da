"""Who is kept out for a time, and until when. Whoever suspends or lifts holds the lock of the company."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, tuple_
from sqlmodel import col

from core.models import AuthSession, Suspension, User
from core.models.base import table_of
from core.repositories.auth_sessions import is_live, is_opened_by
from core.repositories.base import Repository

_suspensions, _users = table_of(Suspension), table_of(User)
_by, _lifter = _users.alias("by"), _users.alias("lifter")
Place = tuple[datetime, UUID]
"""When it ends, and its key."""


@dataclass(frozen=True, slots=True)
class SuspensionLine:
    """Names are None for who has left."""

    id: UUID
    user_id: UUID
    name: str | None
    created_at: datetime
    until: datetime
    reason: str
    by: str | None
    lifted_at: datetime | None
    lifted_by: str | None
    note: str

    def is_in_force(self, now: datetime) -> bool:
        return self.lifted_at is None and self.until > now

    @property
    def place(self) -> Place:
        return self.until, self.id


_lines = (
    select(
        _suspensions.c.id,
        _suspensions.c.user_id,
        _users.c.display_name,
        _suspensions.c.created_at,
        _suspensions.c.until,
        _suspensions.c.reason,
        _by.c.display_name,
        _suspensions.c.lifted_at,
        _lifter.c.display_name,
        _suspensions.c.note,
    )
    .select_from(_suspensions)
    .outerjoin(_users, _users.c.id == _suspensions.c.user_id)
    .outerjoin(_by, _by.c.id == _suspensions.c.suspended_by)
    .outerjoin(_lifter, _lifter.c.id == _suspensions.c.lifted_by)
)


class Suspensions(Repository):
    def add(self, suspension: Suspension) -> Suspension:
        self.session.add(suspension)
        self.session.flush()
        return suspension

    def get(self, company_id: UUID, suspension_id: UUID) -> Suspension | None:
        """As the database has it at this moment."""
        statement = select(Suspension).where(
            _suspensions.c.id == suspension_id, _suspensions.c.company_id == company_id
        )
        return self.session.execute(statement.execution_options(populate_existing=True)).scalar_one_or_none()

    def get_in_force(self, user_id: UUID, now: datetime) -> Suspension | None:
        statement = select(Suspension).where(_suspensions.c.user_id == user_id, *_in_force(now))
        return self.session.execute(statement.order_by(_suspensions.c.until.desc()).limit(1)).scalar_one_or_none()

    def get_of_session(self, session_id: UUID, now: datetime) -> Suspension | None:
        """What keeps the person of a session out, which would stand otherwise."""
        return self._get_of(col(AuthSession.id) == session_id, now)

    def get_of_token_hash(self, token_hash: bytes, now: datetime) -> Suspension | None:
        return self._get_of(is_opened_by(token_hash, now), now)

    def _get_of(self, condition: Any, now: datetime) -> Suspension | None:
        statement = (
            select(Suspension)
            .join(AuthSession, col(AuthSession.user_id) == _suspensions.c.user_id)
            .join(User, _users.c.id == _suspensions.c.user_id)
            .where(condition, is_live(now), _users.c.is_active, _users.c.suspended_until > now, *_in_force(now))
            .order_by(_suspensions.c.until.desc())
            .limit(1)
        )
        return self.session.execute(statement).scalar_one_or_none()

    def lift(self, suspension: Suspension, by: UUID, note: str, now: datetime) -> None:
        suspension.lifted_at, suspension.lifted_by, suspension.note = now, by, note
        self.add(suspension)

    def list_in_force(
        self, company_id: UUID, now: datetime, *, after: Place | None = None, limit: int
    ) -> list[SuspensionLine]:
        """The first to end first."""
        return self._list(in_force_statement(company_id, now, after, limit))

    def list_of(self, user_id: UUID, limit: int) -> list[SuspensionLine]:
        """One person's, the newest first."""
        newest = _suspensions.c.created_at.desc(), _suspensions.c.id.desc()
        return self._list(_lines.where(_suspensions.c.user_id == user_id).order_by(*newest).limit(limit))

    def _list(self, statement: Select[Any]) -> list[SuspensionLine]:
        return [SuspensionLine(*tuple(row)) for row in self.session.execute(statement)]


def in_force_statement(company_id: UUID, now: datetime, after: Place | None, limit: int) -> Select[Any]:
    statement = _lines.where(_suspensions.c.company_id == company_id, *_in_force(now))
    if after:
        statement = statement.where(tuple_(_suspensions.c.until, _suspensions.c.id) > after)
    return statement.order_by(_suspensions.c.until, _suspensions.c.id).limit(limit)


def _in_force(now: datetime) -> tuple[Any, Any]:
    return _suspensions.c.lifted_at.is_(None), _suspensions.c.until > now
