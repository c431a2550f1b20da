"""Putting away several conversations at once, and taking that back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.amounts import counted
from core.permissions import Actor
from core.services.browse_views import Browsed, Deed, State
from core.ui import failures, guard
from core.ui.text import as_label

DONE = "browse_done"
ROUND = "browse_round"
"""Another one, and the list is a new one, in which nothing is ticked."""
MOST_NAMED = 5
OFFERS: dict[State, tuple[Deed, ...]] = {
    State.ACTIVE: (Deed.ARCHIVE, Deed.DELETE),
    State.ARCHIVED: (Deed.UNARCHIVE, Deed.DELETE),
    State.DELETED: (Deed.RESTORE,),
}
LABELS = {
    Deed.ARCHIVE: ("Archive", ":material/archive:", "archived"),
    Deed.UNARCHIVE: ("Bring back", ":material/unarchive:", "brought back"),
    Deed.DELETE: ("Delete", ":material/delete:", "deleted"),
    Deed.RESTORE: ("Restore", ":material/restore_from_trash:", "restored"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """What was done last, until something else is."""

    deed: Deed
    done: tuple[UUID, ...]
    refusals: tuple[tuple[str, str], ...]
    """Title and sentence."""


def state_of(conversation: Browsed) -> State:
    if conversation.is_deleted:
        return State.DELETED
    return State.ARCHIVED if conversation.is_archived else State.ACTIVE


def deed_buttons(actor: Actor, titles: Mapping[UUID, str], state: State, *, key: str) -> None:
    """`titles`: of the conversations it is about."""
    for deed in OFFERS[state]:
        label, icon, _ = LABELS[deed]
        st.button(
            label, icon=icon, key=f"{key}_{deed}", disabled=not titles, on_click=put_away, args=(actor, titles, deed)
        )


def put_away(actor: Actor, titles: Mapping[UUID, str], deed: Deed) -> None:
    """For callbacks."""
    st.session_state.pop(DONE, None)
    with failures.noticed():
        results = bootstrap.current().browse.put_away(guard.again(actor), list(titles), deed)
        begin_anew()
        st.session_state[DONE] = Told(
            deed,
            tuple(one.conversation_id for one in results if one.refusal is None),
            tuple((titles[one.conversation_id], one.refusal) for one in results if one.refusal),
        )


def begin_anew() -> None:
    """For callbacks: nothing is ticked in the list any more, nor is a line the one that was clicked."""
    st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1


def told(actor: Actor) -> None:
    """What was done last, with the way back."""
    last: Told | None = st.session_state.get(DONE)
    if last is None:
        return
    if last.done:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(_sentence(last), width="content")
            undoing = (actor, dict.fromkeys(last.done, ""), last.deed.undo)
            st.button("Undo", icon=":material/undo:", key="browse_undo", on_click=put_away, args=undoing)
            st.button("Dismiss", type="tertiary", key="browse_dismiss", on_click=_forget)
    for sentence, titles in _by_sentence(last.refusals).items():
        named = ", ".join(f"“{as_label(title) or 'New chat'}”" for title in titles[:MOST_NAMED])
        more = f" and {len(titles) - MOST_NAMED:,} more" if len(titles) > MOST_NAMED else ""
        st.warning(f"{named}{more}: {sentence}", icon=":material/block:")


def _by_sentence(refusals: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for title, sentence in refusals:
        found.setdefault(sentence, []).append(title)
    return found


def _sentence(last: Told) -> str:
    return f"{counted(len(last.done), 'conversation')} {LABELS[last.deed][2]}."


def _forget() -> None:
    st.session_state.pop(DONE, None)
