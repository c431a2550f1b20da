"""What may be spent: set by admins, raised for a while, and how it stands."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from core import clock
from core.database.engine import Database
from core.errors import Conflict, Invalid, NotFound
from core.lines import one_line
from core.models import DEFAULT_MARKS, AuditAction, Budget, BudgetPeriod, BudgetRaise, BudgetScope, BudgetUnit
from core.permissions import Actor, Permission, Role
from core.repositories.budget_lines import BudgetLine, BudgetLines, Position, RaiseLine
from core.repositories.budgets import Budgets
from core.repositories.standings import Applying, Asker, Standing, Standings
from core.repositories.users import Users
from core.services.budget_checks import checked_amount, checked_marks
from core.services.budget_trail import facts_of, facts_of_raise, record
from core.services.texts import required_text

__all__ = ["BudgetLine", "BudgetService", "BudgetView", "Choices", "RaiseLine", "Standing", "WantedBudget"]

MAX_REASON = 500
NOBODY_CHOSEN = "Choose a person of your company."
NO_ROOM = "Choose a room: one of the company's, or a group that you are in."
NO_ROLE = "Choose a role."
TWICE = "There is such a budget already. Change that one."


@dataclass(frozen=True, slots=True)
class WantedBudget:
    """As a person gave it; `amount` and `marks` as typed."""

    scope: BudgetScope
    period: BudgetPeriod
    unit: BudgetUnit
    amount: str
    user_id: UUID | None = None
    room_id: UUID | None = None
    role: Role | None = None
    marks: str = ", ".join(str(mark) for mark in DEFAULT_MARKS)


@dataclass(frozen=True, slots=True)
class BudgetView:
    """One of the list."""

    line: BudgetLine
    standing: Standing | None
    """None of a role's default: it stands for each person differently."""
    raises: tuple[RaiseLine, ...]
    """Those in force."""

    @property
    def position(self) -> Position:
        """Where it stands in the list: pass it as `before` for those that follow."""
        return self.line.position


@dataclass(frozen=True, slots=True)
class Choices:
    """Who and what can have a budget, by name."""

    people: tuple[tuple[UUID, str], ...]
    rooms: tuple[tuple[UUID, str], ...]


