"""Browsers that are signed in, a line for each."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.permissions import Actor
from core.services.sessions import SessionView
from core.ui import failures, guard, times
from core.ui.text import as_label, browser_name


def own_sign_ins(actor: Actor) -> None:
    for view in bootstrap.current().accounts.sessions(actor):
        sign_in_line(view, None if view.is_current else partial(_end_own, actor, view.id), key=f"end_{view.id}")


def _end_own(actor: Actor, session_id: UUID) -> None:
    with failures.noticed():
        bootstrap.current().session_ending.end_own(guard.again(actor), session_id)


def sign_in_line(view: SessionView, end: Callable[[], None] | None, *, key: str) -> None:
    """`end`: signs it out; None where that is not to be done here."""
    used = "this browser" if view.is_current else f"last used {times.ago(view.last_used_at)}"
    signed_in = f"signed in {times.short(view.created_at, times.zone())}{_way_of(view)}"
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.markdown(
            f":material/devices: {as_label(browser_name(view.user_agent))}  \n:small[{used} · {signed_in}]",
            width="stretch",
        )
        if end:
            st.button("Sign out there", type="tertiary", key=key, on_click=end)


def _way_of(view: SessionView) -> str:
    """Through which provider, or by a password; nothing where there is one way alone."""
    providers = bootstrap.current().settings.sso
    if view.provider:
        known = providers.get(view.provider)
        return f" with {as_label(known.name if known else view.provider)}"
    return " by password" if providers else ""
