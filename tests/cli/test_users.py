from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from core import bootstrap
from core.cli.users import app
from core.config import Settings
from core.database.engine import Database
from core.errors import Invalid, NotFound
from core.permissions import Role
from core.services.people import PeopleService
from tests.support.builders import make_company
from tests.support.passwords import GOOD, OTHER, QuickPasswords


@dataclass
class PeopleOnly:
    people: PeopleService
    settings: Settings


@pytest.fixture
def people(database: Database, settings: Settings) -> Iterator[PeopleService]:
    with database.transaction() as session:
        make_company(session)
    people = PeopleService(database, QuickPasswords())
    bootstrap.install(cast(Any, PeopleOnly(people, settings)))
    yield people
    bootstrap.install(None)


def run(*words: str, typed: str = "") -> str:
    """What the command printed. An error of ours comes through, as `python -m core` prints its sentence."""
    return CliRunner().invoke(app, words, input=typed, catch_exceptions=False).output


def test_a_person_from_added_to_kept_out(people: PeopleService) -> None:
    assert "(admin, staff)" in run(
        "add", "boss@x.org", "--name", "Boss", "--role", "admin", "--role", "staff", "--password-stdin", typed=GOOD
    )
    asked = run("add", "ana@x.org", "--name", "Ana [bold]", typed=f"{GOOD}\n{GOOD}\n")
    assert "Added ana@x.org (staff)." in asked and GOOD not in asked
    assert "Ana [bold]" in run("list")
    assert "analyst, moderator" in run("set-roles", "ANA@x.org", "--role", "moderator", "--role", "analyst")
    assert "signed out everywhere" in run("set-password", "ana@x.org", "--password-stdin", typed=f"{OTHER}\n")
    assert "can't sign in" in run("deactivate", "ana@x.org")
    assert not people.find(None, "ana@x.org").is_active
    assert "can sign in again" in run("reactivate", "ana@x.org")
    ana = people.find(None, "ana@x.org")
    assert ana.is_active and ana.roles == {Role.ANALYST, Role.MODERATOR}
    for words in (("deactivate", "boss@x.org"), ("set-roles", "boss@x.org", "--role", "staff")):
        with pytest.raises(Invalid, match="last active admin"):
            run(*words)
    with pytest.raises(NotFound):
        run("deactivate", "nobody@x.org")
    with pytest.raises(Invalid):
        run("set-password", "boss@x.org", "--password-stdin", typed="short\n")
