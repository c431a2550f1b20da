"""`python -m core database`: what an operator types, and what it says."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import URL
from typer.testing import CliRunner, Result

from core import bootstrap
from core.cli import database as commands
from core.config import Settings
from core.database.channel import LINE
from core.database.copying import look_into
from core.database.engine import connect
from core.errors import Conflict, Invalid
from tests.conftest import cloned
from tests.support.talks import Desk

Run = Callable[..., Result]


@pytest.fixture
def run(fresh_url: URL, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings) -> Iterator[Run]:
    """On a database in which people have talked."""
    database = connect(settings, fresh_url)
    Desk(database).talk()
    database.dispose()
    monkeypatch.setenv("DATABASE_URL", said(fresh_url))
    monkeypatch.setenv("PARLEY_DATA_DIR", str(tmp_path / "data"))
    yield lambda *words, typed="": CliRunner().invoke(commands.app, list(words), input=typed, catch_exceptions=False)
    bootstrap.install(None)


@pytest.fixture
def empty_url(server_url: URL) -> Iterator[URL]:
    with cloned(server_url, "template0") as url:
        yield url


def said(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def rows(url: URL) -> dict[str, int]:
    engine = create_engine(url)
    found = look_into(engine)
    engine.dispose()
    return dict(found.rows)


def test_a_move_asks_where_to_and_checks_what_is_there_then(run: Run, fresh_url: URL, empty_url: URL) -> None:
    before = rows(fresh_url)
    moved = run("move", typed=f"{said(empty_url)}\n")
    assert moved.exit_code == 0
    assert "Moved: 1 account, 1 conversation, 2 messages, 1 model call, " in moved.output
    assert "Every chain of the audit is whole, and every sum of usage equals the ledger." in moved.output
    assert "Set DATABASE_URL to that address" in moved.output
    after = rows(empty_url)
    assert after.pop("audit_checks") == before.pop("audit_checks") + after_checks(moved)
    assert after == before == {table: count for table, count in rows(fresh_url).items() if table != "audit_checks"}


def after_checks(moved: Result) -> int:
    """Each verification of a chain is kept."""
    return moved.output.count(": whole, ")


def test_nothing_moves_while_people_are_served(run: Run, fresh_url: URL, empty_url: URL) -> None:
    listening = create_engine(fresh_url, connect_args={"application_name": LINE})
    with listening.connect(), pytest.raises(Conflict, match="Parley is running"):
        run("move", "--to", said(empty_url))
    listening.dispose()
    with pytest.raises(Invalid, match="write postgresql://"):
        run("move", "--to", "mysql://db/parley")


def test_from_a_dump_another_parley_is_made(
    run: Run, empty_url: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = str(tmp_path / "parley.dump")
    assert "2 messages" in run("dump", file).output
    monkeypatch.setenv("DATABASE_URL", said(empty_url))
    restored = run("restore", file)
    assert (restored.exit_code, "2 messages" in restored.output) == (0, True)
    assert "every sum of usage equals the ledger" in restored.output
