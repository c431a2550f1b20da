"""Making a group or a company room."""

from collections.abc import Collection
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.models import ConversationKind, History
from core.permissions import Actor
from core.ui import guard, links
from core.ui.dialogs import dialog, tried
from core.ui.people import choose_people

DRAFT = "room_draft"
"""There from the opening of the dialog until its room is made: a double click makes one room."""
SEEN_BY_NEWCOMERS = {
    History.ALL: "Everything that was said here",
    History.JOINED: "What is said from their joining on",
}


@dialog("New group")
def new_group(actor: Actor) -> None:
    st.caption("Only members can read a group. You can add more people later.")
    with st.form("new_group", border=False):
        title = st.text_input("Name", placeholder="Spring fair")
        people = choose_people(actor, "People")
        history = newcomers_see()
        if st.form_submit_button("Make group", type="primary"):
            _make(actor, ConversationKind.GROUP, title, history, [person.id for person in people])


@dialog("New company room")
def new_company_room(actor: Actor) -> None:
    st.caption("Everybody in the company can find it and join.")
    with st.form("new_company_room", border=False):
        title = st.text_input("Name", placeholder="Announcements")
        history = newcomers_see()
        if st.form_submit_button("Make room", type="primary"):
            _make(actor, ConversationKind.COMPANY, title, history)


def newcomers_see(current: History = History.ALL) -> History:
    """Asks for it."""
    choices = list(SEEN_BY_NEWCOMERS)
    return st.radio(
        "Who joins later sees", choices, index=choices.index(current), format_func=lambda one: SEEN_BY_NEWCOMERS[one]
    )


def _make(actor: Actor, kind: ConversationKind, title: str, history: History, user_ids: Collection[UUID] = ()) -> None:
    def make() -> None:
        rooms = bootstrap.current().rooms
        links.select_conversation(rooms.create(guard.again(actor), kind, title, user_ids=user_ids, history=history))
        del st.session_state[DRAFT]

    if DRAFT not in st.session_state or tried(make):
        st.rerun()
