"""What may be spent, for admins: the budgets there are, how they stand, and more of them."""

from collections.abc import Callable
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.errors import ParleyError
from core.models import BudgetPeriod, BudgetScope, BudgetUnit
from core.permissions import Actor, Role
from core.services.budgets import BudgetLine, RaiseLine, Standing, WantedBudget
from core.ui import failures, guard, times
from core.ui.budget_left import quantity
from core.ui.dialogs import dialog
from core.ui.text import as_label

EACH = {BudgetPeriod.DAY: "a day", BudgetPeriod.WEEK: "a week", BudgetPeriod.MONTH: "a month"}
PERIODS = {BudgetPeriod.DAY: "Day", BudgetPeriod.WEEK: "Week", BudgetPeriod.MONTH: "Month"}
UNITS = {BudgetUnit.USD: "US dollars", BudgetUnit.TOKENS: "Tokens"}
SCOPES = {
    BudgetScope.COMPANY: "The company",
    BudgetScope.ROLE: "Each person with a role",
    BudgetScope.PERSON: "A person",
    BudgetScope.ROOM: "A room",
}
ICONS = {
    BudgetScope.COMPANY: ":material/apartment:",
    BudgetScope.ROLE: ":material/badge:",
    BudgetScope.PERSON: ":material/person:",
    BudgetScope.ROOM: ":material/forum:",
}
EXPLAINED = (
    "A question is refused when what it may at most cost does not fit any more. Days, weeks and months are those of "
    "UTC. Calls of a model without a known price count for tokens only. Marks are told once a period to whoever the "
    "budget is for, and to the admins."
)


def budgets(actor: Actor) -> None:
    app = bootstrap.current()
    lines, raises = app.budgets.list_all(actor)
    standings = app.budgets.standings_of(actor, lines)
    failures.show_notice()
    st.caption(EXPLAINED)
    if not lines:
        st.markdown("There is no budget yet: everybody may ask as much as they like.")
    for line in lines:
        _line(actor, line, standings.get(line.id), [more for more in raises if more.budget_id == line.id])
    if st.button("Add a budget", icon=":material/add:", type="primary", key="budget_add"):
        _add(actor)


def _line(actor: Actor, line: BudgetLine, standing: Standing | None, raises: list[RaiseLine]) -> None:
    with st.container(border=True, gap="small"):
        limit = f"{quantity(line.amount, line.unit)} {EACH[line.period]}"
        marks = ", ".join(f"{mark} %" for mark in line.marks) or "none"
        st.markdown(f"{ICONS[line.scope]} **{_name(line)}** · {limit}  \n:small[Marks: {marks}]")
        if standing:
            used = f"{quantity(standing.used, line.unit)} used, {quantity(standing.left, line.unit)} left"
            share = min(float((standing.used + standing.held) / standing.limit), 1.0)
            st.progress(share, text=f"{used} · again from {times.exact(standing.resets_at, times.zone())} on")
        for more in raises:
            _raise(actor, line, more)
        with st.container(horizontal=True):
            for label, icon, opens in (
                ("Change", ":material/edit:", _change),
                ("Raise for now", ":material/trending_up:", _raise_for_now),
                ("Remove", ":material/delete:", _remove),
            ):
                name = f"{label}: {_name(line)}, {limit}"
                if st.button(label, icon=icon, type="tertiary", key=f"budget_{label}_{line.id}", help=name):
                    opens(actor, line)


def _raise(actor: Actor, line: BudgetLine, more: RaiseLine) -> None:
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        until = times.exact(more.ends_at, times.zone())
        by = as_label(more.granted_by_name or "somebody who is gone", 40)
        said = f"+{quantity(more.amount, line.unit)} until {until}: {as_label(more.reason, 200)} ({by})"
        st.markdown(f":small[{said}]", width="stretch")
        st.button("End", type="tertiary", key=f"raise_end_{more.id}", on_click=_end_raise, args=(actor, more.id))


