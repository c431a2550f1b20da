"""Which budgets a question has to fit, and how they stand: what was booked in the period, and what is held back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from core.ids import derived_id
from core.models import (
    ACTIVE,
    DOLLAR,
    NOBODY,
    AnswerRun,
    BudgetHold,
    BudgetPeriod,
    BudgetScope,
    BudgetUnit,
    Kind,
    Span,
)
from core.models.base import table_of
from core.repositories.base import Repository

_holds, _runs = table_of(BudgetHold), table_of(AnswerRun)


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose question it is and where: what decides which budgets apply to it."""

    company_id: UUID
    user_id: UUID | None
    """None: only the company's own."""
    room_id: UUID | None


@dataclass(frozen=True, slots=True)
class Cost:
    """What a call comes to, or may. USD are 0 where nobody knows the price."""

    usd: Decimal = Decimal()
    tokens: int = 0

    def of(self, unit: BudgetUnit) -> Decimal:
        return self.usd if unit is BudgetUnit.USD else Decimal(self.tokens)


@dataclass(frozen=True, slots=True)
class Applying:
    """A budget as it holds for somebody."""

    budget_id: UUID
    scope: BudgetScope
    holder_id: UUID
    """Whose use it counts: a person's, also for a role's default; a room's, the company's."""
    period: BudgetPeriod
    unit: BudgetUnit
    amount: Decimal
    raised: Decimal
    """What it has more, for a while."""
    marks: tuple[int, ...]

    @property
    def limit(self) -> Decimal:
        return self.amount + self.raised

    @property
    def kind(self) -> Kind:
        """Of the sums that say what was used."""
        match self.scope:
            case BudgetScope.ROOM:
                return Kind.ROOM
            case BudgetScope.COMPANY:
                return Kind.MODEL
            case _:
                return Kind.PERSON


@dataclass(frozen=True, slots=True)
class Standing:
    """How a budget stands. All quantities in its unit."""

    budget: Applying
    used: Decimal
    """Booked since the period began."""
    held: Decimal
    """What answers under way may still come to."""
    resets_at: datetime
    """When the period ends and it begins again."""

    @property
    def limit(self) -> Decimal:
        return self.budget.limit

    @property
    def left(self) -> Decimal:
        return max(self.limit - self.used - self.held, Decimal())

    @property
    def share_left(self) -> Decimal:
        """From 0 to 1."""
        return self.left / self.limit

    def admits(self, most: Decimal) -> bool:
        """Whether something that comes to `most` still fits. What costs nothing always does."""
        return most <= 0 or self.used + self.held + most <= self.limit


_APPLYING = text("""
SELECT b.id, b.scope, b.user_id, b.room_id, b.period, b.unit, b.amount, b.marks, (
    SELECT coalesce(sum(r.amount), 0) FROM budget_raises r
    WHERE r.budget_id = b.id AND r.ended_at IS NULL AND r.ends_at > :now AND (r.user_id IS NULL OR r.user_id = :person)
) AS raised
FROM (
    SELECT * FROM budgets WHERE company_id = :company AND user_id = :person
    UNION ALL
    SELECT * FROM budgets WHERE company_id = :company AND user_id IS NULL AND room_id = :room
    UNION ALL
    SELECT * FROM budgets WHERE company_id = :company AND user_id IS NULL AND room_id IS NULL
        AND (role IS NULL OR role IN (SELECT role FROM user_roles WHERE user_id = :person))
) b
""")
# The days as one text for each budget: arrays of different lengths do not fit into one of PostgreSQL's. A list of days,
# not a range, because the index has the day before whose it is.
_STANDINGS = text(f"""
WITH held AS MATERIALIZED (
    SELECT user_id, room_id, usd, tokens FROM budget_holds h
    WHERE company_id = :company AND (expires_at > :now OR EXISTS (
        SELECT FROM answer_runs r WHERE r.id = h.id AND r.status IN ({", ".join(f"'{status}'" for status in ACTIVE)})))
)
SELECT used.cost, used.tokens, held.usd, held.held
FROM unnest(CAST(:kinds AS text[]), CAST(:subjects AS uuid[]), CAST(:days AS text[]))
    WITH ORDINALITY AS b (kind, subject, days, number)
CROSS JOIN LATERAL (
    SELECT coalesce(sum(cost), 0) AS cost, coalesce(sum(input_tokens + output_tokens), 0) AS tokens FROM usage_spans
    WHERE company_id = :company AND kind = b.kind AND span = '{Span.DAY}' AND start = ANY(CAST(b.days AS date[]))
        AND subject = b.subject
) used
CROSS JOIN LATERAL (
    SELECT coalesce(sum(usd), 0) AS usd, coalesce(sum(tokens), 0) AS held FROM held
    WHERE b.kind = '{Kind.MODEL}' OR b.kind = '{Kind.PERSON}' AND user_id = b.subject
        OR b.kind = '{Kind.ROOM}' AND room_id = b.subject
) held
ORDER BY b.number
""")


