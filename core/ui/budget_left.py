"""What is left of a budget, beside the box that spends it, and what people are told of it."""

from uuid import UUID

import streamlit as st

from core import bootstrap
from core.analytics.units import dollars
from core.models import BudgetPeriod, BudgetScope, BudgetUnit
from core.permissions import Actor
from core.services.spending import Standing
from core.ui import failures, guard, times
from core.ui.text import as_label

THIS = {BudgetPeriod.DAY: "today", BudgetPeriod.WEEK: "this week", BudgetPeriod.MONTH: "this month"}
LONGEST = 400
"""Characters of a notice."""
WHOSE = {BudgetScope.ROOM: " in this room", BudgetScope.COMPANY: " for the company"}


def with_left(actor: Actor, conversation_id: UUID | None, caption: str) -> str:
    """The caption under the box, with what is left of the budget that has the least left."""
    standings = bootstrap.current().spending.standings(actor, conversation_id)
    return f"{caption} · {left(standings[0])}" if standings else caption


def left(standing: Standing) -> str:
    """Like "$3.20 of $10.00 left this month, resets 1 December 2026, 01:00 (Berlin time)"."""
    unit = standing.budget.unit
    amounts = f"{quantity(standing.left, unit)} of {quantity(standing.limit, unit)} left"
    whose = WHOSE.get(standing.budget.scope, "")
    return (
        f"{amounts} {THIS[standing.budget.period]}{whose}, resets {times.with_zone(standing.resets_at, times.zone())}"
    )


def quantity(amount: object, unit: BudgetUnit) -> str:
    """Money with its sign, as Markdown; tokens like 12.3k."""
    if unit is BudgetUnit.USD:
        return dollars(amount).replace("$", r"\$")  # type: ignore[arg-type]
    tokens = int(amount)  # type: ignore[call-overload]
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if tokens >= size:
            return f"{tokens / size:.1f}{letter} tokens"
    return f"{tokens} tokens"


def notices(actor: Actor, most: int) -> None:
    """The newest of what this person was told and has not put away, anywhere: put away here it is gone everywhere."""
    waiting = bootstrap.current().spending.notices(actor, limit=most + 1)
    for notice in waiting[:most]:
        again = f" It begins again on {times.with_zone(notice.ends_at, times.zone())}." if notice.ends_at else ""
        with st.container(horizontal=True, vertical_alignment="center", wrap=False, border=True):
            st.markdown(f":material/savings: {as_label(notice.text, LONGEST)}{again}", width="stretch")
            _put_away_button(actor, "Put away", ":material/close:", notice.id)
    if len(waiting) > most:
        with st.container(horizontal=True, horizontal_alignment="right"):
            _put_away_button(actor, "Put all away", ":material/clear_all:", None)


def _put_away_button(actor: Actor, label: str, icon: str, notice_id: UUID | None) -> None:
    st.button(
        label,
        icon=icon,
        type="tertiary",
        key=f"put_away_{notice_id}",
        on_click=_put_away,
        args=(actor, notice_id),
    )


def _put_away(actor: Actor, notice_id: UUID | None) -> None:
    """None: all there are."""
    with failures.noticed():
        bootstrap.current().spending.put_away(guard.again(actor), notice_id)
