"""Commands that are imported when they are run: most need all of Parley, and the list of them needs none of it."""

from functools import wraps
from pkgutil import resolve_name
from typing import Any

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup


class Deferred(TyperCommand):
    """Stands for a command until it is run. All it knows is its name and its line in the list."""

    def load(self) -> Any:
        """The command itself: a TyperCommand or a TyperGroup."""
        assert self.callback
        return self.callback()

    def make_context(self, *args: Any, **options: Any) -> Any:
        return self.load().make_context(*args, **options)


def defer(app: typer.Typer, name: str, place: str, line: str, *, opens: bool = True) -> None:
    """Adds the command that is found at `place`, "module:object": a function, or a Typer with commands of its own.

    `line` says in the list what it does; `opens`: what it does needs the database and the application.
    """

    def load() -> Any:
        command = _made(name, resolve_name(place))
        if opens:
            _open_for(command)
        return command

    app.command(name, cls=Deferred, help=line)(load)


def _made(name: str, found: Any) -> Any:
    if isinstance(found, typer.Typer):
        return typer.main.get_group(found)  # not get_command: a group of one command is a group
    alone = typer.Typer(add_completion=False)
    alone.command(name)(found)
    return typer.main.get_command(alone)


def _open_for(command: Any) -> None:
    """Opens the database when the command, or one below it, is run, not when its arguments are wrong or it is asked
    for help; and closes it after.
    """
    if isinstance(command, TyperGroup):
        for below in command.commands.values():
            _open_for(below)
        return
    act = command.callback

    @wraps(act)
    def run(**options: Any) -> None:
        from core import bootstrap  # all of Parley
        from core.config import load_settings
        from core.database.opening import open_database

        settings = load_settings()
        with open_database(settings) as database:
            bootstrap.install(bootstrap.build(settings, database))
            act(**options)

    command.callback = run
