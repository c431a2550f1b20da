"""What is left of a budget, beside the box that spends it."""

from collections.abc import Sequence
from decimal import Decimal

from core.analytics.units import dollars
from core.models import BudgetPeriod, BudgetScope, BudgetUnit
from core.services.spending import Standing
from core.ui import times

THIS = {BudgetPeriod.DAY: "today", BudgetPeriod.WEEK: "this week", BudgetPeriod.MONTH: "this month"}
WHOSE = {BudgetScope.ROOM: " in this room", BudgetScope.COMPANY: " for the company"}
SIZES = ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k"))


def with_left(standings: Sequence[Standing], caption: str) -> str:
    """The caption under the box, with what is left of the budgets that have the least left."""
    if not standings:
        return caption
    where = times.zone()
    said = [f"{left(one)}, resets {times.soon(one.resets_at, where)}" for one in tightest(standings)]
    return " · ".join([caption.removesuffix("."), *said]) + f" ({times.zone_name(where)})"


def tightest(standings: Sequence[Standing]) -> list[Standing]:
    """Those with the least left, in money and in tokens, which nobody can compare; the one that is nearer to its end
    first. `standings`: as `SpendingService.standings` has them.
    """
    least = dict[BudgetUnit, Standing]()
    for standing in standings:
        least.setdefault(standing.budget.unit, standing)
    return sorted(least.values(), key=lambda one: one.share_left)


def left(standing: Standing) -> str:
    """Like "$3.20 of $10.00 left this month"."""
    unit = standing.budget.unit
    amounts = f"{number(standing.left, unit)} of {quantity(standing.limit, unit)} left"
    return f"{amounts} {THIS[standing.budget.period]}{WHOSE.get(standing.budget.scope, '')}"


def quantity(amount: Decimal, unit: BudgetUnit) -> str:
    """Money with its sign, as Markdown; tokens like "12.3k tokens"."""
    return number(amount, unit) if unit is BudgetUnit.USD else f"{number(amount, unit)} token{'s' * (amount != 1)}"


def number(amount: Decimal, unit: BudgetUnit) -> str:
    """The same, but tokens without the word."""
    if unit is BudgetUnit.USD:
        return dollars(amount).replace("$", r"\$")
    for size, letter in SIZES:
        if amount >= size:
            return f"{amount / size:.1f}".removesuffix(".0") + letter
    return f"{amount:.0f}"
