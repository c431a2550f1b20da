"""What changes a room as a whole and is asked in a window of its own, each with what follows from it."""

import streamlit as st

from core import bootstrap
from core.amounts import counted
from core.models import ConversationKind
from core.permissions import Actor
from core.services.room_views import RoomView
from core.ui import guard, links
from core.ui.composer import UNDO
from core.ui.dialogs import dialog, tried
from core.ui.room_making import newcomers_see
from core.ui.text import as_label


@dialog("What newcomers see")
def history(actor: Actor, room: RoomView) -> None:
    st.caption("It acts at once, for everybody who is here, and a notice tells the room.")
    with st.form("history", border=False):
        chosen = newcomers_see(room.history)
        if st.form_submit_button("Save", type="primary") and tried(
            lambda: bootstrap.current().rooms.set_history(guard.again(actor), room.id, chosen)
        ):
            st.rerun()


@dialog("Leave this room?")
def leave(actor: Actor, room: RoomView) -> None:
    back = (
        "You can join again."
        if room.kind is ConversationKind.COMPANY
        else "Only those who look after it can add you again."
    )
    st.markdown(
        f"You won't be able to read anything in **{as_label(room.title)}** any more. "
        f"What you wrote stays for the others. {back}"
    )
    if st.button("Leave", type="primary", key="confirm_leaving") and tried(
        lambda: bootstrap.current().members.leave(guard.again(actor), room.id)
    ):
        links.select_conversation(None)
        st.rerun()


@dialog("Archive this room?")
def archive(actor: Actor, room: RoomView) -> None:
    st.markdown(
        f"Nobody can write in **{as_label(room.title)}** then, and it leaves everybody's list. "
        "Its members can still read it under Archived chats. Owners can bring it back."
    )
    if st.button("Archive", type="primary", key="confirm_archiving") and tried(
        lambda: bootstrap.current().conversations.archive(guard.again(actor), room.id)
    ):
        _put_away("Archived", room)


@dialog("Delete this room?")
def delete(actor: Actor, room: RoomView) -> None:
    others = room.member_count - 1
    whose = f"you and {counted(others, 'other')}" if others else "you"
    st.markdown(f"The room and everything that was said in it goes away for {whose}. To only close it, archive it.")
    with st.form("delete_room", border=False):
        typed = st.text_input(f"To confirm, type its name: {as_label(room.title, 200)}")
        if not st.form_submit_button("Delete", type="primary"):
            return
        if " ".join(typed.split()) != room.title:
            st.error("Nothing was deleted: the name doesn't match.", icon=":material/error:")
        elif tried(lambda: bootstrap.current().conversations.delete(guard.again(actor), room.id)):
            _put_away("Deleted", room)


def _put_away(what: str, room: RoomView) -> None:
    st.session_state[UNDO] = (what, room.id, room.title)
    links.select_conversation(None)
    st.rerun()
