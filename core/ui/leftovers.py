"""What an earlier run drew and this one does not.

Streamlit takes it away when a run ends. A run that follows an answer ends with the answer, and until then what is gone
would stay on the page, greyed.
"""

import streamlit as st


def leave_empty(places: int) -> None:
    """Overwrites the next places, if anything stands there. They take no room."""
    for _ in range(places):
        st.empty()
