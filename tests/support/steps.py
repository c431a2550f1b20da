"""Steps of answers, made by hand: what a model would have had called."""

import json
from typing import Any
from uuid import UUID

from pydantic_ai.tools import RunContext

from core.assistant.asking import resume_answer
from core.assistant.steps import STATUS, Step, StepState
from core.assistant.tools.registry import Caller, Link, Result, Tool, Toolbox
from core.database.engine import Database
from core.errors import Conflict
from core.ids import new_id
from core.models import Conversation, Message, MessageStatus
from core.permissions import Actor
from core.repositories.messages import Messages
from core.repositories.steps import Steps

TAKEN: list[str] = []
"""What was taken back, in order."""
FIXED = "fixed"
"""A title that it is too late for."""


def bake(ctx: RunContext[Caller], title: str) -> Result:
    """Bakes.

    Args:
        title: What.
    """
    return Result({"title": title}, f"Baked “{title}”.", undo={"title": title})


def unbake(caller: Caller, baked: Any) -> str:
    if baked["title"] == FIXED:
        raise Conflict("It is eaten.")
    TAKEN.append(baked["title"])
    return "Taken back."


def look(ctx: RunContext[Caller]) -> Result:
    """Looks."""
    return Result([], "Looked.")


TOOLS = Toolbox(
    [
        Tool(bake, "Bake something", ":material/bakery_dining:", undo=unbake, changes=True),
        Tool(look, "Look around", ":material/search:"),
    ]
)


def add_step(
    database: Database,
    actor: Actor,
    answer_id: UUID,
    *,
    state: StepState = StepState.DONE,
    title: str = "bread",
    name: str = "bake",
    at: int = 0,
    shown: str = "",
    told: str = "",
    undo: bool = True,
    links: tuple[Link, ...] = (),
) -> UUID:
    """For whom it is; the answer that it belongs to. A step that waits makes its answer wait."""
    with database.transaction() as session:
        answer = session.get_one(Message, answer_id)
        step = Step(
            id=new_id(),
            answer_id=answer_id,
            name=name,
            arguments=json.dumps({"title": title}, ensure_ascii=False),
            call_id="call-1",
            run_id=new_id(),
            asked_by=actor.user_id,
            client_key=new_id(),
            round=1,
            at=at,
            state=state,
            shown=shown or (f"Baked “{title}”." if state is StepState.DONE else ""),
            told=told,
            links=links,
            undo={"title": title} if undo and state is StepState.DONE else None,
            seconds=0.4 if state is StepState.DONE else None,
        )
        kept = Steps(session).add(
            answer.conversation_id, answer_id, content=step.shown, status=STATUS[state], extra=step.extra()
        )
        if state is StepState.WAITING:
            answer.status = MessageStatus.WAITING
            session.add(answer)
        key: UUID = kept.id
        return key


def kept(database: Database, step_id: UUID) -> Step:
    with database.reading() as session:
        message = Steps(session).get(step_id)
        assert message
        return Step.of(message)


def write_on(database: Database, actor: Actor, answer_id: UUID) -> None:
    """Has an answer written on, as somebody's Retry does."""
    with database.transaction() as session:
        answer = Messages(session).get(answer_id)
        assert answer
        resume_answer(session, session.get_one(Conversation, answer.conversation_id), actor.user_id, answer)
