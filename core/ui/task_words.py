"""Tasks in words: when they are due, whose they are, what became of them."""

from datetime import date

from core.models import MAX_TASK_TITLE, TaskSource, TaskStatus
from core.permissions import Actor
from core.services.task_views import TaskGroup, TaskLine, Whose
from core.typed.near_days import when
from core.ui.text import as_label

GROUPS = {
    TaskGroup.OVERDUE: "Overdue",
    TaskGroup.TODAY: "Today",
    TaskGroup.UPCOMING: "Upcoming",
    TaskGroup.SOMEDAY: "Someday",
    TaskGroup.DONE: "Done",
}
WHOSE = {Whose.ALL: "All", Whose.MINE: "Mine", Whose.GIVEN: "Given to others"}
SOURCES = {
    TaskSource.PERSON: "Made by hand",
    TaskSource.COMMAND: "Made by /task",
    TaskSource.ASSISTANT: "Made by the assistant",
}
LONGEST_NAME = 40
LONGEST_SHOWN = 80


def quoted(title: str) -> str:
    return f"“{as_label(title, LONGEST_SHOWN)}”"


def title_of(line: TaskLine) -> str:
    return as_label(line.title, MAX_TASK_TITLE)


def about(actor: Actor, line: TaskLine, today: date) -> str:
    """What stands behind the title: when it is due, who is to do it, who gave it."""
    said = []
    if line.due_on and line.status is TaskStatus.OPEN:
        due = when(line.due_on, today)
        said.append(f":red[{due}]" if line.due_on < today else due)
    if line.assignee_id != actor.user_id:
        said.append(f"for {as_label(line.assignee_name, LONGEST_NAME)}")
    elif line.owner_id != actor.user_id:
        said.append(f"from {as_label(line.owner_name, LONGEST_NAME)}")
    if line.has_description:
        said.append(":material/notes:")
    return " · ".join(said)


def made(actor: Actor, line: TaskLine, today: date) -> str:
    """A sentence on a new task."""
    whom = "" if line.assignee_id == actor.user_id else f" for {as_label(line.assignee_name, LONGEST_NAME)}"
    due = f", due {when(line.due_on, today)}" if line.due_on else ""
    return f"Added {quoted(line.title)}{whom}{due}."
