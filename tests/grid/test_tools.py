"""Each tool and each command does what it does for whom its row says: all sets of roles."""

import json
from typing import Any

import pytest

from core.assistant.commands import Typed, commands
from core.assistant.tools.registry import toolbox
from core.errors import NotPermitted, ParleyError
from core.permissions import DENIALS
from tests.grid import rows
from tests.grid.rows import Row
from tests.grid.world import Someone, World
from tests.services.test_room_grid import undone
from tests.support.callers import caller_for

WORDS = {"task": "Buy rye", "done": "rye", "search": "rye"}
SENTENCES = set(DENIALS.values())


def arguments(world: World) -> dict[str, dict[str, Any]]:
    task = str(world.task)
    return {
        "create_task": {"title": "Buy rye"},
        "list_tasks": {},
        "update_task": {"task_id": task, "title": "Buy wheat"},
        "complete_task": {"task_id": task},
        "search_messages": {"query": "rye"},
        "my_usage": {},
    }


@pytest.mark.parametrize("row", rows.TOOLS, ids=lambda row: row.name)
def test_a_tool_works_for_whom_its_row_says(world: World, row: Row) -> None:
    given = json.dumps(arguments(world)[row.name])
    for someone in world.people:
        with undone(world.application.database):
            done = toolbox().perform(row.name, caller_for(world.application.database, someone.actor), given)
        assert_denied(row, someone, done.told if done.told in SENTENCES else None)
        assert done.result is None or not row.lacking(someone.actor.roles)


@pytest.mark.parametrize("row", rows.COMMANDS, ids=lambda row: row.name)
def test_a_command_works_for_whom_its_row_says(world: World, row: Row) -> None:
    [command] = [one for one in commands() if one.name == row.name]
    for someone in world.people:
        with undone(world.application.database):
            assert_denied(row, someone, refusal(world, command, someone))


def refusal(world: World, command: Any, someone: Someone) -> str | None:
    caller = caller_for(world.application.database, someone.actor, is_command=True)
    try:
        command.run(caller, Typed(WORDS.get(command.name, "")))
    except NotPermitted as error:
        return str(error)
    except ParleyError:
        pass
    return None


def assert_denied(row: Row, someone: Someone, refused: str | None) -> None:
    lacking = row.lacking(someone.actor.roles)
    assert refused == (DENIALS[lacking] if lacking else None), someone
