"""Two Parleys that share few connections through PgBouncer, as docs/operations.md has it."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from core import bootstrap
from core.config import Settings
from core.database.opening import open_database
from tests.e2e.served import SERVE, STREAMLIT, Parley, run, served
from tests.faults.conftest import KEY, MODEL, first_person
from tests.faults.kept import Kept
from tests.faults.postgres import Postgres
from tests.support.openai_server import OpenAIServer, Reply
from tests.support.pgbouncer import pooled, role_settings
from tests.support.tab import Tab

pytestmark = pytest.mark.long
QUESTIONS = 12
"""More than it takes a driver to prepare what it repeats."""


@pytest.fixture(scope="module")
def direct(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    """The database past the pooler; its role is told nothing yet."""
    postgres = Postgres(tmp_path_factory.mktemp("postgres"))
    execute(postgres.url, "CREATE ROLE parley LOGIN", "CREATE DATABASE parley OWNER parley")
    execute(postgres.url, "ALTER ROLE parley SET timezone = 'Europe/Berlin'")
    yield postgres.url.set(username="parley", database="parley")
    postgres.stop()


@pytest.fixture
def variables(
    direct: URL, tmp_path_factory: pytest.TempPathFactory, provider: OpenAIServer
) -> Iterator[dict[str, str]]:
    """A PgBouncer of its own each time: what it has open learns nothing of what a role is told later."""
    with pooled(tmp_path_factory.mktemp("pooler") / "pgbouncer", direct) as url:
        yield {
            "DATABASE_URL": said(url),
            "LISTEN_DATABASE_URL": said(direct),
            "OPENAI_BASE_URL": provider.base_url,
            "OPENAI_API_KEY": KEY,
            "PARLEY_MODELS": MODEL,
            "PARLEY_SECRET_KEY": "a secret that both processes know, 0123456789",
        }


@pytest.fixture
def told(direct: URL) -> None:
    """What the document has an operator tell the role."""
    execute(direct, *role_settings())


def said(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def execute(url: URL, *statements: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_without_the_settings_of_its_role_it_says_what_to_do(variables: dict[str, str], tmp_path: Path) -> None:
    ended = run(SERVE, {**variables, "PARLEY_DATA_DIR": str(tmp_path)})
    assert ended.returncode == 1
    assert "ALTER ROLE parley IN DATABASE parley SET timezone = 'UTC'" in ended.stderr


def test_two_processes_chat_hear_each_other_and_keep_right_books(
    direct: URL, told: None, variables: dict[str, str], tmp_path: Path, provider: OpenAIServer
) -> None:
    with ExitStack() as ending:
        first, second = (Parley(tmp_path, STREAMLIT, **variables) for _ in range(2))
        ending.enter_context(served(first))
        ada = first_person(first)
        ending.enter_context(served(second))
        here, there = (ending.enter_context(Tab(one.url, ada)) for one in (first, second))
        for number in range(QUESTIONS):
            provider.replies_to[f"pooled-{number}"] = [Reply([f"Answer {number}."])]
            here.until(lambda: here.can_ask)
            here.ask(f"pooled-{number}")
            here.wait_settled(f"pooled-{number}", f"Answer {number}.")
        there.query = f"c={here.conversation}"
        there.open()
        there.wait_settled(f"pooled-{QUESTIONS - 1}", f"Answer {QUESTIONS - 1}.")
        provider.replies_to["pooled-live"] = [Reply(["Heard."])]
        with there.listening():
            here.ask("pooled-live")
            there.wait_settled("pooled-live", "Heard.")
        assert f"Wrote {tmp_path}/parley.dump" in first.command_line("database", "dump", f"{tmp_path}/parley.dump")
        check_books(variables)
        assert Kept(direct).gaps() == []
        for one in (first, second):
            assert "Traceback" not in one.log


def check_books(variables: dict[str, str]) -> None:
    """As `python -m core audit verify` and `usage verify` do, through the pooler."""
    urls = {name: SecretStr(variables[name.upper()]) for name in ("database_url", "listen_database_url")}
    settings = Settings(_env_file=None, **urls)  # type: ignore[arg-type, call-arg]
    with open_database(settings) as database:
        app = bootstrap.build(settings, database)
        chains = [step for id_, name in app.audit_checks.companies() for step in app.audit_checks.verify(id_, name)]
        assert chains and not any(step.broken for step in chains)
        keeper = app.usage_keeper
        assert keeper.months() and not [found for month in keeper.months() for found in keeper.verify(month)]
