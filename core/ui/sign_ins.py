"""A browser that is signed in, on a line."""

from collections.abc import Callable

import streamlit as st

from core.services.sessions import SessionView
from core.ui import times
from core.ui.text import as_label, browser_name


def sign_in_line(view: SessionView, end: Callable[[], None] | None, *, key: str) -> None:
    """`end`: signs it out; None where that is not to be done here."""
    used = "this browser" if view.is_current else f"last used {times.ago(view.last_used_at)}"
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.markdown(
            f":material/devices: {as_label(browser_name(view.user_agent))}  \n"
            f":small[{used} · signed in {times.exact(view.created_at, times.zone())}]",
            width="stretch",
        )
        if end:
            st.button("Sign out there", type="tertiary", key=key, on_click=end)
