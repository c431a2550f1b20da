"""A tool that tells what somebody used of the assistant, and what is left. Not where others read along."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from pydantic_ai.tools import RunContext

from core.analytics.units import dollars
from core.assistant.tools.registry import Caller, Link, Result, Tool
from core.models import BudgetScope, BudgetUnit
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
    return f"{answers}, {used.tokens:,} tokens, {dollars(used.totals.cost)}"


def _budget(caller: Caller, standing: Standing) -> dict[str, Any]:
    return {
        "of": OF_WHOM.get(standing.budget.scope, "the person who asks"),
        "each": standing.budget.period,
        "left": _amount(standing.left, standing.budget.unit),
        "limit": _amount(standing.limit, standing.budget.unit),
        "in": standing.budget.unit,
        "begins_again": standing.resets_at.astimezone(caller.zone).isoformat(timespec="minutes"),
    }


def _amount(amount: Any, unit: BudgetUnit) -> float:
    return round(float(amount), 4 if unit is BudgetUnit.USD else 0)


TOOLS = (Tool(my_usage, "Look at usage", ":material/monitoring:", in_rooms=False),)