class Standings(Repository):
    def list_applying(self, asker: Asker, now: datetime) -> list[Applying]:
        """The budgets that a question of theirs has to fit, in one query."""
        given = {"company": asker.company_id, "person": asker.user_id, "room": asker.room_id, "now": now}
        return _effective([_applying(asker, row) for row in self.session.execute(_APPLYING, given)])

    def lock(self, budgets: Iterable[Applying]) -> None:
        """Until this transaction ends nobody else is admitted to what these count. In one order, for everybody."""
        for key in sorted({derived_id("budget", str(one.holder_id)).int & (2**63 - 1) for one in budgets}):
            self.session.execute(select(func.pg_advisory_xact_lock(key)))

    def list_standings(self, company_id: UUID, budgets: Sequence[Applying], now: datetime) -> list[Standing]:
        """How these stand, in their order, in one query and so at one moment: what was held is booked, or not yet."""
        if not budgets:
            return []
        given = {
            "company": company_id,
            "now": now,
            "kinds": [one.kind.value for one in budgets],
            "subjects": [NOBODY if one.scope is BudgetScope.COMPANY else one.holder_id for one in budgets],
            "days": [f"{{{','.join(map(str, one.period.days(now)))}}}" for one in budgets],
        }
        rows = self.session.execute(_STANDINGS, given)
        return [_standing(one, row, now) for one, row in zip(budgets, rows, strict=True)]

    def hold(self, hold: BudgetHold, now: datetime) -> None:
        """Keeps back what a call may come to, and clears away what nothing is waiting for any more. Twice is once."""
        self.session.execute(insert(_holds).values(hold.model_dump()).on_conflict_do_nothing())
        is_active = exists().where(_runs.c.id == _holds.c.id, _runs.c.status.in_(ACTIVE))
        old = (
            select(_holds.c.id)
            .where(_holds.c.company_id == hold.company_id, _holds.c.expires_at <= now, ~is_active)
            .with_for_update(skip_locked=True)
        )
        self.session.execute(delete(_holds).where(_holds.c.id.in_(old.scalar_subquery())))

    def keep_until(self, hold_id: UUID, moment: datetime) -> None:
        """Has a hold count until then, whatever becomes of its run."""
        self.session.execute(update(_holds).where(_holds.c.id == hold_id).values(expires_at=moment))

    def spend(self, spent: Mapping[UUID, Cost]) -> None:
        """Holds back so much less, by the holds' ids: it is booked from now on."""
        for hold_id, cost in sorted(spent.items()):
            less = {"usd": _holds.c.usd - cost.usd, "tokens": _holds.c.tokens - cost.tokens}
            values = {name: func.greatest(rest, 0) for name, rest in less.items()}
            self.session.execute(update(_holds).where(_holds.c.id == hold_id).values(values))

    def release(self, hold_id: UUID) -> Cost | None:
        """Gives back what was held, in the transaction that books what it came to. None: nothing was."""
        statement = delete(_holds).where(_holds.c.id == hold_id).returning(_holds.c.usd, _holds.c.tokens)
        row = self.session.execute(statement).one_or_none()
        return Cost(row[0], row[1]) if row else None


def _applying(asker: Asker, row: Any) -> Applying:
    scope = BudgetScope(row.scope)
    # A role's default counts what the person asked; only they are asked about.
    holder = {BudgetScope.ROOM: asker.room_id, BudgetScope.COMPANY: asker.company_id}.get(scope, asker.user_id)
    assert holder is not None
    return Applying(
        row.id, scope, holder, BudgetPeriod(row.period), BudgetUnit(row.unit), row.amount, row.raised, tuple(row.marks)
    )


def _effective(found: Sequence[Applying]) -> list[Applying]:
    """A role's default gives way to the person's own; of several defaults the most generous holds."""
    chosen: dict[tuple[object, ...], Applying] = {}
    for one in sorted(found, key=lambda one: (one.scope is BudgetScope.ROLE, -one.limit, one.budget_id)):
        scope = BudgetScope.PERSON if one.scope is BudgetScope.ROLE else one.scope
        chosen.setdefault((scope, one.period, one.unit), one)
    return list(chosen.values())


def _standing(one: Applying, row: Any, now: datetime) -> Standing:
    is_money = one.unit is BudgetUnit.USD
    used = Decimal(row.cost) / DOLLAR if is_money else Decimal(row.tokens)
    return Standing(one, used, Decimal(row.usd if is_money else row.held), one.period.ends_at(now))
