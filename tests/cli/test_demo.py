from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import typer
from typer.testing import CliRunner

from core import bootstrap, clock
from core.assistant.provider import Assistant
from core.bootstrap import Application
from core.cli import demo
from core.cli.demo_talk import DAY, PEOPLE, Says
from core.config import Settings
from core.database.engine import Database
from core.errors import Invalid
from core.ids import new_id
from core.models import AuditAction, ConversationKind
from core.permissions import Actor, Role
from core.repositories.audit import Audit
from core.services.usage_views import Wanted
from tests.support.builders import make_company, make_user
from tests.support.passwords import GOOD, QuickPasswords


@pytest.fixture
def application(database: Database, settings: Settings) -> Iterator[Application]:
    application = Application(settings, database, Assistant(settings))
    application.people.passwords = application.accounts.passwords = QuickPasswords()
    bootstrap.install(application)
    yield application
    bootstrap.install(None)


def run(*words: str, typed: str = "") -> str:
    app = typer.Typer()
    app.command()(demo.demo)
    return CliRunner().invoke(app, words, input=typed, catch_exceptions=False).output


def actor_of(application: Application, name: str) -> Actor:
    person = application.people.find(None, f"{name.lower()}@demo.example")
    return Actor(person.id, person.company_id, person.email, person.display_name, person.roles)


def test_an_empty_parley_gets_a_company_that_talks(application: Application) -> None:
    printed = run()
    [password] = [line.rpartition(": ")[2] for line in printed.splitlines() if "password" in line]
    signed_in = application.accounts.sign_in(email="ada@demo.example", password=password, user_agent="")
    assert signed_in.token and not application.accounts.needs_setup()
    ada, bo = actor_of(application, "Ada"), actor_of(application, "Bo")
    assert ada.roles == {Role.ADMIN, Role.STAFF} and bo.roles == {Role.STAFF}
    assert {person.display_name for person in application.people.list_people(None)} == set(PEOPLE.values())
    counts = [application.rooms.count_mine(ada, kind) for kind in ConversationKind if kind.is_room]
    assert counts == [2, 2, 2]
    assert application.rooms.unread(ada).mentions == 1

    rooms = {line.title: line.id for line in application.rooms.list_mine(ada, ConversationKind.GROUP)}
    shown = application.talk.page(ada, rooms["Spring fair"])
    assert any(message.reply for message in shown) and any(message.reactions for message in shown)
    assert any(message.is_deleted for message in shown)
    late = application.talk.page(ada, rooms["Night shift"])
    assert "Cy Monday" not in "".join(message.content for message in late)  # from before Ada came
    assert all(message.run_id is None and not message.is_waiting for message in shown + late)


def test_the_usage_page_has_three_months_to_show(application: Application) -> None:
    run()
    ada, today = actor_of(application, "Ada"), clock.now().date()
    view = application.usage.look(ada, Wanted(today - timedelta(days=89), today, ZoneInfo("UTC")))
    totals = view.totals
    assert totals.people == len(PEOPLE) and totals.answers > 1_000 and totals.cost > 1
    assert 0 < totals.unpriced < totals.calls and totals.estimated and totals.missing
    assert {
        line.provider for line in application.usage.calls(ada, Wanted(today, today, ZoneInfo("UTC"))).lines
    } == set()
    assert list(view.models["model"]) == ["demo-large", "demo-small", "demo-local"] and len(view.rooms) == 4
    liked = view.models["up"] / (view.models["up"] + view.models["down"])
    assert liked.is_monotonic_decreasing and 0.5 < liked.min() < liked.max() < 1
    keeper = application.usage_keeper
    assert [one for month in keeper.months() for one in keeper.verify(month)] == []


def test_everything_that_happened_is_in_the_trail(application: Application, database: Database) -> None:
    run()
    said = [event for room in DAY for event in room.events if isinstance(event, Says)]
    with database.reading() as session:
        events = Audit(session).list_recent(actor_of(application, "Ada").company_id, 500)
    actions = [event.action for event in events]
    assert actions.count(AuditAction.USER_CREATED) == len(PEOPLE)
    assert actions.count(AuditAction.ROOM_CREATED) == len(DAY)
    assert actions.count(AuditAction.MESSAGE_EDITED) == sum(bool(event.edited_to) for event in said) > 0
    assert actions.count(AuditAction.MESSAGE_DELETED) == sum(event.is_taken_back for event in said) > 0
    assert AuditAction.MEMBER_REMOVED in actions and AuditAction.ROOM_JOINED in actions


def test_a_second_time_changes_nothing(application: Application) -> None:
    run("--password-stdin", typed=f"{GOOD}\n")
    ada = actor_of(application, "Ada")
    rooms = [application.rooms.list_mine(ada, kind) for kind in ConversationKind if kind.is_room]
    assert "nothing was changed" in run()
    assert [application.rooms.list_mine(ada, kind) for kind in ConversationKind if kind.is_room] == rooms
    assert len(application.people.list_people(None)) == len(PEOPLE)


def test_in_a_company_that_is_there_nobody_becomes_admin(application: Application, database: Database) -> None:
    company_id = add_company(database)
    printed = run("--password-stdin", typed=f"{GOOD}\n")
    assert GOOD not in printed and "not shown again" not in printed
    ada = actor_of(application, "Ada")
    assert ada.company_id == company_id and ada.roles == {Role.STAFF}


@pytest.mark.parametrize("named", [True, False])
def test_of_several_companies_one_has_to_be_named(application: Application, database: Database, named: bool) -> None:
    add_company(database)
    company_id = add_company(database)
    if named:
        run("--company", str(company_id))
        assert actor_of(application, "Ada").company_id == company_id
    else:
        with pytest.raises(Invalid, match="several companies"):
            run()


@pytest.mark.parametrize("typed", ["short", "lovelace"])
def test_a_bad_password_adds_nobody(application: Application, typed: str) -> None:
    with pytest.raises(Invalid):
        run("--password-stdin", typed=f"{typed}\n")
    assert application.accounts.needs_setup()


def add_company(database: Database) -> UUID:
    with database.transaction() as session:
        company = make_company(session)
        make_user(session, company, (Role.ADMIN,), email=f"{new_id()}@example.com")
        return company.id
