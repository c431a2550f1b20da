"""A task made of a message, from where it is read."""

from uuid import UUID

import streamlit as st

from core import bootstrap
from core.assistant.titles import title_from
from core.ids import new_id
from core.models import MAX_TASK_TITLE
from core.permissions import Actor, Permission
from core.services.task_checks import FIRST_DAY, LAST_DAY
from core.services.task_views import NewTask
from core.services.views import MessageView
from core.ui import failures, guard, times
from core.ui.dialogs import dialog, tried
from core.ui.people import assignees
from core.ui.task_words import made

MAKING = "task_of_message"
"""Of which message the next draw makes one: its id, the title to begin with, and a key, by which twice is once."""
ACT = "task"
"""In the rows under messages."""


def can_make(actor: Actor, message: MessageView) -> bool:
    return bool(message.content) and actor.may(Permission.RECORDS_KEEP)


def begin(message: MessageView) -> None:
    """For callbacks."""
    first_line = next((line for line in message.content.splitlines() if line.strip()), "")
    st.session_state[MAKING] = message.id, title_from(first_line, MAX_TASK_TITLE), new_id()


def asked_for(actor: Actor) -> bool:
    """Opens the dialog if somebody clicked on it; whether it did."""
    making = st.session_state.pop(MAKING, None)
    if making:
        _ask(actor, *making)
    return bool(making)


@dialog("Make a task of this message")
def _ask(actor: Actor, message_id: UUID, first_line: str, client_key: UUID) -> None:
    names = assignees(actor, {})
    with st.form("task_of_message", border=False):
        title = st.text_input("Title", first_line, max_chars=MAX_TASK_TITLE)
        left, right = st.columns(2)
        due_on = left.date_input("Due", None, min_value=FIRST_DAY, max_value=LAST_DAY, help="Empty: someday.")
        assignee_id = right.selectbox(
            "For", list(names), format_func=lambda one: names.get(one, ""), filter_mode="contains"
        )
        st.caption("The task leads back to the message, for whoever may read it.")
        if not st.form_submit_button("Add task", type="primary"):
            return
        new = NewTask(title, due_on=due_on, assignee_id=assignee_id, message_id=message_id)
        if tried(lambda: _make(actor, new, client_key)):
            st.rerun()


def _make(actor: Actor, new: NewTask, client_key: UUID) -> None:
    actor = guard.again(actor)
    view = bootstrap.current().tasks.create(actor, new, client_key=client_key)
    failures.keep_note(view.masked)
    st.toast(made(actor, view.line, times.today()), icon=":material/task_alt:")
