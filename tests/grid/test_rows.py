"""Every page, address, service method, tool and command has its row in tests/grid/surfaces.py, and no row is stale."""

import importlib
import inspect
import pkgutil
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

import core.services
from core.assistant.commands import commands
from core.assistant.tools.registry import toolbox
from core.bootstrap import Application
from core.config import ROOT
from core.permissions import Permission
from core.web.routes import routes
from tests.grid import rows, surfaces
from tests.grid.rows import Row
from tests.grid.world import Served, methods_of

SHELL = "_shell.py"
HEAD = "HEAD"
"""Comes with GET."""


def assert_whole(table: str, there: Collection[str], written: list[Row]) -> None:
    known = {row.surface for row in written}
    missing, stale = sorted(set(there) - known), sorted(known - set(there))
    assert not missing, f"say in {table} of tests/grid/surfaces.py who may use {', '.join(missing)}"
    assert not stale, f"take out of {table} of tests/grid/surfaces.py what there is no more: {', '.join(stale)}"
    names = [row.name for row in written]
    assert len(names) == len(set(names)), f"a row of {table} is there twice"


def test_every_method_of_a_service_has_a_row(application: Application) -> None:
    assert_whole("SERVICES", {f"{name}.{verb}" for name, verb, _ in methods_of(application)}, rows.SERVICES)


def test_what_is_done_for_a_person_says_what_it_takes(application: Application) -> None:
    """A method that takes an actor asks them something, and one that takes none has a reason."""
    takes = {
        f"{name}.{verb}": "actor" in inspect.signature(method).parameters
        for name, verb, method in methods_of(application)
    }
    wrong = [row.name for row in rows.SERVICES if row.is_of_a_person is not takes[row.surface]]
    assert not wrong, f"with an actor a permission, without one a reason: {', '.join(wrong)}"


def test_whatever_takes_an_actor_is_one_of_the_services(application: Application) -> None:
    """Else it could be reached past this grid."""
    known = {one for service in vars(application).values() for one in type(service).__mro__}
    others = {one.__name__ for one in _classes_with_actors() if one not in known}
    assert others == set(surfaces.NO_SERVICES), "give it to the application, or say in NO_SERVICES who uses it"


def _classes_with_actors() -> Iterator[type]:
    for module in pkgutil.walk_packages(core.services.__path__, "core.services."):
        for one in vars(importlib.import_module(module.name)).values():
            if inspect.isclass(one) and one.__module__ == module.name and _takes_actors(one):
                yield one


def _takes_actors(one: type) -> bool:
    verbs = inspect.getmembers(one, inspect.isfunction)
    return any("actor" in inspect.signature(act).parameters for verb, act in verbs if not verb.startswith("_"))


def test_every_address_has_a_row(application: Served) -> None:
    there = {f"{method} {one.path}" for one in routes(application) for method in (one.methods or {"GET"}) - {HEAD}}
    assert_whole("ROUTES", there, rows.ROUTES)


def test_every_page_has_a_row() -> None:
    assert_whole("PAGES", {file.name for file in Path(ROOT / "pages").glob("*.py")} - {SHELL}, rows.PAGES)


def test_every_tool_and_command_has_a_row() -> None:
    assert_whole("TOOLS", {tool.name for tool in toolbox()}, rows.TOOLS)
    assert_whole("COMMANDS", {one.name for one in commands()}, rows.COMMANDS)


@pytest.mark.parametrize("permission", Permission)
def test_no_permission_is_dead(permission: Permission) -> None:
    assert any(permission in row.needs for row in rows.ALL), f"nothing asks for {permission}: take it out"
