"""How much of one thing people may do within a while, as their admins set it."""

import streamlit as st

from core import bootstrap
from core.permissions import Actor
from core.services.company_limits import LimitView, limit_of
from core.services.limits import Limit, Limited, a_while
from core.ui import guard, times
from core.ui.dialogs import dialog, tried
from core.ui.text import as_label

NAMES = {
    Limited.MESSAGE: "Messages, in each room",
    Limited.QUESTION: "Questions in one's own chats",
    Limited.ASK: "Questions to the assistant, in each room",
    Limited.REACT: "Reactions, in each room",
    Limited.ROOM: "New rooms",
    Limited.REPORT: "Reports",
    Limited.COMMAND: "Commands",
    Limited.INVITE: "Invites, for admins",
}
ICONS = {
    Limited.MESSAGE: ":material/chat:",
    Limited.QUESTION: ":material/assistant:",
    Limited.ASK: ":material/forum:",
    Limited.REACT: ":material/add_reaction:",
    Limited.ROOM: ":material/group_add:",
    Limited.REPORT: ":material/flag:",
    Limited.COMMAND: ":material/terminal:",
    Limited.INVITE: ":material/person_add:",
}
WHILES = {60: "Minute", 3_600: "Hour", 86_400: "Day"}
EXPLAINED = (
    "How much of one thing each person may do within a while; whoever does more is told when they can go on. What is "
    "set here holds for everybody of the company, from their next one on."
)


def limits_setting(actor: Actor) -> None:
    st.caption(EXPLAINED)
    for view in bootstrap.current().company_limits.list_all(actor):
        _limit(actor, view)
    st.button(
        "Budgets: what questions may cost", icon=":material/savings:", type="tertiary", key="to_budgets",
        on_click=_to_budgets,
    )  # fmt: skip


def _to_budgets() -> None:
    st.session_state["section"] = "Budgets"


def _limit(actor: Actor, view: LimitView) -> None:
    with (
        st.container(border=True),
        st.container(horizontal=True, vertical_alignment="center", wrap=False),
    ):
        name = NAMES[view.event]
        st.markdown(
            f"{ICONS[view.event]} **{name}** · {_said(view.in_force)}  \n:small[{_whose(view)}]", width="stretch"
        )
        if st.button("Change", type="tertiary", key=f"limit_{view.event}", help=f"Change: {name}"):
            _change(actor, view)


def _said(limit: Limit) -> str:
    return f"{limit[0]:,} in {a_while(limit[1])}"


def _whose(view: LimitView) -> str:
    if view.own:
        who = as_label(view.own.set_by or "somebody who is gone", 40)
        return f"Set by {who} on {times.exact(view.own.set_at, times.zone())}. Parley's own: {_said(view.parleys)}."
    own = "".join(f"; {role} {_said(limit)}" for role, limit in view.by_role.items())
    return f"As Parley has it{own}"


@dialog("Change a limit")
def _change(actor: Actor, view: LimitView) -> None:
    seen, event = limit_of(view.own), view.event
    st.markdown(f"**{NAMES[event]}**, now {_said(view.in_force)}")
    with st.form("limit", border=False):
        count = st.text_input(
            "So many", f"{seen[0]}" if seen else "", placeholder=f"Parley's own: {_said(view.parleys)}",
            key=f"limit_count_{event}",
        )  # fmt: skip
        now = view.in_force[1]
        spans = dict(sorted({now: a_while(now).capitalize(), **WHILES}.items()))
        seconds = st.segmented_control(
            "Within a", list(spans), format_func=spans.__getitem__, default=now, required=True,
            key=f"limit_while_{event}",
        )  # fmt: skip
        st.caption("Leave the number empty for Parley's own.")
        is_sent = st.form_submit_button("Set", type="primary")
    if is_sent and tried(
        lambda: bootstrap.current().company_limits.set(guard.again(actor), event, count, seconds or 0, seen=seen)
    ):
        st.rerun()
