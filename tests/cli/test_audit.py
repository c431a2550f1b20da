"""`python -m core audit verify`: what it prints, and how it ends."""

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
import typer
from sqlalchemy import text
from typer.testing import CliRunner, Result

from core import bootstrap
from core.assistant.provider import Assistant
from core.bootstrap import Application
from core.cli import audit
from core.config import Settings
from core.database.engine import Database
from core.ids import new_id
from core.models import AuditAction, ChainProblem
from core.repositories.audit import Audit
from core.ui.audit_words import PROBLEMS
from tests.support.builders import make_company

Run = Callable[..., Result]


@pytest.fixture
def run(database: Database, settings: Settings) -> Iterator[Run]:
    bootstrap.install(Application(settings, database, Assistant(settings)))
    app = typer.Typer()
    app.add_typer(audit.app, name="audit")
    words = ("audit", "verify")
    yield lambda *more: CliRunner().invoke(app, [*words, *more], catch_exceptions=False, env={"COLUMNS": "200"})
    bootstrap.install(None)


@pytest.fixture
def companies(database: Database) -> list[UUID]:
    with database.transaction() as session:
        companies = [make_company(session, name=name) for name in ("Bakery", "Engines")]
        for company in companies:
            for _ in range(4):
                Audit(session).record(
                    AuditAction.SIGNED_OUT, actor=None, company_id=company.id, target_type="user", target_id=new_id()
                )
        return [company.id for company in companies]


def test_it_names_the_first_broken_link_of_each_company(run: Run, database: Database, companies: list[UUID]) -> None:
    bakery, engines = companies
    whole = run()
    assert whole.exit_code == 0
    for name, key in (("Bakery", bakery), ("Engines", engines)):
        assert f"{name} ({key}): whole, 4 rows." in whole.output
    with database.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        given = {"company": bakery}
        session.execute(
            text("UPDATE audit_events SET reason = 'x', created_at = '2026-05-12 12:00Z'"
                 " WHERE company_id = :company AND sequence = 3"), given
        )  # fmt: skip
        session.execute(text("DELETE FROM audit_events WHERE company_id = :company AND sequence = 4"), given)
        session.execute(text("SET LOCAL session_replication_role = origin"))
    broken = run()
    assert broken.exit_code == 1
    assert f"Bakery ({bakery}): BROKEN at row 3 (of 2026-05-12 12:00:00 UTC): this row was changed." in broken.output
    assert "whole, 4 rows." in broken.output
    assert (run("--company", str(engines)).exit_code, run("--company", str(bakery)).exit_code) == (0, 1)
    assert "Bakery" not in run("--company", str(engines)).output
    for odd in (str(new_id()), "x"):
        assert run("--company", odd).exit_code == 2


def test_each_problem_has_its_words() -> None:
    assert set(audit.PROBLEMS) == set(PROBLEMS) == set(ChainProblem)
