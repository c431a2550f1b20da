"""The list of commands is there at once, and says of each what it says of itself."""

import subprocess
import sys
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from core.__main__ import app
from core.cli.deferred import Deferred
from core.config import ROOT

COMMANDS: dict[str, Any] = typer.main.get_group(app).commands  # type: ignore[assignment]
SLOW = {"sqlalchemy", "sqlmodel", "pydantic_ai", "pandas", "alembic", "core.bootstrap"}
LISTED = f"""
import runpy, sys
sys.argv = ["core", *sys.argv[1:]]
try:
    runpy.run_module("core", run_name="__main__")
except SystemExit:
    print(sorted({SLOW} & sys.modules.keys()))
"""


def imported(*words: str) -> str:
    """What of SLOW is imported for that command, in its last line."""
    command = [sys.executable, "-c", LISTED, *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()[-1]


def test_the_list_of_commands_imports_none_of_them() -> None:
    assert imported("--help") == imported("nonsense") == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_line_of_the_list_is_how_the_command_begins(name: str) -> None:
    assert isinstance(COMMANDS[name], Deferred)
    assert COMMANDS[name].load().help.startswith(COMMANDS[name].help.removesuffix("."))


def test_help_of_a_command_opens_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor do wrong words: an address that leads nowhere is not noticed."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@localhost:1/nowhere")
    assert "Add a person" in CliRunner().invoke(app, ["users", "add", "--help"]).output
    assert "Missing argument" in CliRunner().invoke(app, ["users", "deactivate"]).output
