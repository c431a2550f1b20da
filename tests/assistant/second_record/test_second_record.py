"""A second kind of record takes four files and touches no other."""

import json
import subprocess
import sys
from datetime import UTC
from pathlib import Path

import pytest
from sqlalchemy import Connection

import core.assistant.tools
from core.assistant.commands import Commands, commands
from core.assistant.tools.registry import Toolbox, toolbox
from core.config import ROOT
from core.database.engine import Database
from core.ids import new_id
from core.repositories.audit import Audit
from core.services.commands import CommandService
from core.services.limits import RateLimiter
from tests.assistant.second_record import model
from tests.assistant.second_record.service import DecisionService
from tests.assistant.second_record.tools import COMMANDS, TOOLS
from tests.support.callers import caller_for
from tests.support.talks import Desk, ignore, without_chat

BOX = Toolbox(TOOLS)
RYE = '{"text": "We bake rye on Mondays."}'


@pytest.fixture
def desk(database: Database) -> Desk:
    with database.transaction() as session:
        connection: Connection = session.connection()
        model.table.create(connection)
    return Desk(database)


def test_it_is_called_by_name_and_made_once(desk: Desk) -> None:
    caller = caller_for(desk.database, desk.me)
    first, second = (BOX.perform("write_down", caller, RYE) for _ in range(2))
    assert first.told == second.told and json.loads(first.told)["text"] == "We bake rye on Mondays."
    assert first.shown == "Wrote down “We bake rye on Mondays.”."
    assert len(DecisionService(desk.database).list_mine(desk.me)) == 1
    assert [one.name for one in BOX.offered(in_room=True)] == ["write_down"]


def test_errors_are_sentences(desk: Desk) -> None:
    for arguments, sentence in (
        ("{}", "The arguments can't be used. text: Field required."),
        ('{"text": " "}', "The decision"),
        (json.dumps({"text": "x" * 501}), "The decision"),
    ):
        done = BOX.perform("write_down", caller_for(desk.database, desk.me), arguments)
        assert done.result is None and done.told.startswith(sentence)
    denied = BOX.perform("write_down", caller_for(desk.database, without_chat(desk.me)), RYE)
    assert denied.told == "Keeping tasks needs the role staff. An admin can give it to you."


def test_it_is_in_the_trail_and_taken_back_once(desk: Desk) -> None:
    caller = caller_for(desk.database, desk.me)
    done = BOX.perform("write_down", caller, RYE)
    [tool] = TOOLS
    assert tool.undo and done.result and done.result.undo
    assert tool.undo(caller, done.result.undo) == "Taken back."
    assert tool.undo(caller, done.result.undo) == "That was taken back already."
    with desk.database.reading() as session:
        events = Audit(session).list_recent(desk.company.id)
        assert [(one.action, (one.after or {})["kind"]) for one in reversed(events)] == [
            ("record:create", "decision"),
            ("record:delete", "decision"),
        ]
        assert "rye" not in str([(one.before, one.after) for one in events])
        assert Audit(session).verify(desk.company.id) is None


def test_it_has_commands_of_its_own(desk: Desk) -> None:
    service = CommandService(desk.database, RateLimiter(), ignore, tools=BOX, known=Commands(COMMANDS))
    said = {}
    for typed in ("/decide We bake rye on Mondays.", "/decisions", "/help decide"):
        found = service.read(typed)
        assert found
        said[typed] = service.run(desk.me, *found, client_key=new_id(), zone=UTC)
    made, listed, helped = said.values()
    assert [line.text for line in listed.lines] == ["We bake rye on Mondays."]
    assert helped.title == "/decide what was decided"
    assert made.undo and service.undo(desk.me, made.undo, zone=UTC) == "Taken back."


def test_what_lies_in_the_folders_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to be told of a module of tools, or of a model."""
    (tmp_path / "of_tests.py").write_text("from tests.assistant.second_record.tools import COMMANDS, TOOLS\n")
    monkeypatch.setattr(core.assistant.tools, "__path__", [*core.assistant.tools.__path__, str(tmp_path)])
    for found in (toolbox, commands):
        found.cache_clear()
    try:
        assert toolbox().get("write_down") is TOOLS[0]
        assert commands().read("/decide x") is not None
    finally:
        monkeypatch.undo()
        for found in (toolbox, commands):
            found.cache_clear()
    assert toolbox().get("write_down") is None


DECLARED = """
import sys
from importlib.util import find_spec, module_from_spec
spec = find_spec("core.models")
spec.submodule_search_locations.append(sys.argv[1])
sys.modules["core.models"] = models = module_from_spec(spec)
spec.loader.exec_module(models)
print("notes" in models.Task.metadata.tables)
"""
NOTE = """
from core.models.base import Record
class Note(Record, table=True):
    __tablename__ = "notes"
"""


def test_a_model_is_declared_by_lying_there(tmp_path: Path) -> None:
    """Nothing has to name it: a migration is made from what is declared."""
    (tmp_path / "note.py").write_text(NOTE)
    command = [sys.executable, "-c", DECLARED, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
