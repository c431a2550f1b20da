"""Who is suspended and which rooms are locked now, whatever case that came from; each can be taken back here."""

from datetime import tzinfo

import streamlit as st

from core import bootstrap
from core.permissions import Actor
from core.services.in_force_views import LockLine, Place, SuspensionLine
from core.ui import times
from core.ui.moderation_acts import remember
from core.ui.nothing import ENDED, nothing
from core.ui.room_locking import named, unlock_room
from core.ui.suspending import LONGEST_NAME, lift_suspension, until
from core.ui.text import as_label

PAGE = 20
PEOPLE, ROOMS = "in_force_people", "in_force_rooms"
LONGEST_REASON = 500


def in_force_tab(actor: Actor) -> None:
    where = times.zone()
    _people(actor, where)
    _rooms(actor, where)


def _people(actor: Actor, where: tzinfo) -> None:
    st.header("Suspended", anchor=False)
    after = st.session_state.get(PEOPLE)
    found = bootstrap.current().suspensions.list_in_force(actor, after=after, limit=PAGE + 1)
    if not found:
        nothing("Nobody is suspended." if after is None else ENDED)
    for line in found[:PAGE]:
        _person(actor, line, where)
    _steps(PEOPLE, after, found[PAGE - 1].place if len(found) > PAGE else None)


def _person(actor: Actor, line: SuspensionLine, where: tzinfo) -> None:
    name = as_label(line.name or "Somebody who has left", LONGEST_NAME)
    with st.container(border=True, horizontal=True, vertical_alignment="center", wrap=False):
        st.markdown(f":material/person_off: **{name}** · {until(line, where)}", width="stretch")
        if st.button("Lift", key=f"lift_{line.id}", type="tertiary", icon=":material/undo:", help=f"Lift: {name}"):
            lift_suspension(actor, line, remember)


def _rooms(actor: Actor, where: tzinfo) -> None:
    st.header("Locked rooms", anchor=False)
    after = st.session_state.get(ROOMS)
    found = bootstrap.current().room_locks.list_locked(actor, after=after, limit=PAGE + 1)
    if not found:
        nothing("No room is locked." if after is None else ENDED)
    for line in found[:PAGE]:
        _room(actor, line, where)
    _steps(ROOMS, after, found[PAGE - 1].place if len(found) > PAGE else None)


def _room(actor: Actor, line: LockLine, where: tzinfo) -> None:
    assert line.locked_at
    name = named(line.kind, line.title)
    by = f" · by {as_label(line.by, LONGEST_NAME)}" if line.by else ""
    since = times.exact(line.locked_at, where)
    with st.container(border=True, horizontal=True, vertical_alignment="center", wrap=False):
        st.markdown(
            f":material/lock: **{name[:1].upper()}{name[1:]}** · since {since} · "
            f"{as_label(line.reason, LONGEST_REASON)}{by}",
            width="stretch",
        )
        key = f"unlock_{line.conversation_id}"
        if st.button("Unlock", key=key, type="tertiary", icon=":material/undo:", help=f"Unlock: {name}"):
            unlock_room(name, line.conversation_id, actor, remember)


def _steps(key: str, after: Place | None, following: Place | None) -> None:
    if after is None and following is None:
        return
    with st.container(horizontal=True, horizontal_alignment="center"):
        for label, icon, place, is_there in (
            ("To the beginning", ":material/first_page:", None, after is not None),
            ("More", ":material/chevron_right:", following, following is not None),
        ):
            if is_there:
                st.button(label, icon=icon, type="tertiary", key=f"{key}_{label}", on_click=_go, args=(key, place))


def _go(key: str, place: Place | None) -> None:
    st.session_state[key] = place
