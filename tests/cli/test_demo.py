from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import typer
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL
from typer.testing import CliRunner

from core import bootstrap, clock
from core.assistant.provider import Assistant
from core.bootstrap import Application
from core.cli import demo
from core.cli.demo_talk import DAY, PEOPLE, Says
from core.config import Settings
from core.database.engine import Database, connect
from core.errors import Invalid
from core.ids import new_id
from core.models import AuditAction, ConversationKind
from core.permissions import Actor, Role
from core.repositories.audit import Audit
from core.services.usage_views import Wanted
from tests.conftest import autocommit, cloned
from tests.support.builders import make_company, make_user
from tests.support.passwords import GOOD, QuickPasswords

pytestmark = pytest.mark.xdist_group("demo")  # the company is made once


@contextmanager
def installed(database: Database, settings: Settings) -> Iterator[Application]:
    application = Application(settings, database, Assistant(settings))
    application.people.passwords = application.accounts.passwords = QuickPasswords()
    bootstrap.install(application)
    yield application
    bootstrap.install(None)


@pytest.fixture
def application(database: Database, settings: Settings) -> Iterator[Application]:
    with installed(database, settings) as application:
        yield application


@dataclass(frozen=True)
class Shown:
    """An empty Parley to which the demo's company came."""

    url: URL
    printed: str


@pytest.fixture(scope="module")
def shown_once(server_url: URL, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    settings = Settings(_env_file=None, data_dir=tmp_path_factory.mktemp("demo"))  # type: ignore[call-arg]
    with cloned(server_url, template) as url:
        database = connect(settings, url)
        with installed(database, settings):
            printed = run()
        with autocommit(url) as engine, engine.connect() as connection:
            connection.execute(text("ANALYZE"))  # it would come by itself, in a minute
        yield Shown(url, printed)
        database.dispose()


@pytest.fixture
def shown(shown_once: Shown, settings: Settings) -> Iterator[Application]:
    """That company; what a test does to it is rolled back."""
    engine = create_engine(shown_once.url, connect_args={"options": "-c timezone=UTC"})
    with engine.connect() as connection, connection.begin() as outer, installed(Database(connection), settings) as one:
        yield one
        outer.rollback()
    engine.dispose()


def run(*words: str, typed: str = "") -> str:
    app = typer.Typer()
    app.command()(demo.demo)
    return CliRunner().invoke(app, words, input=typed, catch_exceptions=False).output


def actor_of(application: Application, name: str) -> Actor:
    person = application.people.find(None, f"{name.lower()}@demo.example")
    return Actor(person.id, person.company_id, person.email, person.display_name, person.roles)


def test_an_empty_parley_gets_a_company_that_talks(shown: Application, shown_once: Shown) -> None:
    [password] = [line.rpartition(": ")[2] for line in shown_once.printed.splitlines() if "password" in line]
    signed_in = shown.accounts.sign_in(email="ada@demo.example", password=password, user_agent="")
    assert signed_in.token and not shown.accounts.needs_setup()
    ada, bo = actor_of(shown, "Ada"), actor_of(shown, "Bo")
    assert ada.roles == {Role.ADMIN, Role.STAFF} and bo.roles == {Role.STAFF}
    assert {person.display_name for person in shown.people.list_people(None)} == set(PEOPLE.values())
    counts = [shown.rooms.count_mine(ada, kind) for kind in ConversationKind if kind.is_room]
    assert counts == [2, 2, 2]
    assert shown.rooms.unread(ada).mentions == 1

    rooms = {line.title: line.id for line in shown.rooms.list_mine(ada, ConversationKind.GROUP)}
    fair = shown.talk.page(ada, rooms["Spring fair"])
    assert any(message.reply for message in fair) and any(message.reactions for message in fair)
    assert any(message.is_deleted for message in fair)
    late = shown.talk.page(ada, rooms["Night shift"])
    assert "Cy Monday" not in "".join(message.content for message in late)  # from before Ada came
    assert all(message.run_id is None and not message.is_waiting for message in fair + late)


def test_the_usage_page_has_three_months_to_show(shown: Application) -> None:
    ada, today = actor_of(shown, "Ada"), clock.now().date()
    view = shown.usage.look(ada, Wanted(today - timedelta(days=89), today, ZoneInfo("UTC")))
    totals = view.totals
    assert totals.people == len(PEOPLE) and totals.answers > 1_000 and totals.cost > 1
    assert 0 < totals.unpriced < totals.calls and totals.estimated and totals.missing
    assert {line.provider for line in shown.usage.calls(ada, Wanted(today, today, ZoneInfo("UTC"))).lines} == set()
    assert list(view.models["model"]) == ["demo-large", "demo-small", "demo-local"] and len(view.rooms) == 4
    liked = view.models["up"] / (view.models["up"] + view.models["down"])
    assert liked.is_monotonic_decreasing and 0.5 < liked.min() < liked.max() < 1
    keeper = shown.usage_keeper
    assert [one for month in keeper.months() for one in keeper.verify(month)] == []


def test_everything_that_happened_is_in_the_trail(shown: Application) -> None:
    said = [event for room in DAY for event in room.events if isinstance(event, Says)]
    with shown.database.reading() as session:
        events = Audit(session).list_recent(actor_of(shown, "Ada").company_id, 500)
    actions = [event.action for event in events]
    assert actions.count(AuditAction.USER_CREATED) == len(PEOPLE)
    assert actions.count(AuditAction.ROOM_CREATED) == len(DAY)
    assert actions.count(AuditAction.MESSAGE_EDITED) == sum(bool(event.edited_to) for event in said) > 0
    assert actions.count(AuditAction.MESSAGE_DELETED) == sum(event.is_taken_back for event in said) > 0
    assert AuditAction.MEMBER_REMOVED in actions and AuditAction.ROOM_JOINED in actions


def test_a_second_time_changes_nothing(shown: Application) -> None:
    ada = actor_of(shown, "Ada")
    rooms = [shown.rooms.list_mine(ada, kind) for kind in ConversationKind if kind.is_room]
    assert "nothing was changed" in run()
    assert [shown.rooms.list_mine(ada, kind) for kind in ConversationKind if kind.is_room] == rooms
    assert len(shown.people.list_people(None)) == len(PEOPLE)


def test_in_the_company_that_was_named_nobody_becomes_admin(application: Application, database: Database) -> None:
    add_company(database)
    company_id = add_company(database)
    printed = run("--company", str(company_id), "--password-stdin", typed=f"{GOOD}\n")
    assert GOOD not in printed and "not shown again" not in printed
    ada = actor_of(application, "Ada")
    assert ada.company_id == company_id and ada.roles == {Role.STAFF}


def test_of_several_companies_one_has_to_be_named(application: Application, database: Database) -> None:
    add_company(database)
    add_company(database)
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
