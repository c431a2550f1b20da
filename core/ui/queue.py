"""Questions that wait below the answer being written: shown in their order, to be edited, taken back or hurried."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.errors import ParleyError
from core.permissions import Actor
from core.services.views import QueuedView, Transcript
from core.ui import composer, failures, guard
from core.ui.leftovers import leave_empty
from core.ui.text import as_label, as_typed

EDITING = "editing_queued"
DRAWN = "queue_drawn"

Act = Callable[[Actor, UUID], None]


@dataclass(frozen=True, slots=True)
class Editing:
    """What this tab is editing, as it was."""

    id: UUID
    conversation_id: UUID
    content: str


def queue(actor: Actor, shown: Transcript) -> None:
    editing: Editing | None = st.session_state.get(EDITING)
    if editing and editing.conversation_id != shown.conversation.id:
        editing = None
    with st.container():
        note = st.empty()
        if shown.queued and shown.active_run_id is None:
            note.caption(_why_waiting(shown))
        for place, question in enumerate(shown.queued, 1):
            with st.chat_message("user", avatar=":material/schedule:"):
                if editing and editing.id == question.id:
                    _editor(actor, editing)
                else:
                    st.markdown(as_typed(question.content))
                    _row(actor, question, place, len(shown.queued))
                    leave_empty(1)
        drawn = len(shown.queued)
        if editing and editing.id not in {question.id for question in shown.queued}:
            drawn += _orphan(actor, shown, editing)
        leave_empty(st.session_state.get(DRAWN, 0) - drawn)
    st.session_state[DRAWN] = drawn


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
        states = ["Next" if place == 1 else f"{place} of {count}"]
        states += ["being edited"] if question.is_held else []
        states += [] if question.is_mine else [as_label(question.sender_name)]
        st.caption(" · ".join(states), width="content")
        if not question.is_mine:
            return
        service = bootstrap.current().queue
        offers: dict[str, tuple[str, Act]] = {
            "Send now": (":material/arrow_upward:", service.send_now),
            "Edit": (":material/edit:", partial(_begin_edit, question)),
            "Remove": (":material/close:", service.remove),
        }
        if question.is_held:  # in another tab
            offers = {"Edit here": offers["Edit"]}
        for label, (icon, act) in offers.items():
            key = f"{label.split()[0].lower()}_{question.id}"
            st.button(label, icon=icon, type="tertiary", key=key, on_click=_act, args=(actor, question.id, act))
        leave_empty(3 - len(offers))


def _act(actor: Actor, question_id: UUID, act: Act) -> None:
    with failures.noticed():
        act(guard.again(actor), question_id)


def _begin_edit(question: QueuedView, actor: Actor, question_id: UUID) -> None:
    bootstrap.current().queue.hold(actor, question_id)
    st.session_state[EDITING] = Editing(question_id, question.conversation_id, question.content)


def _editor(actor: Actor, editing: Editing) -> None:
    service = bootstrap.current().queue

    def saved() -> None:
        try:
            failures.keep_note(service.edit(guard.again(actor), editing.id, st.session_state[_box(editing)]))
        except ParleyError as error:
            failures.keep_notice(error)
        else:
            st.session_state.pop(EDITING, None)

    def cancelled() -> None:
        st.session_state.pop(EDITING, None)
        _act(actor, editing.id, service.release)

    _form(editing, {"Save": saved, "Cancel": cancelled})
    st.caption("While you edit it, neither it nor those behind it are sent.")
    leave_empty(1)


def _orphan(actor: Actor, shown: Transcript, editing: Editing) -> int:
    """The editor of a question that was sent or taken back meanwhile: what was written in it is not lost. How many
    places it took.
    """

    def asked() -> None:
        if composer.send(actor, shown.conversation.id, st.session_state[_box(editing)]):
            st.session_state.pop(EDITING, None)

    def discarded() -> None:
        st.session_state.pop(EDITING, None)

    with st.chat_message("user", avatar=":material/edit:"):
        _form(editing, {"Ask this as well": asked, "Discard": discarded})
        st.caption("This question was sent, or taken back, while you were editing it.")
        leave_empty(1)
    return 1


def _form(editing: Editing, acts: dict[str, Callable[[], None]]) -> None:
    with st.form(f"edit_{editing.id}", border=False):
        st.text_area(
            "Your question", editing.content, key=_box(editing), label_visibility="collapsed", height="content"
        )
        with st.container(horizontal=True):
            for place, (label, act) in enumerate(acts.items()):
                st.form_submit_button(label, type="secondary" if place else "primary", on_click=act)


def _box(editing: Editing) -> str:
    return f"queued_{editing.id}"
