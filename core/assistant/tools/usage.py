"""What somebody used of the assistant, and what is left. No tool where others read along."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from pydantic_ai.tools import RunContext

from core.amounts import counted
from core.analytics.units import compact, dollars
from core.assistant.commands import Command, Line, Reply, Typed
from core.assistant.tools.registry import Caller, Link, Result, Tool
from core.errors import Invalid
from core.models import BudgetPeriod, BudgetScope, BudgetUnit
from core.search.words import fold
from core.services.spending import SpendingService, Standing
from core.services.usage import UsageService
from core.services.usage_views import Totals, Wanted

PeriodName = Literal["today", "week", "month", "year"]
CALLED: dict[PeriodName, str] = {
    "today": "today",
    "week": "in the last seven days",
    "month": "this month",
    "year": "this year",
}
THIS = {BudgetPeriod.DAY: "today", BudgetPeriod.WEEK: "this week", BudgetPeriod.MONTH: "this month"}
OF_WHOM = {BudgetScope.COMPANY: "the whole company", BudgetScope.ROOM: "the room"}


@dataclass(frozen=True, slots=True)
class Used:
    """What somebody used in a period, and what they may still use."""

    first: date
    last: date
    totals: Totals
    standings: tuple[Standing, ...]

    @property
    def tokens(self) -> int:
        return self.totals.input_tokens + self.totals.output_tokens


def my_usage(ctx: RunContext[Caller], period: PeriodName = "month") -> Result:
    """Tell what the person who asks used of the assistant: answers, tokens, money, and what is left of budgets.

    Args:
        period: Today, the last seven days, this month or this year.
    """
    caller = ctx.deps
    used = used_by(caller, period)
    told = {
        "from": used.first,
        "to": used.last,
        "answers": used.totals.answers,
        "input_tokens": used.totals.input_tokens,
        "output_tokens": used.totals.output_tokens,
        "cost_in_usd": round(used.totals.cost, 4),
        "calls_without_a_known_price": used.totals.unpriced,
        "budgets": [_budget(caller, standing) for standing in used.standings],
    }
    return Result(told, shown=f"{in_words(used)} {CALLED[period]}.", links=(Link("Usage", "usage"),))


def used_by(caller: Caller, period: PeriodName) -> Used:
    today = caller.now.date()
    first = {
        "today": today,
        "week": today - timedelta(days=6),
        "month": today.replace(day=1),
        "year": today.replace(month=1, day=1),
    }[period]
    wanted = Wanted(first, today, caller.zone, is_mine=True)
    totals = UsageService(caller.database).totals(caller.actor, wanted)
    return Used(first, today, totals, SpendingService(caller.database).standings(caller.actor))


def in_words(used: Used) -> str:
    answers = "One answer" if used.totals.answers == 1 else f"{used.totals.answers:,} answers"
    return f"{answers}, {counted(used.tokens, 'token')}, {dollars(used.totals.cost)}"


def _budget(caller: Caller, standing: Standing) -> dict[str, Any]:
    return {
        "of": OF_WHOM.get(standing.budget.scope, "the person who asks"),
        "each": standing.budget.period,
        "left": _amount(standing.left, standing.budget.unit),
        "limit": _amount(standing.limit, standing.budget.unit),
        "in": standing.budget.unit,
        "begins_again": standing.resets_at.astimezone(caller.zone).isoformat(timespec="minutes"),
    }


def _amount(amount: Decimal, unit: BudgetUnit) -> float:
    return round(float(amount), 4 if unit is BudgetUnit.USD else 0)


def _usage(caller: Caller, typed: Typed) -> Reply:
    words = fold(typed.words) or "month"
    period = next((name for name in CALLED if name == words), None)
    if period is None:
        raise Invalid(f"/usage knows {', '.join(CALLED)}. Leave it out for this month.")
    used = used_by(caller, period)
    lines = tuple(Line(left_of(one), (_begins_again(caller, one),)) for one in used.standings)
    hints = () if lines else ("Nobody set a budget that holds for you.",)
    return Reply(f"{in_words(used)} {CALLED[period]}", lines, hints, (Link("Usage", "usage"),))


def left_of(standing: Standing) -> str:
    """Like "$3.20 of $10.00 left this month, of the whole company"."""
    unit, budget = standing.budget.unit, standing.budget
    of = f", of {OF_WHOM[budget.scope]}" if budget.scope in OF_WHOM else ""
    return f"{_said(standing.left, unit)} of {_said(standing.limit, unit)} left {THIS[budget.period]}{of}"


def _said(amount: Decimal, unit: BudgetUnit) -> str:
    return dollars(amount) if unit is BudgetUnit.USD else f"{compact(float(amount))} tokens"


def _begins_again(caller: Caller, standing: Standing) -> str:
    return f"begins again {standing.resets_at.astimezone(caller.zone):%-d %b, %H:%M}"


COMMANDS = (
    Command(
        "usage",
        "/usage [today|week|month|year]",
        "Says what you used of the assistant, and what is left.",
        _usage,
        ("/usage", "/usage week"),
    ),
)
TOOLS = (Tool(my_usage, "Look at usage", ":material/monitoring:", in_rooms=False),)
