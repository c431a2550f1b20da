"""A task changed in its place in the list. What is typed stays, whatever becomes of the task meanwhile."""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.errors import Conflict, ParleyError
from core.ids import new_id, parse_id
from core.models import MAX_TASK_DESCRIPTION, MAX_TASK_TITLE, TaskStatus
from core.permissions import Actor
from core.services.task_checks import FIRST_DAY, LAST_DAY
from core.services.task_views import TaskView
from core.typed.near_days import when
from core.ui import failures, guard, task_undo, times
from core.ui.people import assignees
from core.ui.task_words import LONGEST_NAME, quoted
from core.ui.text import as_label

EDITING = "task_editing"
IS_DRAWN = "task_editing_drawn"
TASK = "task"
"""In the address: the task that a link opens."""


NOT_THERE = "The task that this leads to isn't there any more, or isn't yours."


@dataclass(frozen=True, slots=True)
class Editing:
    seen: TaskView
    """As it was when this began, and in the version that this person saw last."""
    theirs: TaskView | None = None
    """What somebody else made of it meanwhile."""


@dataclass(frozen=True, slots=True)
class Typed:
    title: str
    description: str
    due_on: date | None
    assignee_id: UUID


def is_open() -> bool:
    return EDITING in st.session_state


def is_edited(task_id: UUID) -> bool:
    editing: Editing | None = st.session_state.get(EDITING)
    return editing is not None and editing.seen.id == task_id


def begin(actor: Actor, task_id: UUID) -> None:
    """For callbacks."""
    with failures.noticed():
        st.session_state[EDITING] = Editing(bootstrap.current().tasks.get(guard.again(actor), task_id))


def end() -> None:
    st.session_state.pop(EDITING, None)


def follow_link(actor: Actor) -> None:
    """Opens the task that the address names, once: what is typed then stays."""
    st.session_state.pop(IS_DRAWN, None)
    named = st.query_params.pop(TASK, None)
    if named is None or ((task_id := parse_id(named)) and is_edited(task_id)):
        return
    try:
        st.session_state[EDITING] = Editing(bootstrap.current().tasks.get(actor, task_id or new_id()))
    except ParleyError:
        st.info(NOT_THERE, icon=":material/task_alt:")


def stray_editor(actor: Actor) -> None:
    """Where the task in hand is in none of the lists: ticked off or moved meanwhile, not theirs any more, or further
    down than is shown. What is typed stays.
    """
    if is_open() and IS_DRAWN not in st.session_state:
        editor(actor)


def editor(actor: Actor) -> None:
    st.session_state[IS_DRAWN] = True
    editing: Editing = st.session_state[EDITING]
    view = editing.seen
    with st.form(f"edit_{view.id}"):
        typed = _fields(actor, view)
        with st.container(horizontal=True):
            is_saved = st.form_submit_button("Save", type="primary")
            st.form_submit_button("Cancel", on_click=end)
            if view.may_delete:
                st.form_submit_button(
                    "Delete", icon=":material/delete:", type="tertiary", on_click=_delete, args=(actor, view)
                )
        if is_saved:
            _save(actor, editing, typed)
        elif editing.theirs:
            _say_theirs(editing.theirs)


def _fields(actor: Actor, view: TaskView) -> Typed:
    line = view.line
    names = assignees(actor, {line.assignee_id: line.assignee_name})
    title = st.text_input("Title", view.title, max_chars=MAX_TASK_TITLE, key=f"title_{view.id}")
    description = st.text_area(
        "Description", view.description, max_chars=MAX_TASK_DESCRIPTION, height=100, key=f"description_{view.id}"
    )
    left, right = st.columns(2)
    due_on: date | None = left.date_input(
        "Due", line.due_on, min_value=FIRST_DAY, max_value=LAST_DAY, key=f"due_{view.id}", help="Empty: someday."
    )
    assignee_id = right.selectbox(
        "For",
        list(names),
        index=list(names).index(line.assignee_id),
        format_func=lambda one: names.get(one, ""),
        key=f"for_{view.id}",
        filter_mode="contains",
    )
    return Typed(title, description, due_on, assignee_id)


def _save(actor: Actor, editing: Editing, typed: Typed) -> None:
    tasks, view = bootstrap.current().tasks, editing.seen
    try:
        actor = guard.again(actor)
        saved = tasks.update(
            actor,
            view.id,
            title=typed.title,
            description=typed.description,
            due_on=typed.due_on,
            assignee_id=typed.assignee_id,
            version=view.line.version,
        )
    except Conflict as error:
        failures.say(error)
        _take_up(actor, view)
    except ParleyError as error:
        failures.say(error)
    else:
        failures.forget()
        failures.keep_note(saved.masked)
        task_undo.forget()
        end()
        st.rerun()


def _take_up(actor: Actor, view: TaskView) -> None:
    """Who saves once more has seen what they overwrite."""
    try:
        theirs = bootstrap.current().tasks.get(actor, view.id)
    except ParleyError as error:
        failures.say(error)
        return
    st.session_state[EDITING] = Editing(replace(view, line=replace(view.line, version=theirs.line.version)), theirs)
    _say_theirs(theirs)


def _say_theirs(theirs: TaskView) -> None:
    """All of it: whatever differs is overwritten by the next click."""
    line = theirs.line
    is_done = line.status is TaskStatus.DONE
    said = [f"By now it is {quoted(theirs.title)}{', done' if is_done else ''}"]
    said += [f"due {when(line.due_on, times.today())}" if line.due_on else "without a day"]
    said += [f"for {as_label(line.assignee_name, LONGEST_NAME)}"]
    st.caption(f"{', '.join(said)}. Save again to put yours in its place.")
    if theirs.description:
        st.caption("Its description by now:")
        st.text(theirs.description)


def _delete(actor: Actor, view: TaskView) -> None:
    end()
    with failures.noticed():
        bootstrap.current().tasks.delete(guard.again(actor), view.id)
        task_undo.keep(f"Deleted {quoted(view.title)}.", lambda tasks, actor: tasks.restore(actor, view.id))
