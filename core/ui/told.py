"""What a component of ours has to say, for the callbacks of its events."""

from typing import Any

import streamlit as st


def told(component: str, event: str) -> Any:
    """What came with that event of the component with that key. None when its page was left: what it says on the way
    out still calls back, and by then Streamlit has forgotten the component.
    """
    return getattr(st.session_state.get(component), event, None)
