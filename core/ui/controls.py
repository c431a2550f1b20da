"""What the filters of all pages share."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.ui.text import as_label

ROUNDS = "rounds_of_widgets"


def shows(key: str, value: Any) -> None:
    """What the address says, unless the widget has it already: setting it would take away what is being typed there.

    A browser that tells of a click before it has drawn a choice sends nothing for that, though one is required: then
    its `on_change` is called, and finds None.
    """
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def shown(name: str, value: Any) -> str:
    """The same for a widget in a popover; returns the key to give it. A closed popover doesn't hear that its widgets
    have other values, and its browser would send the old ones with the next click: so after a change that was made
    elsewhere it gets a widget of another key.
    """
    rounds: dict[str, int] = st.session_state.setdefault(ROUNDS, {})
    key = _key(name, rounds.get(name, 0))
    if key in st.session_state and st.session_state[key] != value:
        rounds[name] = rounds.get(name, 0) + 1
        key = _key(name, rounds[name])
    shows(key, value)
    return key


def _key(name: str, number: int) -> str:
    return f"{name}_{number}" if number else name


def left_out(complaints: Sequence[str]) -> None:
    """What of the address could not be used."""
    if complaints:
        st.caption("  \n".join(f":material/info: {as_label(complaint, 200)}" for complaint in complaints))


def distinct(options: Mapping[Any, str]) -> dict[Any, str]:
    """Who has the name of somebody before them gets a number: by its label alone an option is told apart."""
    seen: Counter[str] = Counter()
    names = {}
    for option, name in options.items():
        plain = " ".join(name.split())
        seen[plain] += 1
        names[option] = f"{plain} ({seen[plain]})" if seen[plain] > 1 else plain
    return names
