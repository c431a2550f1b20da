"""/task, /tasks and /done: what people do with tasks without a model."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import get_args
from uuid import UUID

from core.assistant.commands import Command, Line, Reply, ToolCall, Typed, Undo, called
from core.assistant.tools.registry import Caller, Link, Result, Tool
from core.assistant.tools.task_results import link_to
from core.assistant.tools.task_undo import service_of
from core.assistant.tools.tasks import COMPLETE, CREATE, Due, Status, wanted_of
from core.errors import Invalid
from core.models import TaskStatus
from core.permissions import Permission
from core.search.words import fold
from core.services.colleagues import find_colleague, named
from core.services.people import PeopleService
from core.services.task_views import TaskLine, TasksWanted, Whose
from core.typed.near_days import when
from core.typed.task_line import read_task_line

KIND = "task"
SHOWN = 10
LOOKED_THROUGH = 200
"""Open tasks among which /done looks for words."""
USAGE = {"task": "/task title @person day", "tasks": "/tasks [open|done|all|today|@person …]", "done": "/done number"}
NONE_LIKE_IT = "None of your open tasks has that in its title. /tasks shows them."
NOT_ONE_OF_THEM = "/tasks knows {words}, and people like @Bo. Leave it out for what is open."
PAGE = Link("All tasks", "tasks")


def _task(caller: Caller, typed: Typed) -> Reply:
    """The first line is the task, what follows its description."""
    line, _, description = typed.words.partition("\n")
    if not line.strip():
        raise Invalid(f"Write what is to be done, like {USAGE['task']}.")
    caller.actor.require(Permission.RECORDS_KEEP)
    people = named(PeopleService(caller.database).directory(caller.actor), caller.actor)
    addresses = {one.id: one.email for one in people}
    read = read_task_line(line, today=caller.now.date(), locale=caller.locale, people=people)
    made = called(
        CREATE,
        caller,
        title=read.title,
        description=description.strip(),
        due_on=read.due_on,
        assignee=read.assignee_id and addresses[read.assignee_id],
    )
    return _about_one(caller, "Task created", CREATE, made)


def _tasks(caller: Caller, typed: Typed) -> Reply:
    words = typed.words.casefold()
    if words.startswith("@"):
        people = PeopleService(caller.database).directory(caller.actor)
        person = find_colleague(people, caller.actor, typed.words, may_be_begun=True)
        assignee_id = person.id if person else caller.actor.user_id
        wanted = wanted_of(caller, status="open", assignee_id=assignee_id)
        title = f"Open for {person.display_name}" if person else "Open for you"
    else:
        wanted, title = _wanted(caller, words), f"Tasks: {words or 'open'}"
    return _listed(caller, wanted, title)


def _wanted(caller: Caller, words: str) -> TasksWanted:
    states, days, whose = get_args(Status), get_args(Due), ("mine", "given")
    if words in ("", *states):
        return wanted_of(caller, status=words or "open")  # type: ignore[arg-type]
    if words in days:
        return wanted_of(caller, status="open", due=words)  # type: ignore[arg-type]
    if words in whose:
        return wanted_of(caller, status="open", whose=Whose(words))
    raise Invalid(NOT_ONE_OF_THEM.format(words=", ".join([*states, *days, *whose])))


def _done(caller: Caller, typed: Typed) -> Reply:
    words = typed.words.removeprefix("#").strip()
    if not words:
        raise Invalid(f"Say which: {USAGE['done']}, as /tasks shows it, or words of the title.")
    if words.isascii() and words.isdigit():
        return _ticked_off(caller, _numbered(caller, int(words[:9]), typed))
    found = _called(_open(caller, LOOKED_THROUGH), words)
    if not found:
        raise Invalid(NONE_LIKE_IT)
    if len(found) > 1:
        lines = _lines(caller, found[:SHOWN])
        return Reply("Several have that in their title: tick one off, or say /done and its number", lines, kind=KIND)
    return _ticked_off(caller, found[0].id)


def _numbered(caller: Caller, number: int, typed: Typed) -> UUID:
    """By the list that was shown last; where none was, by the one that /tasks would show."""
    keys = typed.listed.get(KIND) or tuple(str(line.id) for line in _open(caller, SHOWN))
    if not keys:
        raise Invalid("You have no open tasks.")
    if not 1 <= number <= len(keys):
        there_are = "there is only 1" if len(keys) == 1 else f"they go from 1 to {len(keys)}"
        raise Invalid(f"No task has the number {number}: {there_are}. /tasks shows them.")
    return UUID(keys[number - 1])


def _called(lines: Sequence[TaskLine], words: str) -> list[TaskLine]:
    """Those with all of these words in their title, or the one that is called exactly so."""
    wanted = fold(words).split()
    exact = [line for line in lines if fold(line.title).split() == wanted]
    return exact if len(exact) == 1 else [line for line in lines if all(one in fold(line.title) for one in wanted)]


def _ticked_off(caller: Caller, task_id: UUID) -> Reply:
    return _about_one(caller, "Done", COMPLETE, called(COMPLETE, caller, task_id=task_id))


def _about_one(caller: Caller, title: str, tool: Tool, result: Result) -> Reply:
    """What was done to a task. It takes no number: those of the list that was shown last stay."""
    [told] = [value for name, value in result.told.items() if name != "note"]
    task = service_of(caller).get(caller.actor, told["id"]).line
    lines = tuple(replace(line, number=None) for line in _lines(caller, [task]))
    hints = (result.told["note"],) if "note" in result.told else ()
    if result.undo is None:
        return Reply(result.shown, lines, hints)
    return Reply(title, lines, hints, undo=Undo(tool.name, result.undo))


def _listed(caller: Caller, wanted: TasksWanted, title: str) -> Reply:
    page = service_of(caller).list_page(caller.actor, wanted, limit=SHOWN)
    hints = (f"These are the first {SHOWN}.",) if page.next else () if page.tasks else ("There are none.",)
    return Reply(title, _lines(caller, page.tasks), hints, (PAGE,), kind=KIND)


def _open(caller: Caller, limit: int) -> Sequence[TaskLine]:
    return service_of(caller).list_page(caller.actor, wanted_of(caller, status="open"), limit=limit).tasks


def _lines(caller: Caller, tasks: Sequence[TaskLine]) -> tuple[Line, ...]:
    today = caller.now.date()
    return tuple(
        Line(
            text=task.title,
            notes=_notes(caller, task, today),
            link=link_to(task),
            number=number,
            id=str(task.id),
            is_done=task.status is TaskStatus.DONE,
            done=ToolCall(COMPLETE.name, {"task_id": str(task.id)}),
            reopened=ToolCall(COMPLETE.name, {"task_id": str(task.id), "done": False}),
        )
        for number, task in enumerate(tasks, 1)
    )


def _notes(caller: Caller, task: TaskLine, today: date) -> tuple[str, ...]:
    me = caller.actor.user_id
    notes = [_due(task.due_on, today)] if task.due_on else []
    notes += [f"for {task.assignee_name}"] if task.assignee_id != me else []
    notes += [f"from {task.owner_name}"] if task.owner_id != me else []
    return tuple(notes)


def _due(day: date, today: date) -> str:
    return f"overdue: {when(day, today)}" if day < today else when(day, today)


COMMANDS = (
    Command(
        "task",
        USAGE["task"],
        "Makes a task, for yourself or a colleague; further lines are its description.",
        _task,
        ("/task Buy rye tomorrow", "/task Send the offer @Bo by Friday"),
    ),
    Command(
        "tasks",
        USAGE["tasks"],
        "Shows your tasks, and gives each a number.",
        _tasks,
        ("/tasks", "/tasks done", "/tasks overdue", "/tasks @Bo"),
    ),
    Command(
        "done",
        USAGE["done"],
        "Ticks a task off, by its number or by words of its title.",
        _done,
        ("/done 3", "/done rye"),
    ),
)
