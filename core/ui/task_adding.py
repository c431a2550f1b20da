"""The line on top of the tasks: what, for whom and until when, in one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import streamlit as st

from core import bootstrap, clock
from core.ids import new_id
from core.permissions import Actor
from core.services.colleagues import named
from core.services.task_views import NewTask
from core.typed.names import Named
from core.typed.task_line import read_task_line
from core.ui import failures, guard, task_editing, task_undo, times
from core.ui.task_words import made

LINE = "task_line"
LAST = "task_line_last"
TWICE = timedelta(seconds=2)
"""The same line again within this time is a double click."""


@dataclass(frozen=True, slots=True)
class Sent:
    text: str
    at: datetime
    client_key: UUID


def quick_add(actor: Actor) -> None:
    with st.form("task_add", border=False), st.container(horizontal=True, vertical_alignment="bottom", wrap=False):
        st.text_input(
            "New task",
            placeholder="Call the bakery @Bo tomorrow",
            key=LINE,
            label_visibility="collapsed",
        )
        st.form_submit_button(
            "Add", type="secondary" if task_editing.is_open() else "primary", on_click=_add, args=(actor,)
        )


def _add(actor: Actor) -> None:
    """What can't be read stays in the field."""
    text: str = st.session_state[LINE]
    with failures.noticed():
        actor, today = guard.again(actor), times.today()
        parsed = read_task_line(text, today=today, locale=st.context.locale or "en", people=_people(actor, text))
        new = NewTask(parsed.title, due_on=parsed.due_on, assignee_id=parsed.assignee_id)
        view = bootstrap.current().tasks.create(actor, new, client_key=_key(text))
        failures.keep_note(view.masked)
        said, version = made(actor, view.line, today), view.line.version
        task_undo.keep(said, lambda tasks, actor: tasks.delete(actor, view.id, version=version))
        st.session_state[LINE] = ""


def _people(actor: Actor, text: str) -> tuple[Named, ...]:
    if "@" not in text:
        return ()
    return named(bootstrap.current().people.directory(actor), actor)


def _key(text: str) -> UUID:
    last: Sent | None = st.session_state.get(LAST)
    now = clock.now()
    key = last.client_key if last and last.text == text and now - last.at < TWICE else new_id()
    st.session_state[LAST] = Sent(text, now, key)
    return key
