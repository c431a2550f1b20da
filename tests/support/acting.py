"""Answers that act: tools to be called, and what a person does with such an answer."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from pydantic_ai.tools import RunContext

from core.assistant.steps import StepState
from core.assistant.tools.registry import Caller, Result, Tool, Toolbox
from core.assistant.tools.tasks import COMPLETE, UPDATE, complete_task, update_task
from core.bootstrap import Application
from core.errors import NotPermitted
from core.models import (
    Company,
    MessageStatus,
    ModelCall,
)
from core.permissions import Actor
from core.services.task_views import NewTask, TasksWanted
from core.services.tasks import TaskService
from core.services.views import Asked, MessageView, StepView
from tests.support.ledgers import calls_of
from tests.support.openai_server import OpenAIServer, Received, Reply
from tests.support.talks import begun
from tests.support.waiting import until

MODEL = "gpt-test"
HELD = threading.Event()
HANGS = threading.Event()
"""Set by a tool when it hangs, until HELD is."""


def make(ctx: RunContext[Caller], title: str, due_on: date | None = None) -> Result:
    """Make a task.

    Args:
        title: What is to be done.
        due_on: The day, as YYYY-MM-DD.
    """
    caller = ctx.deps
    new = NewTask(title, due_on=due_on, message_id=caller.message_id)
    task = TaskService(caller.database, caller.told_person).create(caller.actor, new, client_key=caller.client_key)
    return Result({"id": task.id, "title": task.title}, f"Made “{task.title}”.", undo={"task": str(task.id)})


def unmake(caller: Caller, made: Any) -> str:
    TaskService(caller.database).delete(caller.actor, UUID(made["task"]))
    return "Taken back."


def look(ctx: RunContext[Caller], word: str = "") -> Result:
    """Look something up.

    Args:
        word: What for.
    """
    return Result({"found": word * 10_000 if word == "long" else word or "nothing"}, "Looked.")


def crash(ctx: RunContext[Caller]) -> Result:
    """Crash."""
    raise RuntimeError("secret detail")


def unprepared(caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any] | None:
    raise RuntimeError("secret detail")


def refuse(ctx: RunContext[Caller]) -> Result:
    """Refuse."""
    raise NotPermitted("That is not for you.")


def hold() -> None:
    HANGS.set()
    HELD.wait(30)


def hang(ctx: RunContext[Caller]) -> Result:
    """Hang."""
    hold()
    return Result({}, "Late.")


def make_and_hang(ctx: RunContext[Caller], title: str) -> Result:
    """Make a task, and hang.

    Args:
        title: What is to be done.
    """
    made = make(ctx, title)
    hold()
    return made


def change_and_hang(ctx: RunContext[Caller], task_id: UUID, title: str) -> Result:
    """Change a task, and hang.

    Args:
        task_id: Which one.
        title: Its new title.
    """
    changed = update_task(ctx, task_id, title=title)
    hold()
    return changed


def tick_and_hang(ctx: RunContext[Caller], task_id: UUID) -> Result:
    """Tick a task off, and hang.

    Args:
        task_id: Which one.
    """
    ticked = complete_task(ctx, task_id)
    hold()
    return ticked


def give(ctx: RunContext[Caller], to: str) -> Result:
    """Give something to somebody.

    Args:
        to: To whom.
    """
    return Result({"to": to}, f"Gave it to {to}.")


TOOLS = Toolbox(
    [
        Tool(make, "Make a task", ":material/add_task:", unmake, changes=True),
        Tool(make_and_hang, "Make and hang", ":material/add_task:", unmake, changes=True, in_rooms=False),
        Tool(look, "Look", ":material/search:"),
        Tool(give, "Give", ":material/redeem:", changes=True, reaches_others=lambda _, given: given["to"] != "me"),
        Tool(crash, "crash", ":material/bug_report:", prepare=unprepared, in_rooms=False),
        *(Tool(one, one.__name__, ":material/bug_report:", in_rooms=False) for one in (refuse, hang)),
        *(
            replace(real, function=hanging, label=hanging.__name__, in_rooms=False)
            for real, hanging in ((UPDATE, change_and_hang), (COMPLETE, tick_and_hang))
        ),
    ]
)

Serve = Callable[..., Application]


def call(name: str, arguments: str = "{}") -> Reply:
    return Reply(chunks=(), calls=((name, arguments),))


def ask(application: Application, me: Actor, text: str = "Go on") -> Asked:
    return begun(application.chat.ask(me, text))


def answer(application: Application, me: Actor, asked: Asked) -> MessageView:
    """Once its run has ended."""
    for _ in application.runner.watch(asked.run_id):
        pass
    return ended(application, me, asked)


def ended(application: Application, me: Actor, asked: Asked) -> MessageView:
    found = until(lambda: _ended(application, me, asked))
    assert found
    return found


def _ended(application: Application, me: Actor, asked: Asked) -> MessageView | None:
    [*_, last] = application.transcripts.read(me, asked.conversation_id).messages
    return last if last.status is not MessageStatus.PENDING else None


def asked_for(server: OpenAIServer, *questions: str) -> list[Received]:
    """Without the requests for better titles."""
    return [one for question in questions for one in server.requests_with(question)]


def titles(application: Application, me: Actor) -> list[str]:
    return [one.title for one in application.tasks.list_page(me, TasksWanted()).tasks]


def states(message: MessageView) -> list[tuple[str, StepState]]:
    return [(step.label, step.state) for step in message.steps]


def ledger(application: Application, asked: Asked) -> list[ModelCall]:
    with application.database.reading() as session:
        return calls_of(session, asked.answer_id)


def set_company(application: Application, me: Actor, **values: Any) -> None:
    with application.database.transaction() as session:
        company = session.get_one(Company, me.company_id)
        company.sqlmodel_update(values)
        session.add(company)


def waiting(server: OpenAIServer, application: Application, me: Actor) -> tuple[Asked, tuple[StepView, ...]]:
    set_company(application, me, ask_first=["make"])
    server.replies += [
        Reply(chunks=("May I?",), calls=(("make", '{"title": "A"}'), ("look", "{}"), ("make", '{"title": "B"}')))
    ]
    asked = ask(application, me)
    said = answer(application, me, asked)
    assert (said.status, said.content) == (MessageStatus.WAITING, "May I?")
    return asked, said.steps
