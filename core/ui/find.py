"""The search field of the sidebar: Enter leads to the browse page with what it finds.

A part of its own instead of a text input, which would take what was typed for meant also where somebody just clicks
elsewhere, and carry them off. What is typed stays while the page is drawn anew.
"""

from pathlib import Path

import streamlit as st

from core.ui import links
from core.ui.browse_address import Address
from core.ui.told import told

KEY = "find"
ASKED = "find_asked"
HTML = """
<form role="search">
  <input type="search" name="find" placeholder="Search" aria-label="Search" autocomplete="off" maxlength="2000">
</form>
"""


def _beside(ending: str) -> str:
    return Path(__file__).with_suffix(ending).read_text("utf-8")


_find = st.components.v2.component(KEY, html=HTML, css=_beside(".css"), js=_beside(".js"))


def find_field() -> None:
    """What was asked leads away from this page, before anything else of it is drawn."""
    if asked := st.session_state.pop(ASKED, None):
        st.switch_page(links.BROWSE.page(), query_params=Address(query=asked).params())

    def found() -> None:
        st.session_state[ASKED] = str(told(KEY, "find") or "").strip()

    _find(key=KEY, on_find_change=found)
