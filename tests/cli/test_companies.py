from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from core import bootstrap
from core.cli import companies, users
from core.config import Settings
from core.database.engine import Database
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.permissions import Role
from core.repositories.audit import Audit
from core.services.companies import CompanyService
from core.services.people import PeopleService
from tests.support.builders import make_company
from tests.support.passwords import GOOD, QuickPasswords


@dataclass
class Both:
    companies: CompanyService
    people: PeopleService
    settings: Settings


@pytest.fixture
def both(database: Database, settings: Settings) -> Iterator[Both]:
    both = Both(CompanyService(database, 1_000), PeopleService(database, QuickPasswords()), settings)
    bootstrap.install(cast(Any, both))
    yield both
    bootstrap.install(None)


def run(app: Any, *words: str, typed: str = "") -> str:
    return CliRunner().invoke(app, words, input=typed, catch_exceptions=False).output


def test_one_more_company_with_its_first_admin(both: Both, database: Database) -> None:
    with database.transaction() as session:
        make_company(session, name="Bakery")
    assert "Added Engines [bold]." in run(companies.app, "add", " Engines\n [bold] ")
    [bakery, engines] = both.companies.list_all()
    listed = run(companies.app, "list")
    assert "Engines [bold]" in listed and "Bakery" in listed
    added = run(
        users.app, "add", "ana@x.org", "--name", "Ana", "--role", "admin", "--company", str(engines.id),
        "--password-stdin", typed=GOOD,
    )  # fmt: skip
    assert "Added ana@x.org (admin)." in added
    [ana] = both.people.list_people(None, company_id=engines.id)
    assert ana.roles == {Role.ADMIN} and both.people.list_people(None, company_id=bakery.id) == ()
    with database.reading() as session:
        assert [one.action for one in Audit(session).list_recent(engines.id)] == ["user:create", "company:create"]
    for name in ("", " ", "x" * 121):
        with pytest.raises(Invalid):
            run(companies.app, "add", name)
    assert len(both.companies.list_all()) == 2


def test_a_company_is_renamed_from_the_machine(both: Both, database: Database) -> None:
    """Also one whose admins are all gone."""
    with database.transaction() as session:
        bakery, _ = make_company(session, name="Bakery"), make_company(session, name="Engines")
    assert "It is called Old Mill [1] now." in run(companies.app, "rename", str(bakery.id), " Old  Mill [1]\n")
    assert [one.name for one in both.companies.list_all()] == ["Engines", "Old Mill [1]"]
    for company_id, name, error in (
        (bakery.id, "engines", Conflict),
        (bakery.id, " ", Invalid),
        (new_id(), "Mill", NotFound),
    ):
        with pytest.raises(error):
            run(companies.app, "rename", str(company_id), name)
    with database.reading() as session:
        [event] = Audit(session).list_recent(bakery.id)
    assert (event.action, event.before, event.after) == ("company:update", {"name": "Bakery"}, {"name": "Old Mill [1]"})
