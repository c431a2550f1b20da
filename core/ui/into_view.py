"""Has the browser scroll to where something stands, once."""

from pathlib import Path

import streamlit as st

_into_view = st.components.v2.component("into_view", js=Path(__file__).with_suffix(".js").read_text("utf-8"))


def into_view(place: str, *, key: str) -> None:
    """To be drawn inside what is to be seen. `place`: another one, and it is scrolled to."""
    _into_view(key=key, data=place)
