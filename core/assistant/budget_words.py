"""How budgets are spoken of in refusals and notices. When one begins again is said apart, in the reader's zone."""

from decimal import Decimal

from core.amounts import counted
from core.models import BudgetPeriod, BudgetScope, BudgetUnit
from core.repositories.standings import Standing

WHOSE = {
    BudgetScope.PERSON: "Your budget",
    BudgetScope.ROLE: "Your budget",
    BudgetScope.ROOM: "This room's budget",
    BudgetScope.COMPANY: "The company's budget",
}
"""To whoever asks."""
THIS = {BudgetPeriod.DAY: "today", BudgetPeriod.WEEK: "this week", BudgetPeriod.MONTH: "this month"}


def refused(standing: Standing, wanted: Decimal) -> str:
    """What is used, and what is left for a question that may take as much as `wanted`."""
    unit = standing.budget.unit
    held = f", {amount(standing.held, unit)} held for answers under way" if standing.held else ""
    return (
        f"{WHOSE[standing.budget.scope]} {THIS[standing.budget.period]} is {amount(standing.limit, unit)}:"
        f" {amount(standing.used, unit)} used{held}, {amount(standing.left, unit)} left,"
        f" and this may take up to {amount(wanted, unit)}."
    )


def has_reached(standing: Standing, mark: int) -> str:
    """Of a budget that is named before it."""
    return f"has reached {mark} %: {_figures(standing)}."


def has_refused(standing: Standing, wanted: Decimal) -> str:
    """The same."""
    return (
        f"has refused a question: {_figures(standing)}, and it may take up to {amount(wanted, standing.budget.unit)}."
    )


def _figures(standing: Standing) -> str:
    unit = standing.budget.unit
    held = f", {amount(standing.held, unit)} held for answers under way" if standing.held else ""
    used = f"{int(standing.used):,}" if unit is BudgetUnit.TOKENS else amount(standing.used, unit)
    return f"{used} of {amount(standing.limit, unit)} used {THIS[standing.budget.period]}{held}"


def amount(quantity: Decimal, unit: BudgetUnit) -> str:
    """In words that are exact enough to compare."""
    if unit is BudgetUnit.TOKENS:
        return counted(int(quantity), "token")
    return f"${quantity:,.4f}" if 0 < quantity < 1 else f"${quantity:,.2f}"
