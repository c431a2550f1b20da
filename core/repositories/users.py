from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Uuid, any_, bindparam
from sqlalchemy import select as sql_select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Text, col, delete, exists, func, select, type_coerce, update

from core import clock
from core.models import AuthSession, User, UserRole
from core.permissions import Actor, Role
from core.repositories.auth_sessions import is_live, is_welcome
from core.repositories.base import Repository


class Users(Repository):
    def add(self, user: User) -> User:
        self.session.add(user)
        self.session.flush()
        return user

    def get(self, user_id: UUID) -> User | None:
        return self.session.get(User, user_id)

    def get_for_update(self, user_id: UUID) -> User | None:
        """The row as it is now, locked: for a change that depends on what the row says."""
        statement = select(User).where(User.id == user_id).with_for_update(key_share=True)
        return self.session.exec(statement.execution_options(populate_existing=True)).one_or_none()

    def get_by_email(self, email: str) -> User | None:
        """However the address is capitalised."""
        return self.session.exec(select(User).where(func.lower(User.email) == func.lower(email))).one_or_none()

    def get_actor(self, session_id: UUID, now: datetime) -> Actor | None:
        """Who is behind a live session, in one query. None when it ended or the person may not come in."""
        return self.list_actors([session_id], now).get(session_id)

    def list_actors(self, session_ids: Collection[UUID], now: datetime) -> dict[UUID, Actor]:
        """The same for several sessions, still in one query; those without anybody are missing."""
        given = {"sessions": list(session_ids), "now": now}
        return {
            session_id: Actor(
                user_id=user_id,
                company_id=company_id,
                email=email,
                display_name=display_name,
                roles=frozenset(Role(role) for role in roles or ()),
                session_id=session_id,
                chosen_time_zone=zone,
                theme=theme,
            )
            for session_id, user_id, company_id, email, display_name, zone, theme, roles in self.session.execute(
                _actors, given
            )
        }

    def get_welcome(self, user_id: UUID, now: datetime) -> Actor | None:
        """Somebody without a browser session, with the roles of now; None when they may not come in."""
        statement = select(User).where(User.id == user_id, is_welcome(now))
        user = self.session.exec(statement.execution_options(populate_existing=True)).one_or_none()
        if user is None:
            return None
        return Actor(user.id, user.company_id, user.email, user.display_name, self.list_roles(user.id))

    def update(self, user: User, changes: Mapping[str, Any]) -> User:
        user.sqlmodel_update(dict(changes))
        return self.add(user)

    def list_zones(self, user_ids: Collection[UUID]) -> dict[UUID, str | None]:
        """Where each of them was last, as an IANA name; None where that is not known."""
        statement = select(User.id, User.time_zone).where(col(User.id).in_(user_ids))
        return {row[0]: row[1] for row in self.session.exec(statement)}

    def set_zone(self, user_id: UUID, zone: str) -> None:
        """Writes nothing where it says so already."""
        statement = update(User).where(col(User.id) == user_id, col(User.time_zone).is_distinct_from(zone))
        self.session.exec(statement.values(time_zone=zone))

    def list_of_company(self, company_id: UUID) -> list[tuple[User, frozenset[Role]]]:
        """Everybody, inactive people included, by name; each with their roles."""
        statement = (
            select(User, _roles_of(User.id))
            .where(User.company_id == company_id)
            .order_by(func.lower(User.display_name), col(User.id))
        )
        return [(user, frozenset(Role(role) for role in roles or ())) for user, roles in self.session.exec(statement)]

    def list_colleagues(self, company_id: UUID, but: UUID, roles: Collection[Role]) -> list[User]:
        """Everybody who may sign in and has one of these roles, but one, by name."""
        statement = (
            select(User)
            .where(User.company_id == company_id, col(User.is_active), User.id != but, _has_one_of(roles))
            .order_by(func.lower(User.display_name), col(User.id))
        )
        return list(self.session.exec(statement))

    def list_by_ids(
        self, company_id: UUID, user_ids: Collection[UUID], roles: Collection[Role]
    ) -> dict[UUID, tuple[User, bool]]:
        """Those of them who are of this company, and whether they may sign in and have one of these roles."""
        statement = select(User, _has_one_of(roles)).where(User.company_id == company_id, col(User.id).in_(user_ids))
        return {user.id: (user, user.is_active and has_role) for user, has_role in self.session.exec(statement)}

    def list_names(self, user_ids: Collection[UUID]) -> dict[UUID, str]:
        if not user_ids:
            return {}
        found = self.session.execute(select(col(User.id), col(User.display_name)).where(col(User.id).in_(user_ids)))
        return {row.id: row.display_name for row in found}

    def list_roles(self, user_id: UUID) -> frozenset[Role]:
        rows = self.session.exec(select(UserRole).where(UserRole.user_id == user_id))
        return frozenset(row.role for row in rows)

    def set_roles(self, user_id: UUID, roles: Iterable[Role]) -> None:
        """From now on the tokens of their sessions are due for new ones."""
        self.session.exec(delete(UserRole).where(col(UserRole.user_id) == user_id))
        self.session.add_all([UserRole(user_id=user_id, role=role) for role in set(roles)])
        self.session.flush()
        self.session.exec(update(User).where(col(User.id) == user_id).values(rights_changed_at=clock.now()))

    def count(self) -> int:
        return self.session.exec(select(func.count()).select_from(User)).one()

    def count_admins(self, company_id: UUID, now: datetime, *, but: UUID) -> int:
        """Those who may come in at that moment, without one of them."""
        statement = (
            select(func.count())
            .select_from(User)
            .join(UserRole, col(UserRole.user_id) == User.id)
            .where(User.company_id == company_id, User.id != but, is_welcome(now), UserRole.role == Role.ADMIN)
        )
        return self.session.exec(statement).one()


def _has_one_of(roles: Collection[Role]) -> Any:
    return exists().where(col(UserRole.user_id) == col(User.id), col(UserRole.role).in_(roles))


def _roles_of(user_id: Any) -> Any:
    """A correlated array, so that a person without a role is one row as well."""
    roles = select(type_coerce(UserRole.role, Text)).where(UserRole.user_id == user_id).correlate(User)
    return type_coerce(func.array(roles.scalar_subquery()), ARRAY(Text))


# Asked at every run of every page, so put together once: SQLAlchemy takes longer for that than PostgreSQL to answer.
_when: Any = bindparam("now", type_=DateTime(timezone=True))
_columns: tuple[Any, ...] = (
    *(col(column) for column in (AuthSession.id, User.id, User.company_id, User.email, User.display_name)),
    col(User.chosen_time_zone),
    col(User.theme),
    _roles_of(User.id),
)
_actors = (
    sql_select(*_columns)
    .join_from(AuthSession, User, col(User.id) == AuthSession.user_id)
    .where(col(AuthSession.id) == any_(bindparam("sessions", type_=ARRAY(Uuid()))), is_live(_when), is_welcome(_when))
)
