"""Forms of what another admin may change meanwhile: each remembers what it was drawn with, until it is saved."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from core.errors import Overtaken, ParleyError
from core.services.company_changes import LastChange
from core.ui import failures, times
from core.ui.text import as_label

SAVED = "saved_form"
"""Which form has just been saved, until the page says so."""


@dataclass(frozen=True, slots=True)
class Draft:
    form: str
    seen: int
    """The version that its fields began with."""

    def key(self, field: str) -> str:
        """With the version: a browser that goes on at another process sends what stood in its fields, of which nothing
        is known there. Fields of another version are others, and take none of it.
        """
        return f"{self.form}_{field}_{self.seen}"

    def give_up(self) -> None:
        """The next draw begins with what there is."""
        st.session_state.pop(_began(self.form), None)


def drafted(name: str, field: str, version: int) -> Draft:
    """`field`: one that every draw has. Where it has no value yet, the form begins now, with this version."""
    draft = Draft(name, st.session_state.get(_began(name), version))
    if draft.key(field) not in st.session_state:
        draft = Draft(name, version)
        st.session_state[_began(name)] = version
    return draft


def _began(name: str) -> str:
    return f"{name}_began_with"


def save(draft: Draft, act: Callable[[int], object]) -> None:
    """`act` gets the version that was seen. What was refused stays as typed; what was kept is drawn anew with all that
    the page says of it.
    """
    try:
        act(draft.seen)
    except Overtaken as error:
        failures.say(error)
        st.button("Look at theirs", icon=":material/visibility:", key=draft.key("theirs"), on_click=draft.give_up)
    except ParleyError as error:
        failures.say(error)
    else:
        draft.give_up()
        st.session_state[SAVED] = draft.form
        st.rerun()


def changed(draft: Draft, change: LastChange | None) -> None:
    """That it was saved just now, and who changed it last; nothing where nobody did."""
    if st.session_state.get(SAVED) == draft.form:
        del st.session_state[SAVED]
        st.success("Saved.", icon=":material/check:")
    if change:
        who = as_label(change.by or "somebody who is gone, or the command line", 60)
        st.caption(f"Changed last by {who}, on {times.exact(change.at, times.zone())}.")
