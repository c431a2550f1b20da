"""What narrows the list of tasks, as the address says it: whose, with whom, how made; and words."""

from dataclasses import dataclass
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.ids import parse_id
from core.models import TaskSource
from core.permissions import Actor
from core.services.task_finding import LONGEST_SEARCH
from core.services.task_views import TasksWanted, Whose
from core.ui import narrowing
from core.ui.controls import distinct
from core.ui.task_words import SOURCES, WHOSE

PERSON, SOURCE = "person", "source"


@dataclass(frozen=True, slots=True)
class Chosen:
    whose: Whose
    words: str
    person_id: UUID | None
    source: TaskSource | None

    @property
    def is_narrowed(self) -> bool:
        """By more than what the counts tell apart."""
        return bool(self.words or self.person_id or self.source)

    @property
    def wanted(self) -> TasksWanted:
        return TasksWanted(whose=self.whose, person_id=self.person_id, source=self.source)


def task_filters(actor: Actor) -> Chosen:
    with st.container(horizontal=True, vertical_alignment="center"):
        label = st.segmented_control(
            "Whose",
            list(WHOSE.values()),
            default=WHOSE[Whose.ALL],
            required=True,
            key="whose",
            bind="query-params",
            label_visibility="collapsed",
        )
        person_id, source = _others(actor)
        words = st.text_input(
            "Find a task",
            placeholder="Find a task",
            key="task_words",
            label_visibility="collapsed",
            icon=":material/search:",
            width=220,
            max_chars=LONGEST_SEARCH,
        )
    whose = next((one for one, name in WHOSE.items() if name == label), Whose.ALL)
    return Chosen(whose, words.strip(), person_id, source)


def _others(actor: Actor) -> tuple[UUID | None, TaskSource | None]:
    person_id, named = parse_id(st.query_params.get(PERSON, "")), st.query_params.get(SOURCE)
    # Who was chosen stays when the last task with them is ticked off: else everybody's would stand there at once.
    shared = bootstrap.current().tasks.people(actor, also=person_id)
    people = {id_: name for id_, name in shared if id_ != actor.user_id}
    if person_id not in people:
        person_id = None
    source = TaskSource(named) if named in list(TaskSource) else None
    with narrowing.filters(bool(person_id) + bool(source)):
        narrowing.one_of("tasks", "Person", distinct(people), person_id, lambda one: _put(PERSON, one))
        narrowing.one_of("tasks", "Source", SOURCES, source, lambda one: _put(SOURCE, one))
        if person_id or source:
            narrowing.clear("tasks", "All tasks", _clear)
    return person_id, source


def _put(name: str, value: object) -> None:
    if value is None:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = str(value)


def _clear() -> None:
    _put(PERSON, None)
    _put(SOURCE, None)
