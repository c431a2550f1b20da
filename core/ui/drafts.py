"""Forms of what another admin may change meanwhile: each remembers what it was drawn with, until it is saved."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from core.errors import Overtaken, ParleyError
from core.services.company_changes import LastChange
from core.ui import failures, times
from core.ui.text import as_label


@dataclass(frozen=True, slots=True)
class Draft:
    form: str
    round: int
    """Counts up when what was typed is given up."""

    def key(self, field: str) -> str:
        return f"{self.form}_{field}_{self.round}"

    @property
    def seen(self) -> int:
        """The version that its fields began with."""
        return int(st.session_state[f"{self.form}_seen"])

    def saw(self, version: int) -> None:
        st.session_state[f"{self.form}_seen"] = version

    def give_up(self) -> None:
        """The next draw begins with what there is."""
        st.session_state[f"{self.form}_round"] = self.round + 1


def drafted(name: str, field: str, version: int) -> Draft:
    """`field`: one that every draw has. Where it has no value yet, the form begins now, with this version."""
    draft = Draft(name, st.session_state.get(f"{name}_round", 0))
    if draft.key(field) not in st.session_state:
        draft.saw(version)
    return draft


def save(draft: Draft, act: Callable[[int], int]) -> None:
    """`act` gets the version that was seen, and gives the one that is kept now. What was refused stays as typed."""
    try:
        draft.saw(act(draft.seen))
    except Overtaken as error:
        failures.say(error)
        st.button("Look at theirs", icon=":material/visibility:", key=draft.key("theirs"), on_click=draft.give_up)
    except ParleyError as error:
        failures.say(error)
    else:
        st.success("Saved.", icon=":material/check:")


def changed(change: LastChange | None) -> None:
    """Who changed it last; nothing where nobody did."""
    if change:
        who = as_label(change.by or "somebody who is gone, or the command line", 60)
        st.caption(f"Changed last by {who}, on {times.exact(change.at, times.zone())}.")
