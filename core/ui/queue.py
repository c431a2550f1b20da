"""Questions that wait below the answer being written: shown in their order, to be edited, taken back or hurried."""

from collections.abc import Callable
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.errors import ParleyError
from core.permissions import Actor
from core.services.views import QueuedView, Transcript
from core.ui import failures, guard
from core.ui.text import as_label, as_typed

EDITING = "editing_queued"
NEXT = "Waiting · next"
WAITING = "Waiting · {place} of {count}"
IDLE = "Nothing is sent by itself just now: retry or continue the answer above, or send a question yourself."


def queue(actor: Actor, shown: Transcript) -> None:
    if not shown.queued:
        return
    if shown.active_run_id is None:
        held = next((one for one in shown.queued if one.is_held), None)
        st.caption(f"{_who(held)} editing a question; the others wait for it." if held else IDLE)
    for place, question in enumerate(shown.queued, 1):
        with st.chat_message("user", avatar=":material/schedule:"):
            if question.is_mine and st.session_state.get(EDITING) == question.id:
                _editor(actor, question)
            else:
                st.markdown(as_typed(question.content))
                _row(actor, question, place, len(shown.queued))


def _who(question: QueuedView) -> str:
    return "You are" if question.is_mine else f"{as_label(question.sender_name)} is"


def _row(actor: Actor, question: QueuedView, place: int, count: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        state = NEXT if place == 1 else WAITING.format(place=place, count=count)
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

    st.text_area("Your question", question.content, key=box, label_visibility="collapsed", height="content")
    with st.container(horizontal=True):
        st.button("Save", type="primary", key="save_queued", on_click=saved)
        st.button("Cancel", key="cancel_queued", on_click=cancelled)
    st.caption("While you edit it, neither it nor those behind it are sent.")
