"""What is drawn anew by itself, fragments and dialogs: Streamlit runs them without the page, which asks who is here."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st

from core.ui import guard

Drawn = ParamSpec("Drawn")


def fragment(draw: Callable[Drawn, None], *, key: str, run_every: float | None = None) -> Callable[Drawn, None]:
    """`st.fragment`, which is drawn as long as its person keeps the roles that its page was drawn for."""
    return st.fragment(asked_again(draw), key=key, run_every=run_every)


def asked_again(draw: Callable[Drawn, None]) -> Callable[Drawn, None]:
    """The same for what a dialog shows. To be made by each run that draws it, which has just asked: it is not asked
    the first time.
    """
    roles, is_first = guard.drawn_for(), True

    @wraps(draw)
    def asked(*args: Drawn.args, **options: Drawn.kwargs) -> None:
        nonlocal is_first
        if not is_first:
            guard.still(roles)
        is_first = False
        draw(*args, **options)

    return asked
