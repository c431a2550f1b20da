"""The list of a company's budgets, with whose they are and the raises in force."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select
from sqlmodel import col

from core.models import Budget, BudgetPeriod, BudgetRaise, BudgetScope, BudgetUnit, Conversation, User
from core.models.base import table_of
from core.permissions import Role
from core.repositories.base import Repository

_budgets, _users, _rooms = table_of(Budget), table_of(User), table_of(Conversation)


@dataclass(frozen=True, slots=True)
class RaiseLine:
    id: UUID
    budget_id: UUID
    user_id: UUID | None
    user_name: str | None
    """Of a role's default: for whom. None: for everybody it holds for."""
    amount: Decimal
    reason: str
    granted_by_name: str | None
    """None when they are gone."""
    created_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class BudgetLine:
    id: UUID
    scope: BudgetScope
    user_id: UUID | None
    room_id: UUID | None
    role: Role | None
    name: str
    """The person's or the room's; empty for a role and the company."""
    period: BudgetPeriod
    unit: BudgetUnit
    amount: Decimal
    marks: tuple[int, ...]


class BudgetLines(Repository):
    def list_all(self, company_id: UUID) -> list[BudgetLine]:
        """The company's first, then the roles', the rooms' and the people's, by name."""
        order = case({scope.value: place for place, scope in enumerate(_ORDER)}, value=_budgets.c.scope)
        name = func.coalesce(_users.c.display_name, _rooms.c.title, "")
        statement = (
            select(
                *(_budgets.c[column] for column in ("id", "scope", "user_id", "room_id", "role")),
                name.label("name"),
                *(_budgets.c[column] for column in ("period", "unit", "amount", "marks")),
            )
            .outerjoin(User, _users.c.id == _budgets.c.user_id)
            .outerjoin(Conversation, _rooms.c.id == _budgets.c.room_id)
            .where(_budgets.c.company_id == company_id)
            .order_by(order, func.lower(name), _budgets.c.role, _budgets.c.period, _budgets.c.unit, _budgets.c.id)
        )
        return [_line(tuple(row)) for row in self.session.execute(statement)]

    def list_raises(self, company_id: UUID, now: datetime) -> list[RaiseLine]:
        """Those in force, the first to end first."""
        granter = _users.alias("granter")
        statement = (
            select(
                *(col(column) for column in (BudgetRaise.id, BudgetRaise.budget_id, BudgetRaise.user_id)),
                _users.c.display_name.label("user_name"),
                *(col(column) for column in (BudgetRaise.amount, BudgetRaise.reason)),
                granter.c.display_name.label("granted_by_name"),
                *(col(column) for column in (BudgetRaise.created_at, BudgetRaise.ends_at)),
            )
            .select_from(BudgetRaise)
            .join(Budget, _budgets.c.id == col(BudgetRaise.budget_id))
            .outerjoin(User, _users.c.id == col(BudgetRaise.user_id))
            .outerjoin(granter, granter.c.id == col(BudgetRaise.granted_by))
            .where(_budgets.c.company_id == company_id)
            .where(col(BudgetRaise.ended_at).is_(None), col(BudgetRaise.ends_at) > now)
            .order_by(col(BudgetRaise.ends_at), col(BudgetRaise.id))
        )
        return [RaiseLine(*tuple(row)) for row in self.session.execute(statement)]

    def list_rooms(self, company_id: UUID, kinds: list[object]) -> list[tuple[UUID, str]]:
        """Rooms of these kinds that were not deleted, by name."""
        statement = (
            select(_rooms.c.id, _rooms.c.title)
            .where(_rooms.c.company_id == company_id, _rooms.c.kind.in_(kinds), _rooms.c.deleted_at.is_(None))
            .order_by(func.lower(_rooms.c.title), _rooms.c.id)
        )
        return [(row.id, row.title) for row in self.session.execute(statement)]


_ORDER = (BudgetScope.COMPANY, BudgetScope.ROLE, BudgetScope.ROOM, BudgetScope.PERSON)


def _line(row: tuple[Any, ...]) -> BudgetLine:
    given = dict(zip(BudgetLine.__slots__, row, strict=True))
    return BudgetLine(**given | {"marks": tuple(row[-1])})
