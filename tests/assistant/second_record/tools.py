"""A tool and a command for decisions. It would be core/assistant/tools/decisions.py."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic_ai.tools import RunContext

from core.assistant.commands import Command, Line, Reply, Typed, Undo, called
from core.assistant.tools.registry import Caller, Result, Tool
from core.errors import NotFound
from tests.assistant.second_record.service import DecisionService


def write_down(ctx: RunContext[Caller], text: str) -> Result:
    """Write down what was decided.

    Args:
        text: The decision, in a sentence.
    """
    caller = ctx.deps
    service = DecisionService(caller.database)
    made = service.write_down(caller.actor, text, caller.now.date(), caller.client_key)
    told = {"id": made.id, "text": made.text}
    return Result(told, f"Wrote down “{made.text}”.", undo={"id": str(made.id)})


def _undo(caller: Caller, undo: Mapping[str, Any]) -> str:
    try:
        DecisionService(caller.database).remove(caller.actor, UUID(undo["id"]))
    except NotFound:
        return "That was taken back already."
    return "Taken back."


def _decide(caller: Caller, typed: Typed) -> Reply:
    made = called(WRITE_DOWN, caller, text=typed.words)
    return Reply(made.shown, undo=Undo(WRITE_DOWN.name, made.undo) if made.undo else None)


def _decisions(caller: Caller, _typed: Typed) -> Reply:
    found = DecisionService(caller.database).list_mine(caller.actor)
    return Reply("Decided", tuple(Line(one.text, (f"{one.decided_on:%-d %B}",)) for one in found))


WRITE_DOWN = Tool(write_down, "Write a decision down", ":material/gavel:", undo=_undo, changes=True)
TOOLS = (WRITE_DOWN,)
COMMANDS = (
    Command("decide", "/decide what was decided", "Writes a decision down.", _decide),
    Command("decisions", "/decisions", "Shows what you wrote down.", _decisions),
)
