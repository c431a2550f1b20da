"""What may be spent: set by admins, and how it stands for whoever asks."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from core import clock
from core.database.engine import Database
from core.errors import Conflict, Invalid, NotFound
from core.models import (
    DEFAULT_MARKS,
    AuditAction,
    Budget,
    BudgetPeriod,
    BudgetRaise,
    BudgetScope,
    BudgetUnit,
    ConversationKind,
)
from core.permissions import Actor, Permission, Role
from core.repositories.audit import Audit
from core.repositories.budget_lines import BudgetLine, BudgetLines, RaiseLine
from core.repositories.budgets import Asker, Budgets, Standing
from core.repositories.conversations import Conversations
from core.repositories.notices import NoticeLine, Notices
from core.repositories.users import Users
from core.services.texts import required_text

__all__ = ["BudgetLine", "BudgetService", "Choices", "NoticeLine", "RaiseLine", "Standing", "WantedBudget"]

MOST = {BudgetUnit.USD: Decimal(1_000_000_000), BudgetUnit.TOKENS: Decimal(1_000_000_000_000)}
DECIMALS = {BudgetUnit.USD: 8, BudgetUnit.TOKENS: 0}
MAX_REASON = 500
MAX_MARKS = 5
NUMBER = re.compile(r"\d+(\.\d*)?|\.\d+", re.ASCII)
NO_SUBJECT = "Choose whose budget it is."
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
class Choices:
    """Who and what can have a budget, by name."""

    people: tuple[tuple[UUID, str], ...]
    rooms: tuple[tuple[UUID, str], ...]


class BudgetService:
    def __init__(self, database: Database) -> None:
        self.database = database

    def standings(self, actor: Actor, conversation_id: UUID | None = None) -> tuple[Standing, ...]:
        """The budgets that this person's next question has to fit, the one with the least left first. For a room's too,
        name it; a chat with the assistant makes no difference.
        """
        now = clock.now()
        with self.database.reading() as session:
            room_id = None
            if conversation_id is not None:
                found = Conversations(session).get_readable(actor, conversation_id)
                room_id = found.id if found and found.kind.is_room else None
            asker, budgets = Asker(actor.company_id, actor.user_id, room_id), Budgets(session)
            standings = budgets.list_standings(asker, budgets.list_applying(asker, now), now)
        return tuple(sorted(standings, key=lambda one: one.share_left))

    def company_month(self, actor: Actor) -> Standing | None:
        """The company's monthly budget in USD; None when there is none."""
        actor.require(Permission.USAGE_OVERSEE)
        now, asker = clock.now(), Asker(actor.company_id, None, None)
        with self.database.reading() as session:
            wanted = [
                one
                for one in Budgets(session).list_applying(asker, now)
                if (one.scope, one.period, one.unit) == (BudgetScope.COMPANY, BudgetPeriod.MONTH, BudgetUnit.USD)
            ]
            return next(iter(Budgets(session).list_standings(asker, wanted, now)), None)

    def list_all(self, actor: Actor) -> tuple[tuple[BudgetLine, ...], tuple[RaiseLine, ...]]:
        """All of the company's, and the raises in force."""
        actor.require(Permission.BUDGETS_MANAGE)
        with self.database.reading() as session:
            lines = BudgetLines(session)
            return tuple(lines.list_all(actor.company_id)), tuple(lines.list_raises(actor.company_id, clock.now()))

    def standings_of(self, actor: Actor, lines: Sequence[BudgetLine]) -> dict[UUID, Standing]:
        """How these stand, by their ids. A role's default is missing: it stands for each person differently."""
        actor.require(Permission.BUDGETS_MANAGE)
        now, found = clock.now(), dict[UUID, Standing]()
        with self.database.reading() as session:
            for line in lines:
                asker = Asker(actor.company_id, line.user_id, line.room_id)
                applying = [one for one in Budgets(session).list_applying(asker, now) if one.budget_id == line.id]
                if line.scope is not BudgetScope.ROLE:
                    standings = Budgets(session).list_standings(asker, applying, now)
                    found |= {one.budget.budget_id: one for one in standings}
        return found

    def choices(self, actor: Actor) -> Choices:
        """Rooms with a title that everybody may know: what is said in private has its own."""
        actor.require(Permission.BUDGETS_MANAGE)
        with self.database.reading() as session:
            people = [(user.id, user.display_name) for user, _ in Users(session).list_of_company(actor.company_id)]
            rooms = BudgetLines(session).list_rooms(actor.company_id, [ConversationKind.COMPANY])
        return Choices(tuple(sorted(people, key=lambda one: one[1].casefold())), tuple(rooms))

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
                _record(session, actor, AuditAction.BUDGET_SET, budget, after=_facts(budget))
        except IntegrityError:
            raise Conflict(TWICE) from None
        return budget.id

    def change(self, actor: Actor, budget_id: UUID, *, amount: str, marks: str) -> None:
        """Raises Invalid, NotFound."""
        with self.database.transaction() as session:
            budget = _locked(session, actor, budget_id)
            before = _facts(budget)
            given = checked_amount(amount, budget.unit)
            Budgets(session).update(budget, amount=given, marks=checked_marks(marks))
            if before != _facts(budget):
                _record(session, actor, AuditAction.BUDGET_SET, budget, before=before, after=_facts(budget))

    def remove(self, actor: Actor, budget_id: UUID) -> None:
        with self.database.transaction() as session:
            budget = _locked(session, actor, budget_id)
            Budgets(session).remove(budget)
            _record(session, actor, AuditAction.BUDGET_REMOVED, budget, before=_facts(budget))

    def raise_until_reset(self, actor: Actor, budget_id: UUID, *, amount: str, reason: str) -> None:
        """More until its period ends, for a reason. Raises Invalid, NotFound."""
        reason = required_text(reason, field="The reason", limit=MAX_REASON)
        with self.database.transaction() as session:
            budget, now = _locked(session, actor, budget_id), clock.now()
            more = checked_amount(amount, budget.unit)
            raised = BudgetRaise(
                budget_id=budget.id,
                amount=more,
                reason=reason,
                granted_by=actor.user_id,
                ends_at=budget.period.ends_at(now),
            )
            Budgets(session).add_raise(raised)
            after = {"more": str(more), "until": raised.ends_at.isoformat()}
            _record(
                session, actor, AuditAction.BUDGET_RAISED, budget, before=_facts(budget), after=after, reason=reason
            )

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
            before = {"more": str(raised.amount), "until": raised.ends_at.isoformat()}
            _record(session, actor, AuditAction.BUDGET_RAISED, budget, before=before)

    def notices(self, actor: Actor, *, limit: int = 100) -> tuple[NoticeLine, ...]:
        """What this person was told and has not put away, the newest first."""
        with self.database.reading() as session:
            return tuple(Notices(session).list_unread(actor.user_id, clock.now(), limit=limit))

    def put_away(self, actor: Actor, notice_id: UUID | None) -> None:
        """One of one's own notices; None: all of them."""
        with self.database.transaction() as session:
            Notices(session).put_away(actor.user_id, notice_id)