class BudgetService:
    def __init__(self, database: Database) -> None:
        self.database = database

    def page(
        self, actor: Actor, *, name: str = "", limit: int = 20, before: Position | None = None
    ) -> tuple[BudgetView, ...]:
        """The company's first, then the roles', the rooms' and the people's; of a kind, those that were set last.

        `name`: only those of people and rooms whose name has that in it. Three queries, however many there are.
        """
        actor.require(Permission.BUDGETS_MANAGE)
        now = clock.now()
        with self.database.reading() as session:
            lines = BudgetLines(session).list_page(actor, now, name=name.strip(), limit=limit, before=before)
            raises = BudgetLines(session).list_raises([line.id for line in lines], now)
            applying = [_as_it_holds(actor, line) for line in lines if line.scope is not BudgetScope.ROLE]
            standings = Standings(session).list_standings(actor.company_id, applying, now)
        found = {standing.budget.budget_id: standing for standing in standings}
        return tuple(
            BudgetView(line, found.get(line.id), tuple(more for more in raises if more.budget_id == line.id))
            for line in lines
        )

    def choices(self, actor: Actor) -> Choices:
        """Of rooms only those whose name this admin may know."""
        actor.require(Permission.BUDGETS_MANAGE)
        with self.database.reading() as session:
            people = [(user.id, user.display_name) for user, _ in Users(session).list_of_company(actor.company_id)]
            return Choices(tuple(people), tuple(BudgetLines(session).list_rooms(actor)))

    def people_with(self, actor: Actor, role: Role) -> tuple[tuple[UUID, str], ...]:
        """For whom that role's default can be raised, by name."""
        actor.require(Permission.BUDGETS_MANAGE)
        with self.database.reading() as session:
            return tuple(BudgetLines(session).list_people(actor.company_id, role))

    def set(self, actor: Actor, wanted: WantedBudget) -> UUID:
        """A new budget. Raises Invalid for what can't be one, Conflict where there is one of that kind."""
        actor.require(Permission.BUDGETS_MANAGE)
        amount, marks = checked_amount(wanted.amount, wanted.unit), checked_marks(wanted.marks)
        budget = Budget(
            company_id=actor.company_id,
            scope=wanted.scope,
            user_id=wanted.user_id if wanted.scope is BudgetScope.PERSON else None,
            room_id=wanted.room_id if wanted.scope is BudgetScope.ROOM else None,
            role=wanted.role if wanted.scope is BudgetScope.ROLE else None,
            period=wanted.period,
            unit=wanted.unit,
            amount=amount,
            marks=list(marks),
            created_by=actor.user_id,
        )
        try:
            with self.database.transaction() as session:
                _check_subject(session, actor, budget)
                Budgets(session).add(budget)
                record(session, actor, AuditAction.BUDGET_SET, budget, after=facts_of(budget))
        except IntegrityError:
            raise Conflict(TWICE) from None
        return budget.id

    def change(self, actor: Actor, budget_id: UUID, *, amount: str, marks: str) -> None:
        """Raises Invalid, NotFound."""
        with self.database.transaction() as session:
            budget = _locked(session, actor, budget_id)
            before = facts_of(budget)
            given = checked_amount(amount, budget.unit)
            Budgets(session).update(budget, amount=given, marks=checked_marks(marks))
            if before != facts_of(budget):
                record(session, actor, AuditAction.BUDGET_SET, budget, before=before, after=facts_of(budget))

    def remove(self, actor: Actor, budget_id: UUID) -> None:
        with self.database.transaction() as session:
            budget = _locked(session, actor, budget_id)
            Budgets(session).remove(budget)
            record(session, actor, AuditAction.BUDGET_REMOVED, budget, before=facts_of(budget))

    def raise_until_reset(
        self, actor: Actor, budget_id: UUID, *, amount: str, reason: str, user_id: UUID | None = None
    ) -> None:
        """More until its period ends, for a reason; of a role's default for one person alone, where one is named.

        Raises Invalid, NotFound.
        """
        reason = required_text(one_line(reason), field="The reason", limit=MAX_REASON)
        with self.database.transaction() as session:
            budget = _locked(session, actor, budget_id)
            if user_id is not None:
                _check_person(session, budget, user_id)
            raised = BudgetRaise(
                budget_id=budget.id,
                user_id=user_id,
                amount=checked_amount(amount, budget.unit),
                reason=reason,
                granted_by=actor.user_id,
                ends_at=budget.period.ends_at(clock.now()),
            )
            Budgets(session).add_raise(raised)
            before, after = facts_of(budget), facts_of_raise(raised)
            record(session, actor, AuditAction.BUDGET_RAISED, budget, before=before, after=after, reason=reason)

    def end_raise(self, actor: Actor, raise_id: UUID) -> None:
        """Before its time. One that has ended already stays as it is."""
        actor.require(Permission.BUDGETS_MANAGE)
        with self.database.transaction() as session:
            found = Budgets(session).get_raise(actor.company_id, raise_id)
            if found is None:
                raise NotFound
            raised, budget = found
            if raised.ended_at is not None:
                return
            raised.ended_at = clock.now()
            Budgets(session).add_raise(raised)
            record(session, actor, AuditAction.BUDGET_RAISED, budget, before=facts_of_raise(raised))


def _as_it_holds(actor: Actor, line: BudgetLine) -> Applying:
    holder_id = line.user_id or line.room_id or actor.company_id
    return Applying(line.id, line.scope, holder_id, line.period, line.unit, line.amount, line.raised, line.marks)


def _check_subject(session: Session, actor: Actor, budget: Budget) -> None:
    match budget.scope:
        case BudgetScope.PERSON:
            person = Users(session).get(budget.user_id) if budget.user_id else None
            if person is None or person.company_id != actor.company_id:
                raise Invalid(NOBODY_CHOSEN)
        case BudgetScope.ROOM:
            if not (budget.room_id and BudgetLines(session).get_room(actor, budget.room_id)):
                raise Invalid(NO_ROOM)
        case BudgetScope.ROLE:
            if budget.role is None:
                raise Invalid(NO_ROLE)


def _check_person(session: Session, budget: Budget, user_id: UUID) -> None:
    """That it is a role's default, which holds for this person."""
    person = Users(session).get(user_id)
    if (
        person is None
        or person.company_id != budget.company_id
        or budget.role not in Users(session).list_roles(user_id)
    ):
        raise Invalid(f"Choose somebody with the role {budget.role}." if budget.role else "It is for nobody else.")
    holding = Standings(session).list_applying(Asker(budget.company_id, user_id, None), clock.now())
    own = [one for one in holding if one.scope is BudgetScope.PERSON]
    if any((one.period, one.unit) == (budget.period, budget.unit) for one in own):
        raise Invalid(f"{person.display_name} has a budget of their own, which holds instead. Raise that one.")


def _locked(session: Session, actor: Actor, budget_id: UUID) -> Budget:
    actor.require(Permission.BUDGETS_MANAGE)
    budget = Budgets(session).get(actor.company_id, budget_id, lock=True)
    if budget is None:
        raise NotFound
    return budget
