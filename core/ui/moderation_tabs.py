"""The parts of the moderation page. One is drawn at a time, and only its own words stand in the address."""

from collections.abc import Callable, Mapping
from enum import StrEnum

import streamlit as st

from core.permissions import Actor
from core.ui.access_tab import grants_tab
from core.ui.controls import shows
from core.ui.moderation_in_force import in_force_tab
from core.ui.moderation_messages import messages_tab
from core.ui.moderation_queue import queue_tab
from core.ui.rules import rules_tab

TAB = "tab"


class Tab(StrEnum):
    QUEUE = "queue"
    MESSAGES = "messages"
    IN_FORCE = "in_force"
    GRANTS = "grants"
    RULES = "rules"


TABS: Mapping[Tab, Callable[[Actor], None]] = {
    Tab.QUEUE: queue_tab,
    Tab.MESSAGES: messages_tab,
    Tab.IN_FORCE: in_force_tab,
    Tab.GRANTS: grants_tab,
    Tab.RULES: rules_tab,
}
"""In the order that they stand in."""
LABELS = {
    Tab.QUEUE: "Queue",
    Tab.MESSAGES: "Messages",
    Tab.IN_FORCE: "In force",
    Tab.GRANTS: "Grants",
    Tab.RULES: "Rules",
}


def chosen_tab() -> Tab:
    """The one that the address names; the queue where it names none that there is."""
    named = st.query_params.get(TAB)
    tab = Tab(named) if named in list(TABS) else Tab.QUEUE
    key = "moderation_tab"
    shows(key, tab)
    st.segmented_control(
        "Part", list(TABS), format_func=LABELS.__getitem__, required=True, key=key, label_visibility="collapsed",
        wrap=True, on_change=lambda: _go(Tab(st.session_state[key] or tab)),
    )  # fmt: skip
    return tab


def _go(tab: Tab) -> None:
    st.query_params.from_dict({TAB: tab.value})
