"""`python -m core usage`: what it prints, and how it ends."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from core import bootstrap
from core.assistant.provider import Assistant
from core.bootstrap import Application
from core.cli import usage
from core.config import Settings
from core.database.engine import Database
from tests.services.test_usage_keeping import PEOPLE, ROOMS, a_ledger
from tests.support.builders import make_company
from tests.support.ledgers import World

Run = Callable[..., Result]


@pytest.fixture
def run(database: Database, settings: Settings) -> Iterator[Run]:
    bootstrap.install(Application(settings, database, Assistant(settings)))
    with database.transaction() as session:
        a_ledger(session, World(make_company(session).id, PEOPLE, ROOMS))
    yield lambda *words: CliRunner().invoke(usage.app, list(words), catch_exceptions=False, env={"COLUMNS": "200"})
    bootstrap.install(None)


def test_verify_says_what_differs_until_it_is_made_anew(run: Run, database: Database) -> None:
    assert (run("verify").exit_code, "Every sum equals the ledger." in run("verify").output) == (0, True)
    with database.transaction() as session:
        session.execute(text("UPDATE usage_slots SET calls = calls + 7 WHERE face = 'total' AND grain = 'hour'"))
    wrong = run("verify")
    assert wrong.exit_code == 1
    assert "usage_slots" in wrong.output
    assert "calls is 8, should be 1" in wrong.output
    rebuilt = run("rebuild")
    assert (rebuilt.exit_code, "Summed up 4 calls." in rebuilt.output) == (0, True)
    assert run("verify").exit_code == 0


def test_resuming_what_is_finished_does_nothing(run: Run) -> None:
    assert "Summed up 0 calls." in run("rebuild", "--resume").output
