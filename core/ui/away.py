"""While PostgreSQL is away: the page stays as it was, says so, and goes on by itself.

The run waits instead of ending. What a run has not drawn by its end, the browser takes off the page, and with it what
was being typed there.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import bootstrap
from core.errors import DatabaseUnavailable

LOOK_AGAIN = (1.0, 2.0)
"""Seconds, at random between these: not all tabs come back in the same moment."""
MOST_RESTARTS = 3
RESTARTS = "restarts"
KEY = "away"
# What a run has yet to draw fades until nobody can read it; here that may take minutes. And the notice has to be seen
# wherever the page is scrolled to.
STYLE = """<style>
[data-stale="true"] { opacity: 1 !important; transition: none !important; }
div:has(> .st-key-away) { position: sticky; top: 4.25rem; z-index: 10; border-radius: 0.6rem;
  backdrop-filter: blur(1rem); }
</style>"""

Found = TypeVar("Found")


def wait_out(look: Callable[[], Found]) -> Found:
    """What `look` returns, as soon as PostgreSQL answers it. To be called first of all that a run draws."""
    place = st.container(key=KEY)  # takes no room, and always is there: else the notice would shift what has a place
    while True:
        try:
            return look()
        except DatabaseUnavailable as error:
            _wait(place, str(error))


def _wait(place: DeltaGenerator, sentence: str) -> None:
    st.html(STYLE)
    notice = place.empty()
    while True:
        notice.warning(sentence, icon=":material/cloud_off:")  # a run that nobody wants any more ends here
        time.sleep(random.uniform(*LOOK_AGAIN))
        with suppress(DatabaseUnavailable):
            bootstrap.current().database.check()
            break
    notice.empty()


@contextmanager
def started_over() -> Iterator[None]:
    """Around a page: when PostgreSQL goes away in the middle of it, the page is drawn anew, as soon as that works.

    Raises DatabaseUnavailable when it was to no avail several times: then it is this page that asks too much.
    """
    restarts = st.session_state.pop(RESTARTS, 0)
    try:
        yield
    except DatabaseUnavailable:
        if restarts == MOST_RESTARTS:
            raise
        time.sleep(restarts)
        st.session_state[RESTARTS] = restarts + 1
        st.rerun()
