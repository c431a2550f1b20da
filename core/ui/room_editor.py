"""Editing what one said in a room, in its place. Nothing typed is lost when it can't be saved."""

from collections.abc import Callable
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.errors import ParleyError
from core.permissions import Actor
from core.services.views import MessageView
from core.ui import failures, guard, refusals, room_view

PROBLEMS = "editing_problems"


def begin(message_id: UUID) -> None:
    st.session_state[room_view.EDITING] = room_view.editing() | {message_id}


def editor(actor: Actor, message: MessageView, refresh: Callable[[], None]) -> None:
    box = f"edit_{message.id}"

    def saved() -> None:
        try:
            failures.keep_note(bootstrap.current().talk.edit(guard.again(actor), message.id, st.session_state[box]))
        except ParleyError as error:
            refusals.note(error)
            st.session_state.setdefault(PROBLEMS, {})[message.id] = failures.sentence_of(error)
        else:
            cancelled()

    def cancelled() -> None:
        st.session_state[room_view.EDITING] = room_view.editing() - {message.id}
        st.session_state.get(PROBLEMS, {}).pop(message.id, None)
        refresh()

    with st.form(f"editing_{message.id}", border=False):
        st.text_area("Your message", message.content, key=box, label_visibility="collapsed", height="content")
        if problem := st.session_state.get(PROBLEMS, {}).get(message.id):
            st.error(problem, icon=":material/error:")
        with st.container(horizontal=True):
            st.form_submit_button("Save", type="primary", on_click=saved)
            st.form_submit_button("Cancel", on_click=cancelled)
