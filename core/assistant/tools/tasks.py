"""Tools for tasks: those of the person who asks, and those that they gave to others.

In a room everybody reads what comes of a call, and anybody may have written the words that led to it: there only the
tasks are reached that the assistant made in that room, and no description is told. Decision 0024 says why.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field
from pydantic_ai.tools import RunContext

from core.assistant.tools.registry import Caller, Link, Result, Tool
from core.assistant.tools.task_results import due_by, for_whom, how_many, link_to, told_of, with_note
from core.assistant.tools.task_undo import (
    left_by,
    service_of,
    undo_complete,
    undo_create,
    undo_of_move,
    undo_of_update,
    undo_update,
)
from core.errors import Invalid, NotFound
from core.models import TaskSource, TaskStatus
from core.permissions import Permission
from core.services.colleagues import find_colleague
from core.services.people import PeopleService
from core.services.task_views import NewTask, TaskGroup, TasksWanted, TaskView, Whose

MOST = 20
AS_MADE = 0
"""The version of a task that nobody has changed."""
DAYS_OF_WEEK = 7
PAST = "That day is over: today is {today}. Choose today or a later day, or leave it out."
NOTHING_TO_CHANGE = "Say what to change: the title, the description, the day or the assignee."
DONE_HAS_NO_DAY = "What is done has no day to come. Ask for open tasks, or leave the day out."

Status = Literal["open", "done", "all"]
Due = Literal["overdue", "today", "week", "someday"]


def create_task(
    ctx: RunContext[Caller],
    title: str,
    description: str = "",
    due_on: date | None = None,
    assignee: str | None = None,
) -> Result:
    """Create a task for the person who asks, or for a colleague of theirs.

    Args:
        title: What is to be done, in a few words.
        description: More about it, if there is more to say.
        due_on: The day by which it is to be done, like 2026-05-06. Leave it out for some day.
        assignee: Name or e-mail address of the colleague who is to do it. Leave it out for the person who asks.
    """
    caller = ctx.deps
    made = service_of(caller).create(
        caller.actor,
        NewTask(
            title=title,
            description=description,
            due_on=_to_come(caller, due_on),
            assignee_id=_assignee(caller, assignee),
            source=TaskSource.COMMAND if caller.is_command else TaskSource.ASSISTANT,
            conversation_id=caller.conversation_id,
            message_id=caller.message_id,
        ),
        client_key=caller.client_key,
    )
    return Result(
        told=with_note({"created": told_of(caller, made)}, made.masked),
        shown=f"Created “{made.title}”{for_whom(caller, made.line)}{due_by(made.line.due_on)}.",
        links=(link_to(made),),
        undo={"task_id": str(made.id), "version": AS_MADE},
    )


def list_tasks(
    ctx: RunContext[Caller],
    status: Status = "open",
    due: Due | None = None,
    whose: Literal["all", "mine", "given"] = "all",
    limit: Annotated[int, Field(ge=1, le=MOST)] = MOST,
) -> Result:
    """List tasks of the person who asks, those that are due first.

    Args:
        status: Only open tasks, only done ones, or all.
        due: Only open tasks that are overdue, due today, due within a week from today, or without a day.
        whose: "mine" for those that the person is to do, "given" for those that they gave to others.
        limit: How many at most.
    """
    caller = ctx.deps
    page = service_of(caller).list_page(
        caller.actor, wanted_of(caller, status=status, due=due, whose=Whose(whose)), limit=limit
    )
    told = {
        "today": caller.now.date(),
        "tasks": [told_of(caller, line) for line in page.tasks],
        "there_are_more": page.next is not None,
    }
    return Result(told, shown=f"Found {how_many(len(page.tasks))}.", links=(Link("Tasks", "tasks"),))


def update_task(
    ctx: RunContext[Caller],
    task_id: UUID,
    *,
    title: str | None = None,
    description: str | None = None,
    due_on: date | Literal["none"] | None = None,
    assignee: str | None = None,
) -> Result:
    """Change a task. What is left out stays as it is.

    Args:
        task_id: The id of the task, as list_tasks gives it.
        title: The new title.
        description: The new description; an empty one takes the old one away.
        due_on: The new day, like 2026-05-06; "none" takes the day away.
        assignee: Name or e-mail address of the colleague who is to do it from now on, or "me".
    """
    caller = ctx.deps
    before, tasks = _within_reach(caller, task_id), service_of(caller)
    changes = _changes(caller, title, description, due_on, assignee)
    if not changes:
        raise Invalid(NOTHING_TO_CHANGE)
    after = tasks.update(caller.actor, task_id, **changes, version=before.line.version)
    is_as_before = after.line.version == before.line.version
    undo = left_by(caller, after) if is_as_before else undo_of_update(before, changes)
    if undo is None:
        return Result(
            {"unchanged": told_of(caller, after)}, f"“{after.title}” is like that already.", (link_to(after),)
        )
    return Result(
        told=with_note({"changed": told_of(caller, after)}, after.masked),
        shown=f"Changed “{after.title}”{for_whom(caller, after.line)}{due_by(after.line.due_on)}.",
        links=(link_to(after),),
        undo=undo,
    )


def complete_task(ctx: RunContext[Caller], task_id: UUID, *, done: bool = True) -> Result:
    """Mark a task as done, or as open again.

    Args:
        task_id: The id of the task, as list_tasks gives it.
        done: False opens it again.
    """
    caller = ctx.deps
    before, tasks = _within_reach(caller, task_id), service_of(caller)
    move = tasks.complete if done else tasks.reopen
    after = move(caller.actor, task_id, version=before.line.version)
    state = "done" if done else "open again"
    is_as_before = after.line.version == before.line.version
    undo = left_by(caller, after) if is_as_before else undo_of_move(before, done=done)
    if undo is None:
        state = "done" if done else "open"
        return Result({"unchanged": told_of(caller, after)}, f"“{after.title}” is {state} already.", (link_to(after),))
    return Result(
        told={"changed": told_of(caller, after)},
        shown=f"“{after.title}” is {state}.",
        links=(link_to(after),),
        undo=undo,
    )


def _changes(
    caller: Caller,
    title: str | None,
    description: str | None,
    due_on: date | Literal["none"] | None,
    assignee: str | None,
) -> dict[str, Any]:
    """What a task is to have of its own from now on. Raises Invalid."""
    day = None if due_on == "none" else _to_come(caller, due_on)
    given: dict[str, Any] = {
        "title": title,
        "description": description,
        "due_on": due_on and day,
        "assignee_id": assignee and (_assignee(caller, assignee) or caller.actor.user_id),
    }
    changes = {name: value for name, value in given.items() if value is not None}
    return changes | ({"due_on": None} if due_on == "none" else {})


def _before_update(caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any] | None:
    names = ("title", "description", "due_on", "assignee")
    changes = _changes(caller, *(given.get(name) for name in names))
    return undo_of_update(_within_reach(caller, given["task_id"]), changes)


def _before_move(caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any] | None:
    task, done = _within_reach(caller, given["task_id"]), given.get("done", True)
    is_so = (task.line.status is TaskStatus.DONE) is done
    return None if is_so else undo_of_move(task, done=done)


def wanted_of(
    caller: Caller, *, status: Status, due: Due | None = None, whose: Whose = Whose.ALL, assignee_id: UUID | None = None
) -> TasksWanted:
    """Raises Invalid for what is done and yet to be due."""
    today = caller.now.date()
    place: dict[str, Any] = {"whose": whose, "assignee_id": assignee_id, "today": today}
    if caller.is_room:
        place |= {"conversation_id": caller.conversation_id, "source": TaskSource.ASSISTANT}
    if due is None:
        return TasksWanted(status=None if status == "all" else TaskStatus(status), **place)
    if status == "done":
        raise Invalid(DONE_HAS_NO_DAY)
    if due == "week":
        last = today + timedelta(days=DAYS_OF_WEEK - 1)
        return TasksWanted(status=TaskStatus.OPEN, due_from=today, due_to=last, **place)
    return TasksWanted(group=TaskGroup(due), **place)


def _within_reach(caller: Caller, task_id: UUID) -> TaskView:
    """The task, if it is one that may be spoken of here. Raises NotFound, in the same words whatever else it is."""
    task = service_of(caller).get(caller.actor, task_id)
    is_of_here = task.line.source is TaskSource.ASSISTANT and task.line.conversation_id == caller.conversation_id
    if caller.is_room and not is_of_here:
        raise NotFound
    return task


def _assignee(caller: Caller, named: str | None) -> UUID | None:
    """None for the person who asks. Raises Invalid."""
    if named is None:
        return None
    caller.actor.require(Permission.RECORDS_KEEP)
    found = find_colleague(PeopleService(caller.database).directory(caller.actor), caller.actor, named)
    return found.id if found else None


def _is_given_away(caller: Caller, given: Mapping[str, Any]) -> bool:
    return _assignee(caller, given.get("assignee")) is not None


def _is_read_by_others(caller: Caller, given: Mapping[str, Any]) -> bool:
    """Whether somebody else would read the new words: who it is handed to, or the other one whose task it is."""
    if _is_given_away(caller, given):
        return True
    line = _within_reach(caller, given["task_id"]).line
    has_words = given.get("title") is not None or given.get("description") is not None
    return has_words and {line.owner_id, line.assignee_id} != {caller.actor.user_id}


def _to_come(caller: Caller, day: date | None) -> date | None:
    is_over = day is not None and day < caller.now.date()
    if is_over and not caller.is_command:  # a model doesn't know what day it is; people do
        raise Invalid(PAST.format(today=caller.now.date()))
    return day


CREATE = Tool(
    create_task,
    "Create a task",
    ":material/add_task:",
    undo=undo_create,
    changes=True,
    reaches_others=_is_given_away,
)
LIST = Tool(list_tasks, "Look at tasks", ":material/checklist:")
UPDATE = Tool(
    update_task,
    "Change a task",
    ":material/edit:",
    undo=undo_update,
    prepare=_before_update,
    changes=True,
    reaches_others=_is_read_by_others,
)
COMPLETE = Tool(
    complete_task, "Tick a task off", ":material/task_alt:", undo=undo_complete, prepare=_before_move, changes=True
)
TOOLS = (CREATE, LIST, UPDATE, COMPLETE)