def checked_amount(typed: str, unit: BudgetUnit) -> Decimal:
    """Raises Invalid with what is wrong."""
    text = typed.strip().replace(",", "").removeprefix("$").strip()
    if text.startswith("-"):
        raise Invalid("A budget can't be negative. To allow nothing for a while, take the role away.")
    if not NUMBER.fullmatch(text):
        raise Invalid("Write the amount as a number, like 25 or 12.50.")
    if len(text) > 40 or Decimal(text) > MOST[unit]:
        raise Invalid(f"That is more than {MOST[unit]:,}. Without a budget there is no limit at all.")
    amount = Decimal(text)
    if amount == 0:
        raise Invalid("A budget of nothing would refuse every question. Choose more than 0.")
    if amount != round(amount, DECIMALS[unit]):
        raise Invalid("Tokens are whole." if unit is BudgetUnit.TOKENS else "Up to 8 digits after the point.")
    return amount


def checked_marks(typed: str) -> tuple[int, ...]:
    """Raises Invalid. Nothing typed: nobody is told."""
    parts = [part.strip().removesuffix("%").strip() for part in typed.split(",") if part.strip()]
    if not all(part.isascii() and part.isdigit() and len(part) <= 3 and 1 <= int(part) <= 100 for part in parts):
        raise Invalid("Write the marks as per cent between 1 and 100, like 80, 100.")
    if len(parts) > MAX_MARKS:
        raise Invalid(f"At most {MAX_MARKS} marks.")
    return tuple(sorted({int(part) for part in parts}))


def _check_subject(session: Session, actor: Actor, budget: Budget) -> None:
    if budget.scope is BudgetScope.PERSON:
        person = Users(session).get(budget.user_id) if budget.user_id else None
        if person is None or person.company_id != actor.company_id:
            raise Invalid(NO_SUBJECT)
    if budget.scope is BudgetScope.ROOM:
        room = Conversations(session).get(budget.room_id) if budget.room_id else None
        if room is None or room.company_id != actor.company_id or room.kind is not ConversationKind.COMPANY:
            raise Invalid(NO_SUBJECT)
    if budget.scope is BudgetScope.ROLE and budget.role is None:
        raise Invalid(NO_SUBJECT)


def _locked(session: Session, actor: Actor, budget_id: UUID) -> Budget:
    actor.require(Permission.BUDGETS_MANAGE)
    budget = Budgets(session).get(actor.company_id, budget_id, lock=True)
    if budget is None:
        raise NotFound
    return budget


def _facts(budget: Budget) -> dict[str, object]:
    return {
        "scope": budget.scope.value,
        "subject": str(budget.user_id or budget.room_id or budget.role or ""),
        "period": budget.period.value,
        "unit": budget.unit.value,
        "amount": f"{budget.amount.normalize():f}",
        "marks": list(budget.marks),
    }


def _record(
    session: Session,
    actor: Actor,
    action: AuditAction,
    budget: Budget,
    *,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    reason: str = "",
) -> None:
    Audit(session).record(
        action,
        actor=actor,
        company_id=actor.company_id,
        target_type="budget",
        target_id=budget.id,
        before=before,
        after=after,
        reason=reason,
    )
