"""Setting, changing, raising and removing a budget, each in a window of its own."""

from collections import Counter
from collections.abc import Callable, Iterable
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.models import BudgetPeriod, BudgetScope, BudgetUnit
from core.permissions import Actor, Role
from core.services.budgets import BudgetLine, WantedBudget
from core.typed.numbers import typeable
from core.ui import guard
from core.ui.budget_words import EACH, PERIODS, SCOPES, UNITS, limit_of, name_of
from core.ui.dialogs import dialog, tried

MARKS = "Tell at, in per cent of it"


@dialog("Add a budget")
def add(actor: Actor) -> None:
    service = bootstrap.current().budgets
    scope = st.selectbox("For", list(SCOPES), format_func=SCOPES.__getitem__, key="budget_scope")
    user_id = room_id = role = None
    if scope is BudgetScope.ROLE:
        role = st.selectbox("Role", list(Role), format_func=lambda role: role.value, key="budget_role")
    elif scope is BudgetScope.PERSON:
        user_id = _choose("Person", service.choices(actor).people, key="budget_person")
    elif scope is BudgetScope.ROOM:
        room_id = _choose("Room", service.choices(actor).rooms, key="budget_room")
        st.caption("The company's rooms, and the groups that you are in.")
    unit = st.segmented_control(
        "In", list(UNITS), format_func=UNITS.__getitem__, default=BudgetUnit.USD, required=True, key="budget_unit"
    )
    period = st.segmented_control(
        "Each", list(PERIODS), format_func=PERIODS.__getitem__, default=BudgetPeriod.MONTH, required=True,
        key="budget_period",
    )  # fmt: skip
    amount = st.text_input("Amount", placeholder="25" if unit is BudgetUnit.USD else "100000", key="budget_amount")
    marks = st.text_input(MARKS, "80, 100", key="budget_marks")
    if st.button("Add", type="primary", key="budget_save"):
        wanted = WantedBudget(scope, period, unit, amount, user_id=user_id, room_id=room_id, role=role, marks=marks)
        _do(lambda: service.set(guard.again(actor), wanted))


@dialog("Change a budget")
def change(actor: Actor, line: BudgetLine) -> None:
    st.markdown(f"**{name_of(line)}**, {EACH[line.period]}, in {UNITS[line.unit]}")
    amount = st.text_input("Amount", typeable(line.amount), key=f"budget_amount_{line.id}")
    marks = st.text_input(MARKS, ", ".join(map(str, line.marks)), key=f"budget_marks_{line.id}")
    if st.button("Save", type="primary", key="budget_change"):
        service = bootstrap.current().budgets
        _do(lambda: service.change(guard.again(actor), line.id, amount=amount, marks=marks))


@dialog("Raise a budget for now")
def raise_for_now(actor: Actor, line: BudgetLine) -> None:
    service = bootstrap.current().budgets
    st.markdown(f"**{name_of(line)}** gets more until this {PERIODS[line.period].lower()} ends; then it is as before.")
    user_id = None
    if line.role is not None:
        everybody = f"Everybody with the role {line.role}"
        user_id = _choose("For", service.people_with(actor, line.role), key=f"raise_for_{line.id}", nobody=everybody)
    amount = st.text_input(f"How much more, in {UNITS[line.unit]}", key=f"raise_amount_{line.id}")
    reason = st.text_input("Reason", placeholder="Kept in the audit trail", key=f"raise_reason_{line.id}")
    if st.button("Raise", type="primary", key="budget_raise"):
        _do(
            lambda: service.raise_until_reset(
                guard.again(actor), line.id, amount=amount, reason=reason, user_id=user_id
            )
        )


@dialog("Remove a budget")
def remove(actor: Actor, line: BudgetLine) -> None:
    st.markdown(
        f"The budget of **{name_of(line)}**, {limit_of(line)}, goes, with its raises. From then on it refuses nothing."
    )
    if st.button("Remove it", type="primary", key="budget_remove"):
        _do(lambda: bootstrap.current().budgets.remove(guard.again(actor), line.id))


def _choose(label: str, found: Iterable[tuple[UUID, str]], *, key: str, nobody: str | None = None) -> UUID | None:
    """`nobody`: what None is called, where that may be chosen; it comes first."""
    names = dict(found)
    shown = _distinct(names)
    options: list[UUID | None] = [*([None] if nobody else []), *names]
    return st.selectbox(
        label, options, format_func=lambda one: shown[one] if one else str(nobody), index=0 if nobody else None,
        key=key, placeholder="Choose",
    )  # fmt: skip


def _distinct(names: dict[UUID, str]) -> dict[UUID, str]:
    """Of the same name the second gets a number: Streamlit tells options apart by what they are called."""
    seen: Counter[str] = Counter()
    shown = {}
    for key, name in names.items():
        seen[name] += 1
        shown[key] = f"{name} ({seen[name]})" if seen[name] > 1 else name
    return shown


def _do(act: Callable[[], object]) -> None:
    """Stays open, with the sentence and all that was typed, where it was refused."""
    if tried(act):
        st.rerun()
