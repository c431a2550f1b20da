"""What a component of ours has to say, for the callbacks of its events."""

from typing import Any

import streamlit as st


def told(component: str, event: str) -> Any:
    """What came with that event of the component with that key. None when its page was left: what it says on the way
    out still calls back, and by then Streamlit has forgotten the component.
    """
    return getattr(st.session_state.get(component), event, None)


def keep_nothing_of(component: str) -> None:
    """To be called behind a component that has nothing to say, with its key. Streamlit keeps a value of it as well, and
    puts the values of all components on the page together anew at each run: of a row under each of 40 messages that
    took half of what a block drawn anew costs.
    """
    del st.session_state[component]
