"""What is drawn anew by itself, fragments and dialogs: Streamlit runs them without the page, which asks who is here."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec

import streamlit as st

from core.permissions import Actor, Role
from core.ui import guard

CALLED_FOR = "parts_called_for"
AT_ONCE = 2.0
"""Seconds from a callback to what it has drawn on a busy machine; so long may an open page outlive its session."""

Drawn = ParamSpec("Drawn")


@dataclass(frozen=True, slots=True)
class _Call:
    """Of a callback for some parts, and who was there."""

    roles: frozenset[Role]
    keys: set[str]
    until: float


def fragment(draw: Callable[Drawn, None], *, key: str, run_every: float | None = None) -> Callable[Drawn, None]:
    """`st.fragment`, which is drawn as long as its person keeps the roles that its page was drawn for."""
    return st.fragment(asked_again(draw, key), key=key, run_every=run_every)


def asked_again(draw: Callable[Drawn, None], key: str = "") -> Callable[Drawn, None]:
    """The same for what a dialog shows. To be made by each run that draws it, which has just asked: it is not asked
    the first time.
    """
    roles, is_first = guard.drawn_for(), True

    @wraps(draw)
    def asked(*args: Drawn.args, **options: Drawn.kwargs) -> None:
        nonlocal is_first
        if not is_first and not _is_called_for(key, roles):
            guard.still(roles)
        is_first = False
        draw(*args, **options)

    return asked


def call_for(actor: Actor, keys: Iterable[str]) -> None:
    """For a callback that has just asked who is here, `guard.again`, and ends with `st.rerun` of these parts: none of
    them asks once more. Each once, and at once: whatever draws it later asks.
    """
    st.session_state[CALLED_FOR] = _Call(actor.roles, set(keys), time.monotonic() + AT_ONCE)


def _is_called_for(key: str, roles: frozenset[Role]) -> bool:
    call: _Call | None = st.session_state.get(CALLED_FOR)
    if call is None or key not in call.keys or time.monotonic() > call.until:
        return False
    call.keys.remove(key)
    return call.roles >= roles
