"""A link that somebody is to be given: shown once, to be copied, as it is kept nowhere."""

from urllib.parse import urlsplit

import streamlit as st

from core import bootstrap
from core.services.invites import Issued
from core.ui import times

ISSUED = "link_issued"


def forget_link() -> None:
    """At the beginning of a run of the page: by then its window is closed."""
    st.session_state.pop(ISSUED, None)


def keep_link(issued: Issued) -> None:
    """For this window, until it is closed."""
    st.session_state[ISSUED] = issued


def link_shown(path: str, whom: str) -> bool:
    """Draws the link that was just made, if there is one. `whom`: who is to get it, as a label."""
    issued: Issued | None = st.session_state.get(ISSUED)
    if issued is None:
        return False
    st.markdown(f"Give this link to **{whom}**. Nobody is sent it, and it is not shown again.")
    st.code(f"{_origin()}{path}?token={issued.token}", language=None, wrap_lines=True)
    until = times.with_zone(issued.expires_at, times.zone())
    st.caption(f"It works once, until {until}. Whoever has it can use it: hand it over as you would a password.")
    return True


def _origin() -> str:
    """Where people open Parley, as far as it is known."""
    if public_url := bootstrap.current().settings.public_url:
        return public_url
    parts = urlsplit(st.context.url or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
