"""What the filters of all pages share."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import streamlit as st


def shows(key: str, value: Any) -> None:
    """What the address says, unless the widget has it already: setting it would take away what is being typed there."""
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def distinct(options: Mapping[Any, str]) -> dict[Any, str]:
    """Who has the name of somebody before them gets a number: by its label alone an option is told apart."""
    seen: Counter[str] = Counter()
    names = {}
    for option, name in options.items():
        plain = " ".join(name.split())
        seen[plain] += 1
        names[option] = f"{plain} ({seen[plain]})" if seen[plain] > 1 else plain
    return names
