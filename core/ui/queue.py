"""Questions that wait below the answer being written: shown in their order, to be edited, taken back or hurried."""

from collections.abc import Callable
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.errors import ParleyError
from core.permissions import Actor
from core.services.views import QueuedView, Transcript
from core.ui import failures, guard
from core.ui.leftovers import leave_empty
from core.ui.text import as_label, as_typed

EDITING = "editing_queued"
DRAWN = "queue_drawn"


def queue(actor: Actor, shown: Transcript) -> None:
    with st.container():
        note = st.empty()
        if shown.queued and shown.active_run_id is None:
            note.caption(_why_waiting(shown))
        for place, question in enumerate(shown.queued, 1):
            with st.chat_message("user", avatar=":material/schedule:"):
                if question.is_mine and st.session_state.get(EDITING) == question.id:
                    _editor(actor, question)
                else:
                    st.markdown(as_typed(question.content))
                    _row(actor, question, place, len(shown.queued))
                    leave_empty(1)
        leave_empty(st.session_state.get(DRAWN, 0) - len(shown.queued))
    st.session_state[DRAWN] = len(shown.queued)


def _why_waiting(shown: Transcript) -> str:
    if held := next((one for one in shown.queued if one.is_held), None):
        return f"{_who(held)} editing a question; the others wait for it."
    if shown.messages and (shown.messages[-1].can_retry or shown.messages[-1].can_resume):
        return "Waiting for you: retry or continue the answer above, or send one of these now."
    return "Waiting for you: send one of these now."


def _who(question: QueuedView) -> str:
    return "You are" if question.is_mine else f"{as_label(question.sender_name)} is"


def _row(actor: Actor, question: QueuedView, place: int, count: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        state = "Next" if place == 1 else f"{place} of {count}"
        st.caption(state if question.is_mine else f"{state} · {as_label(question.sender_name)}", width="content")
        if not question.is_mine:
            return
        service = bootstrap.current().queue
        for label, icon, act in (
            ("Send now", ":material/arrow_upward:", service.send_now),
            ("Edit", ":material/edit:", _begin_edit),
            ("Remove", ":material/close:", service.remove),
        ):
            st.button(
                label,
                icon=icon,
                type="tertiary",
                key=f"{label.split()[0].lower()}_{question.id}",
                on_click=_act,
                args=(actor, question.id, act),
            )


def _act(actor: Actor, question_id: UUID, act: Callable[[Actor, UUID], None]) -> None:
    with failures.noticed():
        act(guard.again(actor), question_id)


def _begin_edit(actor: Actor, question_id: UUID) -> None:
    bootstrap.current().queue.hold(actor, question_id)
    st.session_state[EDITING] = question_id


def _editor(actor: Actor, question: QueuedView) -> None:
    box = f"queued_{question.id}"
    service = bootstrap.current().queue

    def saved() -> None:
        text = st.session_state[box]
        try:
            service.edit(guard.again(actor), question.id, text)
        except ParleyError as error:
            failures.keep_notice(error)
        else:
            st.session_state.pop(EDITING, None)

    def cancelled() -> None:
        st.session_state.pop(EDITING, None)
        _act(actor, question.id, service.release)

    with st.form("edit_queued", border=False):
        st.text_area("Your question", question.content, key=box, label_visibility="collapsed", height="content")
        with st.container(horizontal=True):
            st.form_submit_button("Save", type="primary", on_click=saved)
            st.form_submit_button("Cancel", on_click=cancelled)
    st.caption("While you edit it, neither it nor those behind it are sent.")
    leave_empty(1)
