"""What was done with tasks last, with the way back, until something else is done."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from core import bootstrap
from core.permissions import Actor
from core.services.tasks import TaskService
from core.ui import failures, guard

DONE = "task_done_last"

Undo = Callable[[TaskService, Actor], object]


@dataclass(frozen=True, slots=True)
class Done:
    sentence: str
    undo: Undo


def keep(sentence: str, undo: Undo) -> None:
    """For callbacks."""
    st.session_state[DONE] = Done(sentence, undo)


def forget() -> None:
    st.session_state.pop(DONE, None)


def undo_offer(actor: Actor) -> None:
    """At the foot of the window, wherever in the list one is."""
    last: Done | None = st.session_state.get(DONE)
    if last is None:
        return

    def undone() -> None:
        forget()
        with failures.noticed():
            last.undo(bootstrap.current().tasks, guard.again(actor))

    with st.bottom.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        st.markdown(last.sentence, width="stretch")
        st.button("Undo", icon=":material/undo:", key="task_undo", on_click=undone)
        st.button(":material/close:", help="Dismiss", type="tertiary", key="task_dismiss", on_click=forget)
