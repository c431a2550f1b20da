"""What is left of a budget, beside the box that spends it, and what people are told of it."""

from uuid import UUID

import streamlit as st

from core import bootstrap
from core.analytics.units import dollars
from core.models import BudgetPeriod, BudgetScope, BudgetUnit
from core.permissions import Actor
from core.services.budgets import Standing
from core.ui import failures, guard, times
from core.ui.text import as_label

THIS = {BudgetPeriod.DAY: "today", BudgetPeriod.WEEK: "this week", BudgetPeriod.MONTH: "this month"}
WHOSE = {BudgetScope.ROOM: " in this room", BudgetScope.COMPANY: " for the company"}

ICON, ICONS = ":material/savings:", {"moderation": ":material/shield:"}
"""Of what one is told, by its kind."""
LONGEST = 800


def with_left(actor: Actor, conversation_id: UUID | None, caption: str) -> str:
    """The caption under the box, with what is left of the budget that has the least left."""
    standings = bootstrap.current().budgets.standings(actor, conversation_id)
    return f"{caption} · {left(standings[0])}" if standings else caption


def left(standing: Standing) -> str:
    """Like "$3.20 of $10.00 left this month"; where that is nothing, when it begins again."""
    unit = standing.budget.unit
    amounts = f"{quantity(standing.left, unit)} of {quantity(standing.limit, unit)} left"
    said = f"{amounts} {THIS[standing.budget.period]}{WHOSE.get(standing.budget.scope, '')}"
    if standing.left > 0:
        return said
    return f"{said}, again from {times.exact(standing.resets_at, times.zone())} on"


def quantity(amount: object, unit: BudgetUnit) -> str:
    """Money with its sign, as Markdown; tokens like 12.3k."""
    if unit is BudgetUnit.USD:
        return dollars(amount).replace("$", r"\$")  # type: ignore[arg-type]
    tokens = int(amount)  # type: ignore[call-overload]
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if tokens >= size:
            return f"{tokens / size:.1f}{letter} tokens"
    return f"{tokens} tokens"


def notices(actor: Actor) -> None:
    """What this person was told and has not put away."""
    for notice in bootstrap.current().budgets.notices(actor):
        with st.container(horizontal=True, vertical_alignment="center", wrap=False, border=True):
            st.markdown(f"{ICONS.get(notice.kind, ICON)} {as_label(notice.text, LONGEST)}", width="stretch")
            st.button(
                "Put away",
                icon=":material/close:",
                type="tertiary",
                key=f"put_away_{notice.id}",
                on_click=_put_away,
                args=(actor, notice.id),
            )


def _put_away(actor: Actor, notice_id: UUID) -> None:
    with failures.noticed():
        bootstrap.current().budgets.put_away(guard.again(actor), notice_id)
