"""What may be spent, for admins: the budgets there are and how they stand."""

from functools import partial
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.permissions import Actor
from core.services.budgets import BudgetLine, BudgetView, RaiseLine, Standing
from core.ui import budget_dialogs, failures, guard, times
from core.ui.budget_left import number, quantity
from core.ui.budget_words import ICONS, limit_of, name_of
from core.ui.nothing import nothing
from core.ui.paging import paged, pages_of, show_more
from core.ui.text import as_label

PAGE = 20
PAGES, FIND = "budget_pages", "budget_find"
EXPLAINED = (
    "A question is refused when what it may at most cost does not fit any more. Days, weeks and months are those of "
    "UTC. Calls of a model without a known price count for tokens only. Marks are told once a period to whoever the "
    "budget is for, and to the admins."
)


def budgets(actor: Actor) -> None:
    failures.show_notice()
    st.caption(EXPLAINED)
    add = st.button("Add a budget", icon=":material/add:", type="primary", key="budget_add")
    name = st.session_state.get(FIND, "")
    sizes = pages_of(PAGES, PAGE)
    page = bootstrap.current().budgets.page
    views, has_more = paged(lambda limit, before: page(actor, name=name, limit=limit, before=before), sizes)
    if name or has_more or len(views) > PAGE // 2:
        st.text_input(
            "Find", key=FIND, placeholder="Name of a person or a room", icon=":material/search:",
            label_visibility="collapsed", on_change=_from_the_first,
        )  # fmt: skip
    if not views:
        nothing("No budget has that name." if name else "There is no budget yet: everybody may ask as they like.")
    for view in views:
        _budget(actor, view)
    if has_more:
        show_more(PAGES, key="budget_more")
    if add:
        budget_dialogs.add(actor)


def _from_the_first() -> None:
    st.session_state[PAGES] = 1


def _budget(actor: Actor, view: BudgetView) -> None:
    line, standing = view.line, view.standing
    marks = ", ".join(f"{mark} %" for mark in line.marks)
    told = f"told at {marks}" if marks else "told to nobody"
    with st.container(border=True, gap="xsmall"):
        title = f"{ICONS[line.scope]} **{name_of(line)}** · {limit_of(line)}"
        st.markdown(title if standing else f"{title}  \n:small[{told.capitalize()}]")
        if standing:
            share = min(float((standing.used + standing.held) / standing.limit), 1.0)
            st.progress(share, text=f"{_stands(standing)} · {told}")
        for more in view.raises:
            _raise(actor, line, more)
        with st.container(horizontal=True):
            for label, icon, opens in (
                ("Change", ":material/edit:", budget_dialogs.change),
                ("Raise for now", ":material/trending_up:", budget_dialogs.raise_for_now),
                ("Remove", ":material/delete:", budget_dialogs.remove),
            ):
                name = f"{label}: {name_of(line)}, {limit_of(line)}"
                if st.button(label, icon=icon, type="tertiary", key=f"budget_{label}_{line.id}", help=name):
                    opens(actor, line)


def _stands(standing: Standing) -> str:
    unit = standing.budget.unit
    held = f", {number(standing.held, unit)} held for answers under way" if standing.held else ""
    resets = times.with_zone(standing.resets_at, times.zone())
    return f"{number(standing.used, unit)} used{held}, {number(standing.left, unit)} left · resets {resets}"


def _raise(actor: Actor, line: BudgetLine, more: RaiseLine) -> None:
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        whom = f" for {as_label(more.user_name, 40)}" if more.user_name else ""
        until = times.with_zone(more.ends_at, times.zone())
        by = as_label(more.granted_by_name or "somebody who is gone", 40)
        said = f"+{quantity(more.amount, line.unit)}{whom} until {until}: {as_label(more.reason, 200)} ({by})"
        st.markdown(f":small[{said}]", width="stretch")
        st.button("End", type="tertiary", key=f"raise_end_{more.id}", on_click=partial(_end_raise, actor, more.id))


def _end_raise(actor: Actor, raise_id: UUID) -> None:
    with failures.noticed():
        bootstrap.current().budgets.end_raise(guard.again(actor), raise_id)
