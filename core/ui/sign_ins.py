"""Browsers that are signed in, a line for each."""

from collections.abc import Callable, Sequence
from functools import partial
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.permissions import Actor
from core.services.sessions import SessionView
from core.ui import failures, guard, times
from core.ui.text import as_label, browser_name

SHOWN = 5
"""What stands below such a list is not to be far away: the others unfold."""
End = Callable[[UUID], None]


def own_sign_ins(actor: Actor) -> None:
    sign_ins(bootstrap.current().accounts.sessions(actor), partial(_end_own, actor))


def sign_ins(views: Sequence[SessionView], end: End) -> None:
    """`end`: signs one of them out, by its key; this browser is not signed out here."""
    for view in views[:SHOWN]:
        _line(view, end)
    if others := views[SHOWN:]:
        with st.expander(f"{len(others):,} more"):
            for view in others:
                _line(view, end)


def _end_own(actor: Actor, session_id: UUID) -> None:
    with failures.noticed():
        bootstrap.current().session_ending.end_own(guard.again(actor), session_id)


def _line(view: SessionView, end: End) -> None:
    used = "this browser" if view.is_current else f"last used {times.ago(view.last_used_at)}"
    signed_in = f"signed in {times.short(view.created_at, times.zone())}{_way_of(view)}"
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.markdown(
            f":material/devices: {as_label(browser_name(view.user_agent))}  \n:small[{used} · {signed_in}]",
            width="stretch",
        )
        if not view.is_current:
            st.button("Sign out there", type="tertiary", key=f"end_{view.id}", on_click=end, args=(view.id,))


def _way_of(view: SessionView) -> str:
    """Through which provider, or by a password; nothing where there is one way alone."""
    providers = bootstrap.current().settings.sso
    if view.provider:
        known = providers.get(view.provider)
        return f" with {as_label(known.name if known else view.provider)}"
    return " by password" if providers else ""
