"""A conversation as it is read: messages, the answer being written, and what can be done with each."""

from collections.abc import Callable
from datetime import tzinfo
from typing import Any
from uuid import UUID

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import bootstrap, clock
from core.ids import new_id
from core.models import MessageRole, MessageStatus, Score
from core.permissions import Actor
from core.services.views import MessageView, Transcript
from core.ui import composer, dialogs, failures, guard, times
from core.ui.leftovers import leave_empty
from core.ui.message_bar import message_bar, message_bar_code
from core.ui.text import as_markdown, as_typed

EDITING = "editing"
WRITING = " :shimmer[…]"
PARTS = 5
"""The most that stands in a message: text, problem, state, remedies, bar."""
EDIT_KEY = "edit_key"
"""One key for one editing: a double click sends one message."""
AVATARS = {MessageRole.USER: ":material/person:", MessageRole.ASSISTANT: ":material/forum:"}
STATES = {
    MessageStatus.STOPPED: "Stopped. What had arrived is kept.",
    MessageStatus.INTERRUPTED: "Interrupted before it was finished. What had arrived is kept.",
}


def transcript(actor: Actor, shown: Transcript) -> DeltaGenerator | None:
    """Draws the messages. The place for the text of the answer being written, which `follow_answer` fills; or None."""
    where = times.zone()
    today = clock.now().astimezone(where).date()
    message_bar_code()
    day, editing, answering = None, st.session_state.get(EDITING), None
    for message in shown.messages:
        said_on = message.created_at.astimezone(where).date()
        if said_on != day:
            day = said_on
            st.caption(times.day_label(day, today), text_alignment="center")
        if message.status is MessageStatus.PENDING:
            answering = _pending(actor, shown, message)
        else:
            _message(actor, shown, message, where, is_editing=editing == message.id)
    return answering


def follow_answer(shown: Transcript, answering: DeltaGenerator | None) -> None:
    """Draws the answer being written until it is over, then the page anew. Leaving in between harms nothing."""
    if shown.active_run_id is None or answering is None:
        return
    begun = len(shown.messages[-1].content)
    for snapshot in bootstrap.current().runner.watch(shown.active_run_id):
        # Also when there is nothing new: only at such a call Streamlit can end a run that nobody looks at any more.
        answering.markdown(_growing(snapshot.text if len(snapshot.text) > begun else shown.messages[-1].content))
    st.rerun()


def _growing(text: str) -> str:
    return as_markdown(text) + WRITING if text else ":shimmer[Thinking …]"


def _pending(actor: Actor, shown: Transcript, message: MessageView) -> DeltaGenerator:
    with st.chat_message("assistant", avatar=AVATARS[MessageRole.ASSISTANT]):
        text = st.empty()
        text.markdown(_growing(message.content))
        st.button(
            "Stop",
            icon=":material/stop_circle:",
            type="tertiary",
            key="stop_answer",
            on_click=composer.stop_answer,
            args=(actor, shown.conversation.id),
        )
        leave_empty(PARTS)
    return text


def _message(actor: Actor, shown: Transcript, message: MessageView, where: tzinfo, *, is_editing: bool) -> None:
    with st.chat_message(message.role.value, avatar=AVATARS.get(message.role, ":material/info:")):
        if message.is_deleted:
            st.caption("Message deleted")
        elif is_editing:
            _editor(actor, message)
        else:
            _content(message)
            _remedies(actor, message)
            _bar(actor, message, where, is_busy=shown.active_run_id is not None)


def _content(message: MessageView) -> None:
    if message.content:
        st.markdown(as_typed(message.content) if message.role is MessageRole.USER else as_markdown(message.content))
    if message.problem:
        st.warning(message.problem, icon=":material/error:")
    if state := STATES.get(message.status):
        st.caption(state + (f" Reference **{message.reference}**." if message.reference else ""))
    elif message.reference:
        st.caption(f"If it stays, tell an admin the reference **{message.reference}**.")
    elif message.reached_limit:
        st.caption("Ended here: the answer reached the longest length allowed.")


def _remedies(actor: Actor, message: MessageView) -> None:
    """What can be done about an answer that ended too early."""
    chat = bootstrap.current().chat
    offers: dict[str, tuple[str, Callable[[Actor, UUID], object]]] = {}
    if message.can_retry:
        offers["Retry"] = ":material/refresh:", chat.retry
    if message.can_resume:
        offers["Continue"] = ":material/play_arrow:", chat.resume
    if not offers:
        return
    with st.container(horizontal=True, gap="small"):
        for label, (icon, act) in offers.items():
            st.button(
                label, icon=icon, key=f"{label.lower()}_{message.id}", on_click=_remedy, args=(actor, message, act)
            )


def _remedy(actor: Actor, message: MessageView, act: Callable[[Actor, UUID], object]) -> None:
    with failures.noticed():
        act(guard.again(actor), message.id)


def _bar(actor: Actor, message: MessageView, where: tzinfo, *, is_busy: bool) -> None:
    data: dict[str, Any] = {
        "time": times.clock_time(message.created_at, where) + (" · edited" if message.is_edited else ""),
        "exact": times.exact(message.created_at, where),
        "copy": message.content,
        "actions": _actions(actor, message, is_busy=is_busy),
        "score": message.score.value if message.score else None,
        "version": None,
    }
    if message.version:
        data["version"] = {
            "number": message.version.number,
            "total": message.version.total,
            "previous": str(message.version.previous_id or "") or None,
            "next": str(message.version.next_id or "") or None,
        }
    message_bar(data, key=f"bar_{message.id}", on_act=lambda name, wanted: _act(actor, message, name, wanted))


def _actions(actor: Actor, message: MessageView, *, is_busy: bool) -> list[str]:
    actions = ["copy"] if message.content else []
    if message.role is MessageRole.ASSISTANT:
        actions += ["up", "down"] if message.content else []
        actions += [] if is_busy or message.can_retry else ["regenerate"]
    elif message.sender_id == actor.user_id and not is_busy:
        actions.append("edit")
    return actions


def _act(actor: Actor, message: MessageView, name: str, wanted: str | None) -> None:
    """What a click in the row under a message does, before the page is drawn anew."""
    chat = bootstrap.current().chat
    with failures.noticed():
        actor = guard.again(actor)
        if name == "edit":
            st.session_state[EDITING] = message.id
            st.session_state[EDIT_KEY] = new_id()
        elif name == "regenerate":
            chat.regenerate(actor, message.id)
        elif name == "version" and wanted:
            chat.show_version(actor, UUID(wanted))
        elif name in ("up", "down"):
            score = Score(name)
            chat.rate(actor, message.id, None if message.score is score else score)
            if score is Score.DOWN and message.score is not score:
                st.session_state[dialogs.RATED] = message.id


def _editor(actor: Actor, message: MessageView) -> None:
    box = f"edit_{message.id}"

    def sent() -> None:
        with failures.noticed():
            bootstrap.current().chat.edit_and_resend(
                guard.again(actor), message.id, st.session_state[box], client_key=st.session_state.get(EDIT_KEY)
            )
            st.session_state.pop(EDITING, None)

    def cancelled() -> None:
        st.session_state.pop(EDITING, None)

    st.text_area("Your message", message.content, key=box, label_visibility="collapsed", height="content")
    with st.container(horizontal=True):
        st.button("Send again", type="primary", key="send_edit", on_click=sent)
        st.button("Cancel", key="cancel_edit", on_click=cancelled)
    st.caption("The earlier version and its answers stay reachable.")
