"""`python -m core import`: what it prints, what it leaves behind, how it ends."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
import typer
from sqlmodel import select
from typer.testing import CliRunner, Result

from core import bootstrap
from core.assistant.provider import Assistant
from core.bootstrap import Application
from core.cli import imports
from core.config import Settings
from core.database.engine import Database
from core.errors import Invalid, NotFound, NotPermitted
from core.ids import new_id
from core.models import Conversation
from core.permissions import Role
from tests.support.builders import make_company, make_user
from tests.support.exports import ChatGPT, branched, webui

Run = Callable[..., Result]
EMAIL = "ada@example.com"


@pytest.fixture
def company_id(database: Database) -> UUID:
    """With Ada in it, who may chat, and Bo, who may not."""
    with database.transaction() as session:
        company = make_company(session)
        make_user(session, company, (Role.STAFF,), email=EMAIL)
        make_user(session, company, (Role.ANALYST,), email="bo@example.com")
        return company.id


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "conversations.json"
    image = {"content_type": "multimodal_text", "parts": ["See", {"content_type": "image_asset_pointer"}]}
    odd = ChatGPT("[red]Title[/red]\x1b[2J").add("q", "user", None, content=image)
    bad = {"title": "\x1b[31m[bold]Bad[/bold]", "mapping": {}}
    path.write_text(json.dumps([branched().value, webui(), odd.value, bad]))
    return path


@pytest.fixture
def run(database: Database, settings: Settings, company_id: UUID) -> Iterator[Run]:
    """The command, each time in an application of its own, as in a process of its own."""
    app = typer.Typer()
    app.command()(imports.import_file)

    def invoke(*words: object) -> Result:
        bootstrap.install(Application(settings, database, Assistant(settings)))
        return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False, env={"COLUMNS": "200"})

    yield invoke
    bootstrap.install(None)


def count(database: Database) -> int:
    with database.reading() as session:
        return len(session.exec(select(Conversation.id)).all())


def test_it_brings_in_what_can_be_read_and_lists_the_rest(run: Run, file: Path, database: Database) -> None:
    done = run(file, "--for", EMAIL)
    assert done.exit_code == 0 and count(database) == 3
    for words in (
        "ChatGPT, Open WebUI",
        "3 conversations, 13 messages",
        "2023-11-14",
        "[bold]Bad[/bold]",
        "no message",
    ):
        assert words in done.output
    assert "Images can't be brought along" in done.output
    assert "\x1b" not in done.output.replace("\x1b[2K", "")
    again = run(file, "--for", EMAIL)
    assert again.exit_code == 0 and count(database) == 3 and "0 conversations" in again.output


def test_a_dry_run_leaves_nothing(run: Run, company_id: UUID, file: Path, database: Database) -> None:
    done = run(file, "--for", EMAIL, "--dry-run", "--company", company_id)
    assert done.exit_code == 0 and count(database) == 0 and "Would come in" in done.output


def test_when_nothing_can_be_read_it_ends_with_one(run: Run, tmp_path: Path, database: Database) -> None:
    path = tmp_path / "empty.json"
    path.write_text(json.dumps([{"title": "Bad", "mapping": {}}]))
    assert run(path, "--for", EMAIL).exit_code == 1
    path.write_text("Hello")
    with pytest.raises(Invalid):  # main() says it, and ends with 1
        run(path, "--for", EMAIL)
    assert run(tmp_path / "missing.json", "--for", EMAIL).exit_code == 2
    assert count(database) == 0


def test_whose_they_become_has_to_be_somebody_who_may_chat(run: Run, file: Path, database: Database) -> None:
    with pytest.raises(NotFound):
        run(file, "--for", "nobody@example.com")
    with pytest.raises(NotFound, match="that company"):
        run(file, "--for", EMAIL, "--company", new_id())
    with pytest.raises(NotPermitted):
        run(file, "--for", "bo@example.com")
    assert count(database) == 0
