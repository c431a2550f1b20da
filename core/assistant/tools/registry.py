"""Tools: functions that a model may have called, in the name of the person who asks and with their rights alone.

A tool is a function whose first parameter is `ctx: RunContext[Caller]` and whose others, with their types and what its
docstring says of them, are what the model is told. It asks services, which check permissions as for a page, and gives a
`Result`; what it raises of core.errors goes back to the model as its sentence.
"""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from pydantic_ai.models import Model
from pydantic_ai.tools import RunContext, ToolDefinition
from pydantic_ai.tools import Tool as PydanticTool
from pydantic_ai.usage import RunUsage

from core.database.engine import Database
from core.errors import ParleyError
from core.ids import reference_of
from core.permissions import Actor

log = logging.getLogger(__name__)

MOST_TOLD = 8_000
"""Characters of a result that the model is told."""
CUT = " [… cut: too long …]"
WRONG = "Not done: the assistant left something out, or got it wrong."
NO_TOOL = "Not done: the assistant has no such tool here."
UNEXPECTED = "The tool failed for a reason of its own. Don't call it again; say that it did not work."


@dataclass(frozen=True, slots=True)
class Caller:
    """For whom a tool acts, and where. All of it comes from the run: nothing here is the model's word."""

    database: Database
    actor: Actor
    now: datetime
    """In the person's zone: its date is their today."""
    client_key: UUID
    """The same for the same call, however often it is tried: what makes something is given it."""
    conversation_id: UUID | None = None
    message_id: UUID | None = None
    """The question; None for a command."""
    is_room: bool = False
    """Others read what comes of it: then a tool gives only what everybody there may know."""
    is_command: bool = False
    """A person typed it; else the assistant does it for them."""
    told_person: Callable[[UUID], None] = lambda _: None
    """Tells somebody's pages, after the transaction, that something of theirs is different."""
    undo: Mapping[str, Any] | None = None
    """What an earlier attempt at the same call kept before it: nobody knows whether it was made then."""
    locale: str = "en"
    """Of the person's browser, where it is known: what is ambiguous in a date."""

    @property
    def zone(self) -> ZoneInfo:
        return cast(ZoneInfo, self.now.tzinfo)


@dataclass(frozen=True, slots=True)
class Link:
    """Where people find what a call was about."""

    label: str
    page: str
    """The path of a page: "tasks", "chat"."""
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a call."""

    told: Any
    """For the model, as JSON has it: data, never instructions."""
    shown: str
    """For people, in a sentence. It is kept: no words of others' messages in it."""
    links: tuple[Link, ...] = ()
    undo: Mapping[str, Any] | None = None
    """What the tool's `undo` needs to take it back, as JSON has it; None: there is nothing to take back."""


@dataclass(frozen=True)
class Tool:
    """`function` as described above, with what people see of it."""

    function: Callable[..., Result]
    label: str
    """What it does, for the settings and for the step: "Create a task"."""
    icon: str
    """A Material symbol: ":material/add_task:"."""
    undo: Callable[[Caller, Mapping[str, Any]], str] | None = None
    """Takes a call back, from its result's `undo`; the sentence that says so. Raises Conflict where it is too late."""
    prepare: Callable[[Caller, Mapping[str, Any]], Mapping[str, Any] | None] | None = None
    """The `undo` of a call that is to be made with these arguments, kept before it: where its process dies in it, what
    was there before can't be seen any more. None for a tool that needs none of that.
    """
    changes: bool = False
    """It changes something: a company can have the assistant ask first."""
    reaches_others: Callable[[Caller, Mapping[str, Any]], bool] | None = None
    """Whether a call with these arguments puts something before somebody else. That is always asked about: else whoever
    writes what an assistant reads could have it hand out what it knows. None: no call does.
    """
    in_rooms: bool = True
    """Also offered where others read along."""

    @property
    def name(self) -> str:
        return self.function.__name__

    @cached_property
    def definition(self) -> ToolDefinition:
        return self._schema.tool_def

    @cached_property
    def _schema(self) -> PydanticTool[Caller]:
        return PydanticTool(self.function, docstring_format="google", require_parameter_descriptions=True)

    def read(self, arguments: str) -> dict[str, Any]:
        """The arguments by name. Raises ValidationError."""
        given: dict[str, Any] = self._schema.function_schema.validator.validate_json(arguments or "{}")
        return given

    def prepared(self, caller: Caller, arguments: str) -> Mapping[str, Any] | None:
        """None as well where the call itself will say what is wrong."""
        if self.prepare is None:
            return None
        try:
            return self.prepare(caller, self.read(arguments))
        except (ParleyError, ValidationError):
            return None

    def call(self, caller: Caller, arguments: str) -> Result:
        # The model is not needed to call a function; pydantic-ai's context is made for more than that.
        context = RunContext(deps=caller, model=cast(Model, None), usage=RunUsage())
        return self.function(context, **self.read(arguments))


@dataclass(frozen=True, slots=True)
class Performed:
    """A call that was made."""

    told: str
    """For the model: the result as JSON, or a sentence that says why there is none."""
    result: Result | None
    """None when it failed."""
    shown: str


class Toolbox:
    def __init__(self, tools: Iterable[Tool]) -> None:
        self._tools = {tool.name: tool for tool in tools}

    def __iter__(self) -> Any:
        return iter(self._tools.values())

    def get(self, name: str) -> Tool | None:
        return self._tools.get(name)

    def offered(self, *, in_room: bool) -> list[ToolDefinition]:
        return [tool.definition for tool in self._tools.values() if tool.in_rooms or not in_room]

    def perform(self, name: str, caller: Caller, arguments: str) -> Performed:
        """Makes the call. Nothing is raised but DatabaseUnavailable's kind stays a sentence too: it is told."""
        tool = self.get(name)
        if tool is None or (caller.is_room and not tool.in_rooms):
            there_are = ", ".join(self._names(caller))
            return _failed(f"There is no tool named {name[:60]!r} here. Use one of: {there_are}.", NO_TOOL)
        try:
            result = tool.call(caller, arguments)
        except ValidationError as error:
            return _failed(wrong_arguments(error), WRONG)
        except ParleyError as error:
            return _failed(str(error))
        except Exception:
            log.exception("tool_crashed reference=%s tool=%s", reference_of(caller.client_key), name)
            return _failed(UNEXPECTED, f"It did not work. Reference {reference_of(caller.client_key)}.")
        return Performed(cut(json.dumps(result.told, ensure_ascii=False, default=str)), result, result.shown)

    def _names(self, caller: Caller) -> list[str]:
        return [one.name for one in self.offered(in_room=caller.is_room)]


def _failed(sentence: str, shown: str | None = None) -> Performed:
    return Performed(cut(sentence), None, shown or sentence)


def cut(text: str) -> str:
    return text if len(text) <= MOST_TOLD else text[: MOST_TOLD - len(CUT)] + CUT


def wrong_arguments(error: ValidationError) -> str:
    """What is wrong with the arguments, so that a model can mend them. Without their values."""
    wrong = [
        f"{'.'.join(map(str, one['loc'])) or 'arguments'}: {one['msg']}"
        for one in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    return f"The arguments can't be used. {'; '.join(wrong[:5])}."


@cache
def toolbox() -> Toolbox:
    """All that the modules of this package offer."""
    package = import_module("core.assistant.tools")
    found: list[Tool] = []
    for module in iter_modules(package.__path__, f"{package.__name__}."):
        found += getattr(import_module(module.name), "TOOLS", ())
    return Toolbox(found)
