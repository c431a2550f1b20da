"""A chat with the assistant as it is read: messages, the answer being written, and what can be done with each."""

from collections.abc import Sequence
from datetime import tzinfo
from uuid import UUID

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import bootstrap, clock
from core.ids import new_id
from core.models import MessageRole, MessageStatus, Score
from core.permissions import Actor
from core.services.views import MessageView, Transcript
from core.ui import composer, failures, guard, reporting, steps, task_making, times
from core.ui.leftovers import leave_empty
from core.ui.live import follows
from core.ui.message import AVATARS, bar_data, ending, growing, rate, remedies, stop_button, text_so_far
from core.ui.message_bar import Act, message_bar, message_bar_code
from core.ui.steps import Hand
from core.ui.text import as_typed

EDITING = "editing"
PARTS = 7
"""The most that stands in a message: text with its steps, problem, state, two traces of moderation, remedies, bar."""
EDIT_KEY = "edit_key"
"""One key for one editing: a double click sends one message."""


def transcript(actor: Actor, shown: Transcript) -> DeltaGenerator | None:
    """Draws the messages. The place for the text of the answer being written, which `follow_answer` fills; or None."""
    where = times.zone()
    today = clock.now().astimezone(where).date()
    message_bar_code(lambda acts: _act_all(actor, shown, acts))
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
    message = shown.messages[-1]
    above = steps.end_of(message)
    follows()
    for snapshot in bootstrap.current().runner.watch(shown.active_run_id):
        # Also when there is nothing new: only at such a call Streamlit can end a run that nobody looks at any more.
        answering.markdown(growing(max(message.content, snapshot.text, key=len)[above:]))
    st.rerun()


def _pending(actor: Actor, shown: Transcript, message: MessageView) -> DeltaGenerator:
    with st.chat_message("assistant", avatar=AVATARS[MessageRole.ASSISTANT]):
        written = text_so_far(message)
        steps.begun(message, written, Hand(actor))
        text = st.empty()
        text.markdown(growing(written[steps.end_of(message) :]))
        stop_button(lambda: composer.stop_answer(actor, shown.conversation.id))
        leave_empty(PARTS)
    return text


def _message(actor: Actor, shown: Transcript, message: MessageView, where: tzinfo, *, is_editing: bool) -> None:
    with st.chat_message(message.role.value, avatar=AVATARS.get(message.role, ":material/info:")):
        if message.is_deleted:
            st.caption(reporting.deleted_text(message))
            reporting.traces(message)
        elif is_editing:
            _editor(actor, message)
        else:
            _content(actor, message)
            remedies(actor, message)
            _bar(actor, message, where, is_busy=shown.active_run_id is not None)


def _content(actor: Actor, message: MessageView) -> None:
    if message.role is not MessageRole.USER:
        steps.told(message, Hand(actor))
    elif message.content:
        st.markdown(as_typed(message.content))
    ending(message)
    reporting.traces(message)


def _bar(actor: Actor, message: MessageView, where: tzinfo, *, is_busy: bool) -> None:
    data = bar_data(message, where) | {"actions": _actions(actor, message, is_busy=is_busy)}
    offers = {task_making.ACT: task_making.can_make(actor, message), "report": reporting.can_report(message)}
    if menu := [name for name, is_offered in offers.items() if is_offered]:
        data |= {"actions": [*data["actions"], "more"], "menu": menu}
    if message.version:
        data["version"] = {
            "number": message.version.number,
            "total": message.version.total,
            "previous": str(message.version.previous_id or "") or None,
            "next": str(message.version.next_id or "") or None,
        }
    message_bar(data, key=f"bar_{message.id}")


def _actions(actor: Actor, message: MessageView, *, is_busy: bool) -> list[str]:
    actions = ["copy"] if message.content else []
    if message.role is MessageRole.ASSISTANT:
        actions += ["up", "down"] if message.content else []
        actions += [] if is_busy or message.can_retry else ["regenerate"]
    elif message.sender_id == actor.user_id and not is_busy:
        actions.append("edit")
    return actions


def _act_all(actor: Actor, shown: Transcript, acts: Sequence[Act]) -> None:
    messages = {message.id: message for message in shown.messages}
    for act in acts:
        if message := messages.get(act.message_id):
            _act(actor, message, act.name, act.value)


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
            rate(actor, message, Score(name))
        elif name == "report":
            st.session_state[reporting.REPORTING] = message.id
        elif name == task_making.ACT:
            task_making.begin(message)


def _editor(actor: Actor, message: MessageView) -> None:
    box = f"edit_{message.id}"

    def sent() -> None:
        with failures.noticed():
            asked = bootstrap.current().chat.edit_and_resend(
                guard.again(actor), message.id, st.session_state[box], client_key=st.session_state.get(EDIT_KEY)
            )
            failures.keep_note(asked.masked)
            st.session_state.pop(EDITING, None)

    def cancelled() -> None:
        st.session_state.pop(EDITING, None)

    st.text_area("Your message", message.content, key=box, label_visibility="collapsed", height="content")
    with st.container(horizontal=True):
        st.button("Send again", type="primary", key="send_edit", on_click=sent)
        st.button("Cancel", key="cancel_edit", on_click=cancelled)
    st.caption("The earlier version and its answers stay reachable.")
