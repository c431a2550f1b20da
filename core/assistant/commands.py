"""Slash commands: what people type to have something done at once, without a model.

A text is a command when it begins with "/" and a word that ends there: "/task Buy rye". All else is a message as ever:
"// a comment", "/usr/bin/env", "/ so", "/2", and several lines that begin with a word which is no command, as people
paste them. A single line with such a word is taken for a slip of the pen; with a space in front it is a message too.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from core.assistant.tools.registry import Caller, Link, Result, Tool
from core.errors import Invalid

SLASH = "/"
_COMMAND = re.compile(r"/([^\W\d_][\w-]{0,39})(?:\s+(.*))?", re.DOTALL)
UNKNOWN = "There is no command /{name}. {nearest} To send it as a message, put a space in front."


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that a click makes: by the name of a tool, and with what it is given."""

    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Undo:
    """What takes a call back: its tool, and what its result kept for that."""

    tool: str
    kept: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One of the things that a reply names. All of it is plain text."""

    text: str
    notes: tuple[str, ...] = ()
    link: Link | None = None
    number: int | None = None
    """By which further commands can name it."""
    id: str = ""
    is_done: bool = False
    done: ToolCall | None = None
    """Ticks it off; None: it can't be."""
    reopened: ToolCall | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a command, for the eyes of the person who typed it alone."""

    title: str
    lines: tuple[Line, ...] = ()
    hints: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    undo: Undo | None = None
    kind: str = ""
    """Of the records that its numbered lines are; further commands about such records can name them by number."""


@dataclass(frozen=True, slots=True)
class Typed:
    words: str
    """What stands behind the command."""
    listed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By kind: the ids of the numbered lines that were shown last, in their order."""


@dataclass(frozen=True)
class Command:
    name: str
    usage: str
    """How it is typed: "/task title @person day"."""
    about: str
    """What it does, in a sentence."""
    run: Callable[[Caller, Typed], Reply]
    """Raises errors of core.errors, which are shown as their sentence while the line stays in the box."""
    examples: tuple[str, ...] = ()


class Commands:
    def __init__(self, commands: Iterable[Command]) -> None:
        self._commands = {one.name: one for one in sorted(commands, key=lambda one: one.name)}
        self._commands.setdefault("help", self._help_command())

    def __iter__(self) -> Iterator[Command]:
        return iter(self._commands.values())

    def read(self, text: str) -> tuple[Command, str] | None:
        """The command and what stands behind it; None for a message. Raises Invalid for a word that is no command."""
        found = _COMMAND.fullmatch(text)
        if found is None:
            return None
        name = found[1].casefold()
        if command := self._commands.get(name):
            return command, (found[2] or "").strip()
        if "\n" in text.strip():
            return None
        raise Invalid(UNKNOWN.format(name=found[1], nearest=self._nearest(name)))

    def _nearest(self, name: str) -> str:
        near = get_close_matches(name, self._commands, n=1)
        return f"Did you mean /{near[0]}?" if near else f"There are {self._names()}."

    def _names(self) -> str:
        return ", ".join(f"/{name}" for name in self._commands)

    def _help_command(self) -> Command:
        about = "Says what there is, or how one of them is typed."
        return Command("help", "/help [command]", about, self._help, ("/help", "/help task"))

    def _help(self, _caller: Caller, typed: Typed) -> Reply:
        name = typed.words.removeprefix(SLASH).casefold()
        if not name:
            lines = tuple(Line(one.usage, (one.about,)) for one in self._commands.values())
            return Reply("Commands: only you see what they answer", lines)
        command = self._commands.get(name)
        if command is None:
            raise Invalid(f"There is no command /{name[:40]}. {self._nearest(name)}")
        return Reply(command.usage, tuple(Line(example) for example in command.examples), (command.about,))


def called(tool: Tool, caller: Caller, **arguments: Any) -> Result:
    """What the same call of a model gives. Arguments that are None are left out."""
    given = {name: value for name, value in arguments.items() if value is not None}
    return tool.call(caller, json.dumps(given, default=str))


@cache
def commands() -> Commands:
    """All that the modules of tools offer, and /help."""
    package = import_module("core.assistant.tools")
    found: list[Command] = []
    for module in iter_modules(package.__path__, f"{package.__name__}."):
        found += getattr(import_module(module.name), "COMMANDS", ())
    return Commands(found)
