"""The list of a company's budgets, with whose they are and the raises in force."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, literal_column, or_, select, tuple_
from sqlmodel import col

from core.models import (
    BUDGET_PLACE,
    Budget,
    BudgetPeriod,
    BudgetRaise,
    BudgetScope,
    BudgetUnit,
    Conversation,
    ConversationKind,
    User,
    UserRole,
)
from core.models.base import table_of
from core.permissions import Actor, Role
from core.repositories.base import Repository
from core.repositories.conversations import readable_by

_budgets, _users, _rooms = table_of(Budget), table_of(User), table_of(Conversation)
_raises = table_of(BudgetRaise)
_place: ColumnElement[int] = literal_column(BUDGET_PLACE)
_SHOWN = ("id", "scope", "user_id", "room_id", "role", "period", "unit", "amount", "marks")

Position = tuple[int, UUID]


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
    period: BudgetPeriod
    unit: BudgetUnit
    amount: Decimal
    marks: tuple[int, ...]
    raised: Decimal
    """What it has more for now, for everybody it holds for."""
    name: str | None
    """The person's or the room's, empty for a role and the company; None of a group that the reader is not in."""
    position: Position
    """Pass it as `before` for the lines that follow."""


class BudgetLines(Repository):
    def list_page(
        self, actor: Actor, now: datetime, *, name: str = "", limit: int, before: Position | None = None
    ) -> list[BudgetLine]:
        """The company's first, then the roles', the rooms' and the people's; of a kind, those that were set last.

        `name`: only those of people and rooms whose name has that in it, as this reader knows them.
        """
        known = _known_name(actor)
        statement = (
            select(*(_budgets.c[column] for column in _SHOWN), _raised(now), known.label("name"), _place.label("place"))
            .outerjoin(User, _users.c.id == _budgets.c.user_id)
            .outerjoin(Conversation, _rooms.c.id == _budgets.c.room_id)
            .where(_budgets.c.company_id == actor.company_id)
            .order_by(_place.desc(), _budgets.c.id.desc())
            .limit(limit)
        )
        if before is not None:
            statement = statement.where(tuple_(_place, _budgets.c.id) < before)
        if name:
            statement = statement.where(known.icontains(name, autoescape=True))
        return [_line(row) for row in self.session.execute(statement)]

    def list_raises(self, budget_ids: Collection[UUID], now: datetime) -> list[RaiseLine]:
        """Those of these budgets that are in force, the first to end first."""
        statement = (
            select(
                *(_raises.c[column] for column in ("id", "budget_id", "user_id")),
                _name_of(_raises.c.user_id),
                *(_raises.c[column] for column in ("amount", "reason")),
                _name_of(_raises.c.granted_by),
                *(_raises.c[column] for column in ("created_at", "ends_at")),
            )
            .where(_raises.c.budget_id.in_(budget_ids))
            .where(_raises.c.ended_at.is_(None), _raises.c.ends_at > now)
            .order_by(_raises.c.ends_at, _raises.c.id)
        )
        return [RaiseLine(*tuple(row)) for row in self.session.execute(statement)]

    def list_rooms(self, actor: Actor) -> list[tuple[UUID, str]]:
        """Those whose name this person may know, by name: the company's, and the groups that they are in."""
        statement = (
            select(_rooms.c.id, _rooms.c.title)
            .where(_rooms.c.company_id == actor.company_id, _rooms.c.deleted_at.is_(None), _is_known(actor))
            .order_by(func.lower(_rooms.c.title), _rooms.c.id)
        )
        return [(row.id, row.title) for row in self.session.execute(statement)]

    def get_room(self, actor: Actor, room_id: UUID) -> Conversation | None:
        """The same of one of them."""
        statement = select(Conversation).where(
            _rooms.c.id == room_id,
            _rooms.c.company_id == actor.company_id,
            _rooms.c.deleted_at.is_(None),
            _is_known(actor),
        )
        return self.session.execute(statement).scalar_one_or_none()

    def list_people(self, company_id: UUID, role: Role) -> list[tuple[UUID, str]]:
        """Those with this role who may sign in, by name."""
        statement = (
            select(_users.c.id, _users.c.display_name)
            .join(UserRole, col(UserRole.user_id) == _users.c.id)
            .where(_users.c.company_id == company_id, _users.c.is_active, col(UserRole.role) == role)
            .order_by(func.lower(_users.c.display_name), _users.c.id)
        )
        return [(row.id, row.display_name) for row in self.session.execute(statement)]


def _is_known(actor: Actor) -> ColumnElement[bool]:
    """Rooms, but those of two, whose name this person may know."""
    is_in = (_rooms.c.kind == ConversationKind.GROUP) & readable_by(actor)
    return or_(_rooms.c.kind == ConversationKind.COMPANY, is_in)


def _known_name(actor: Actor) -> ColumnElement[Any]:
    title = case((_is_known(actor), _rooms.c.title))
    return case(
        (_budgets.c.user_id.is_not(None), _users.c.display_name), (_budgets.c.room_id.is_not(None), title), else_=""
    )


def _name_of(user_id: ColumnElement[Any]) -> ColumnElement[Any]:
    return select(_users.c.display_name).where(_users.c.id == user_id).scalar_subquery()


def _raised(now: datetime) -> ColumnElement[Any]:
    return (
        select(func.coalesce(func.sum(_raises.c.amount), 0))
        .where(_raises.c.budget_id == _budgets.c.id, _raises.c.user_id.is_(None))
        .where(_raises.c.ended_at.is_(None), _raises.c.ends_at > now)
        .scalar_subquery()
        .label("raised")
    )


def _line(row: Any) -> BudgetLine:
    *shown, raised, name, place = row
    given = dict(zip(_SHOWN, shown, strict=True)) | {"marks": tuple(row.marks)}
    return BudgetLine(**given, raised=raised, name=name, position=(place, row.id))