def _end_raise(actor: Actor, raise_id: UUID) -> None:
    with failures.noticed():
        bootstrap.current().budgets.end_raise(guard.again(actor), raise_id)


def _name(line: BudgetLine) -> str:
    if line.scope is BudgetScope.COMPANY:
        return "The company"
    if line.scope is BudgetScope.ROLE:
        return f"Each person with the role {line.role}"
    return as_label(line.name, 60) or "Without a title"


@dialog("Add a budget")
def _add(actor: Actor) -> None:
    service = bootstrap.current().budgets
    choices = service.choices(actor)
    people, rooms = dict(choices.people), dict(choices.rooms)
    scope = st.selectbox("For", list(SCOPES), format_func=SCOPES.__getitem__, key="budget_scope")
    user_id = room_id = role = None
    if scope is BudgetScope.ROLE:
        role = st.selectbox("Role", list(Role), format_func=lambda role: role.value, key="budget_role")
    elif scope is BudgetScope.PERSON:
        user_id = st.selectbox("Person", list(people), format_func=people.__getitem__, index=None, key="budget_person")
    elif scope is BudgetScope.ROOM:
        room_id = st.selectbox("Room", list(rooms), format_func=rooms.__getitem__, index=None, key="budget_room")
    unit = st.segmented_control(
        "In", list(UNITS), format_func=UNITS.__getitem__, default=BudgetUnit.USD, required=True, key="budget_unit"
    )
    period = st.segmented_control(
        "Each", list(PERIODS), format_func=PERIODS.__getitem__, default=BudgetPeriod.MONTH, required=True,
        key="budget_period",
    )  # fmt: skip
    amount = st.text_input("Amount", placeholder="25", key="budget_amount")
    marks = st.text_input("Tell at, in per cent", "80, 100", key="budget_marks")
    if st.button("Add", type="primary", key="budget_save"):
        wanted = WantedBudget(scope, period, unit, amount, user_id=user_id, room_id=room_id, role=role, marks=marks)
        _do(lambda: service.set(guard.again(actor), wanted))


@dialog("Change a budget")
def _change(actor: Actor, line: BudgetLine) -> None:
    st.markdown(f"**{_name(line)}**, {EACH[line.period]}, in {UNITS[line.unit]}")
    amount = st.text_input("Amount", f"{line.amount.normalize():f}", key=f"budget_amount_{line.id}")
    marks = st.text_input("Tell at, in per cent", ", ".join(map(str, line.marks)), key=f"budget_marks_{line.id}")
    if st.button("Save", type="primary", key="budget_change"):
        service = bootstrap.current().budgets
        _do(lambda: service.change(guard.again(actor), line.id, amount=amount, marks=marks))


@dialog("Raise a budget for now")
def _raise_for_now(actor: Actor, line: BudgetLine) -> None:
    st.markdown(f"**{_name(line)}** gets more until this {PERIODS[line.period].lower()} ends; then it is as before.")
    amount = st.text_input(f"How much more, in {UNITS[line.unit]}", key=f"raise_amount_{line.id}")
    reason = st.text_input("Reason", help="Kept in the audit trail.", key=f"raise_reason_{line.id}")
    if st.button("Raise", type="primary", key="budget_raise"):
        service = bootstrap.current().budgets
        _do(lambda: service.raise_until_reset(guard.again(actor), line.id, amount=amount, reason=reason))


@dialog("Remove a budget")
def _remove(actor: Actor, line: BudgetLine) -> None:
    limit = f"{quantity(line.amount, line.unit)} {EACH[line.period]}"
    st.markdown(f"The budget of **{_name(line)}**, {limit}, goes, with its raises. From then on it refuses nothing.")
    if st.button("Remove it", type="primary", key="budget_remove"):
        _do(lambda: bootstrap.current().budgets.remove(guard.again(actor), line.id))


def _do(change: Callable[[], object]) -> None:
    """Stays open, with the sentence and all that was typed, where it was refused."""
    try:
        change()
    except ParleyError as error:
        failures.say(error)
    else:
        st.rerun()
