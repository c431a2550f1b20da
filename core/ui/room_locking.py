"""Locking and unlocking a room, from its case, its own menu, or the list of those that are locked."""

from collections.abc import Callable
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.models import MAX_REASON, ConversationKind
from core.permissions import Actor
from core.ui import guard
from core.ui.dialogs import dialog, tried
from core.ui.text import as_label

LONGEST_TITLE = 80
A_ROOM = {
    ConversationKind.DIRECT: "a direct chat",
    ConversationKind.GROUP: "a group",
    ConversationKind.COMPANY: "a company room",
    ConversationKind.ASSISTANT: "a chat with the assistant",
}
FOLLOWS = (
    "Nobody can write there, edit, react, ask the assistant, or change its name or members, until a moderator unlocks "
    "it. What was said can still be read, and one's own messages be deleted. A line in the room says so, and why."
)


def named(kind: ConversationKind, title: str) -> str:
    """Of what is said in private only what it is."""
    return f"“{as_label(title, LONGEST_TITLE)}”" if title else A_ROOM[kind]


@dialog("Lock this room?")
def lock_room(name: str, lock: Callable[[Actor, str], None], actor: Actor, told: Callable[[str], None]) -> None:
    """`lock` is given the moderator and the reason; `told` what to say of it afterwards."""
    st.markdown(f"**{name[:1].upper()}{name[1:]}**")
    st.markdown(FOLLOWS)
    with st.form("lock_room", border=False):
        reason = st.text_input("Reason", placeholder="Everybody in the room reads it", max_chars=MAX_REASON)
        if st.form_submit_button("Lock", type="primary") and tried(lambda: lock(guard.again(actor), reason)):
            told("Locked. Unlock opens it again.")
            st.rerun()


@dialog("Unlock this room?")
def unlock_room(name: str, conversation_id: UUID, actor: Actor, told: Callable[[str], None]) -> None:
    st.markdown(f"**{name[:1].upper()}{name[1:]}**")
    st.markdown(
        "Everybody in it can write again, and a line in the room says so. Questions that waited there are asked."
    )
    with st.form("unlock_room", border=False):
        note = st.text_input("Note", placeholder="Optional; for moderators and the audit", max_chars=MAX_REASON)
        if st.form_submit_button("Unlock", type="primary") and tried(
            lambda: bootstrap.current().room_locks.unlock(guard.again(actor), conversation_id, note)
        ):
            told("Unlocked.")
            st.rerun()
