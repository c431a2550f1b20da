"""Ways into rooms: a message to somebody, a new group or company room, and those that one may join."""

from typing import Any

import streamlit as st

from core import bootstrap
from core.amounts import counted
from core.ids import new_id
from core.permissions import Actor
from core.services.room_views import Colleague, OpenRoomLine
from core.services.rooms import PAGE
from core.ui import guard, links, times
from core.ui.dialogs import OPEN, dialog, tried
from core.ui.nothing import nothing
from core.ui.paging import paged, pages_of, show_more
from core.ui.people import choose_somebody
from core.ui.room_making import DRAFT, new_company_room, new_group
from core.ui.text import as_label

MESSAGE, NEW_GROUP, NEW_COMPANY_ROOM, BROWSE = "Message somebody", "New group", "New company room", "Browse rooms"
CHOICES = (MESSAGE, NEW_GROUP, NEW_COMPANY_ROOM, BROWSE)
MENU = "new_room"
BROWSED = "browsed_pages"


def menu() -> None:
    st.menu_button("New …", CHOICES, icon=":material/group_add:", key=MENU, on_click=_chosen)


def _chosen() -> None:
    open_dialog(st.session_state[MENU])


def open_dialog(choice: str | None) -> None:
    """Has the next draw of the chat page open it."""
    st.session_state.pop(BROWSED, None)
    st.session_state[DRAFT] = new_id()
    st.session_state[OPEN] = choice


def show(actor: Actor, choice: str) -> None:
    """Opens one of CHOICES."""
    {MESSAGE: message, NEW_GROUP: new_group, NEW_COMPANY_ROOM: new_company_room, BROWSE: browse}[choice](actor)


@dialog("Message somebody")
def message(actor: Actor) -> None:
    st.caption("Only the two of you can read a direct chat. If you have one already, it opens.")
    with st.form("message_somebody", border=False):
        chosen = choose_somebody(actor, "To")
        if not st.form_submit_button("Open chat", type="primary"):
            return
        if chosen is None:
            st.error("Choose somebody first.", icon=":material/error:")
        elif tried(lambda: _open_direct(guard.again(actor), chosen)):
            st.rerun()


def _open_direct(actor: Actor, person: Colleague) -> None:
    links.select_conversation(bootstrap.current().rooms.start_direct(actor, person.id))


@dialog("Company rooms")
def browse(actor: Actor) -> None:
    actor = guard.again(actor)
    rooms = bootstrap.current().rooms
    count = rooms.count_open(actor)
    if not count:
        place = nothing("There are no company rooms yet. One is for a subject that everybody here may follow.")
        if place.button("New company room", type="primary"):
            open_dialog(NEW_COMPANY_ROOM)
            st.rerun()
        return
    st.caption(f"{counted(count, 'room')}. Everybody in the company may join.")

    def load(limit: int, before: Any) -> list[OpenRoomLine]:
        return rooms.list_open(actor, limit=limit, before=before)

    lines, has_more = paged(load, pages_of(BROWSED, PAGE))
    for line in lines:
        _open_room(actor, line)
    if has_more:
        show_more(BROWSED, key="more_rooms")


def _open_room(actor: Actor, line: OpenRoomLine) -> None:
    members = counted(line.member_count, "member")
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        about = f"{members} · active {times.ago(line.last_message_at)}"
        st.markdown(f"**{as_label(line.title, 80)}**  \n:small[{about}]", width="stretch")
        label = "Open" if line.is_member else "Join"
        if st.button(label, key=f"enter_{line.id}", help=f"{label} {as_label(line.title)}") and tried(
            lambda: bootstrap.current().rooms.join(guard.again(actor), line.id)
        ):
            links.select_conversation(line.id)
            st.rerun()
