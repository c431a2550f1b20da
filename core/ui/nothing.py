"""What stands in the place of a list with nothing in it."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

ENDED = "There is nothing more in this direction."
"""Behind the last page of a list, where an old address or a click in two tabs can lead."""


def nothing(sentence: str, icon: str = "") -> DeltaGenerator:
    """Says why there is nothing, and how there would be something. The button that leads on from there, if there is
    one, is drawn in what this returns.
    """
    place = st.container(border=True, horizontal_alignment="center", gap="small")
    place.markdown(f"{icon} {sentence}".strip(), text_alignment="center")
    return place
