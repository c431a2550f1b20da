"""The tasks of a page in their groups, each as far as it is wanted."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import streamlit as st

from core import bootstrap
from core.permissions import Actor
from core.services.task_views import TaskCounts, TaskGroup, TaskLine, TaskPage, TaskPlace, Whose
from core.ui import failures, guard, task_editing, task_undo, times
from core.ui.nothing import nothing
from core.ui.task_filters import Chosen
from core.ui.task_row import task_row
from core.ui.task_words import GROUPS

FIRST, MORE = 25, 50
"""Tasks of a group that are shown at first, and with each wish for more."""
PAGES = "task_pages"
FOUND = "found"
HOW = (
    "Write above what is to be done. A day at the end says until when: **tomorrow**, **friday**, **in 3 days**, "
    "**15 May**; **@name** gives it to a colleague. What stands in quotes stays in the title."
)

Load = Callable[[TaskPlace | None, int], TaskPage]


def task_list(actor: Actor, chosen: Chosen) -> None:
    above, today = st.container(), times.today()
    if chosen.words:
        _found(actor, chosen, today)
    else:
        _groups(actor, chosen, today)
    with above:
        task_editing.stray_editor(actor)


def _groups(actor: Actor, chosen: Chosen, today: date) -> None:
    counts = None if chosen.is_narrowed else bootstrap.current().tasks.counts(actor, today, chosen.whose)
    drawn = [_group(actor, chosen, group, today, counts) for group in TaskGroup if group is not TaskGroup.DONE]
    if not any(drawn):
        _nothing(chosen)
    _done(actor, chosen, today)


def _group(actor: Actor, chosen: Chosen, group: TaskGroup, today: date, counts: TaskCounts | None) -> bool:
    """Whether there is any such task."""
    count = None if counts is None else getattr(counts, group.value)
    load = _loader(actor, chosen, group, today)
    if count == 0 or (count is None and not load(None, 1).tasks):
        return False
    label = GROUPS[group] if count is None else f"{GROUPS[group]} · {count:,}"
    place = st.expander(label, expanded=True, key=f"group_{group}", on_change="rerun")
    if place.open:
        with place:
            _rows(actor, group, today, load)
    return True


def _done(actor: Actor, chosen: Chosen, today: date) -> None:
    place = st.expander(GROUPS[TaskGroup.DONE], key=f"group_{TaskGroup.DONE}", on_change="rerun")
    if not place.open:
        return
    with place:
        if not _rows(actor, TaskGroup.DONE, today, _loader(actor, chosen, TaskGroup.DONE, today)):
            nothing("Nothing is done yet.")
        elif not chosen.is_narrowed and chosen.whose is Whose.ALL:
            _clear_button(actor)


def _loader(actor: Actor, chosen: Chosen, group: TaskGroup, today: date) -> Load:
    tasks, wanted = bootstrap.current().tasks, replace(chosen.wanted, group=group, today=today)
    return lambda after, limit: tasks.list_page(actor, wanted, after=after, limit=limit)


def _rows(actor: Actor, name: str, today: date, load: Load) -> bool:
    """Page by page, each from where the one before ended. Whether there are any, or may be."""
    lines: list[TaskLine] = []
    after: TaskPlace | None = None
    for size in [FIRST] + [MORE] * _pages().get(name, 0):
        page = load(after, size)
        lines += page.tasks
        after = page.next
        if after is None:
            break
    with st.container(gap="xsmall"):
        for line in lines:
            task_row(actor, line, today)
    if after is not None:
        _more_button(name, "Show more" if lines else "Look further back")
    return bool(lines) or after is not None


def _found(actor: Actor, chosen: Chosen, today: date) -> None:
    """Whatever their state, the newest first."""
    tasks = bootstrap.current().tasks

    def load(after: TaskPlace | None, limit: int) -> TaskPage:
        return tasks.find(actor, chosen.words, chosen.wanted, after=after, limit=limit)

    if not _rows(actor, FOUND, today, load):
        nothing("No task has all of these words. Leave one out, or write only how it begins.")


def _nothing(chosen: Chosen) -> None:
    if chosen.is_narrowed:
        nothing("No open task fits these filters.")
    elif chosen.whose is Whose.GIVEN:
        nothing("Nobody has anything to do for you. **@name** in the line above gives a task to a colleague.")
    else:
        nothing(f"Nothing to do. {HOW}")


def _pages() -> dict[str, int]:
    """How often more was wished for, by group."""
    pages: dict[str, int] = st.session_state.setdefault(PAGES, {})
    return pages


def _more_button(name: str, label: str) -> None:
    def more() -> None:
        _pages()[name] = _pages().get(name, 0) + 1

    st.button(label, icon=":material/expand_more:", type="tertiary", key=f"more_{name}", on_click=more)


def _clear_button(actor: Actor) -> None:
    def clear() -> None:
        with failures.noticed():
            count, at = bootstrap.current().tasks.clear_done(guard.again(actor))
            if not count:
                failures.keep_note("What is done here was given to you: only who gave it can clear it.")
                return
            said = "One done task was cleared." if count == 1 else f"{count:,} done tasks were cleared."
            task_undo.keep(said, lambda tasks, actor: tasks.restore_cleared(actor, at))

    st.button("Clear done", icon=":material/clear_all:", type="tertiary", key="clear_done", on_click=clear)
