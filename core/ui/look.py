"""Whether Parley is light or dark for somebody, in every browser of theirs."""

import json
from pathlib import Path

import streamlit as st

from core import bootstrap
from core.models import Theme
from core.permissions import Actor
from core.ui import failures, guard, links

_look = st.components.v2.component("look", js=Path(__file__).with_suffix(".js").read_text("utf-8"))

DEVICE = "device"
NAMES = {DEVICE: "As the device", Theme.LIGHT.value: "Light", Theme.DARK.value: "Dark"}
ICONS = {DEVICE: "contrast", Theme.LIGHT.value: "light_mode", Theme.DARK.value: "dark_mode"}
KEY, CHOSEN = "own_look", "looks_chosen"
"""CHOSEN: how often in this session. A window loads anew for what was chosen in it, not for what was elsewhere."""


def look(actor: Actor) -> None:
    """On every page, once. Nothing to see."""
    paths = [f"/{screen.path}" for screen in links.all_screens()]
    told = {"look": actor.theme, "chosen": st.session_state.get(CHOSEN, 0), "paths": paths}
    _look(key="look", data=json.dumps(told))


def look_choice(actor: Actor) -> None:
    st.segmented_control(
        "Appearance", list(NAMES), default=actor.theme or DEVICE, required=True, key=KEY,
        format_func=lambda name: f":material/{ICONS[name]}: {NAMES[name]}", on_change=_choose, args=(actor,),
    )  # fmt: skip


def _choose(actor: Actor) -> None:
    name = st.session_state[KEY]
    if name is None:  # see shows() in core/ui/controls.py
        return
    with failures.noticed():
        bootstrap.current().profile.choose_theme(guard.again(actor), None if name == DEVICE else Theme(name))
        st.session_state[CHOSEN] = st.session_state.get(CHOSEN, 0) + 1
