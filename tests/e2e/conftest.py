from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy import text
from sqlalchemy.engine import URL

from core import bootstrap, clock
from core.bootstrap import Application
from core.permissions import Actor, Role
from core.services.people import PeopleService
from core.services.prices import TypedPrice
from core.web.cookies import SESSION
from tests.conftest import cloned
from tests.e2e import logs
from tests.e2e.browsing import PATIENCE, Chat, launched
from tests.e2e.served import Parley, served
from tests.e2e.served_house import filled, fresh
from tests.e2e.storyteller import STORYTELLER, Storyteller
from tests.support.canaries import House
from tests.support.passwords import GOOD


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file stays with one worker; each of those has a Parley of its own, that its files share."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here) and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


pytest_runtest_setup, pytest_runtest_makereport = logs.begin, logs.add


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    yield
    logs.check(item)


@dataclass(frozen=True)
class Guest:
    """Somebody with an account, and the session of their browser."""

    email: str
    name: str
    token: str


@pytest.fixture(scope="session")
def model() -> Iterator[Storyteller]:
    with Storyteller() as model:
        yield model


@pytest.fixture(scope="session")
def parley(tmp_path_factory: pytest.TempPathFactory, model: Storyteller) -> Iterator[Parley]:
    """All tests of a worker share it. With the embedded model it stands in test_first_hour.py."""
    asked = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "sk-test", "PARLEY_MODELS": STORYTELLER}
    with served(Parley(tmp_path_factory.mktemp("parley"), PARLEY_SHUTDOWN_GRACE="1", **asked)) as parley:
        yield parley


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Not for longer than a module: while Playwright is open, this thread can't run an event loop of its own."""
    with launched() as browser:
        yield browser


@pytest.fixture(scope="session")
def ada(parley: Parley) -> Guest:
    """The first person, through the link that the first start printed. test_first_hour.py does that by hand.

    She says that the model costs nothing, so that what tests ask it adds to no sum of money.
    """
    assert "First time here?" in parley.log
    guest = Guest("ada@example.com", "Ada Lovelace", parley.set_up("ada@example.com", "Ada Lovelace"))
    with acting(parley, guest) as (app, [hers]):
        app.prices.set_price(hers, STORYTELLER, TypedPrice("0", "", "0"), starts_on=clock.now().date(), zone=UTC)
    return guest


@pytest.fixture(scope="session")
def bob(parley: Parley, ada: Guest) -> Guest:
    return signed_in(parley, "bob@example.com", "Bob Boole", Role.STAFF)


def signed_in(parley: Parley, email: str, name: str, *roles: Role) -> Guest:
    """Somebody whom the operator added with these roles, and who then signed in."""
    with parley.database() as database:
        PeopleService(database).create_user(None, email=email, display_name=name, password=GOOD, roles=roles)
    return Guest(email, name, parley.sign_in(email))


@contextmanager
def acting(parley: Parley, *guests: Guest) -> Iterator[tuple[Application, list[Actor]]]:
    """The services on the server's database, and these people as they are signed in there."""
    with parley.database() as database:
        app = bootstrap.build(parley.settings, database)
        found = [app.accounts.resolve(guest.token) for guest in guests]
        yield app, [app.accounts.actor(one.session_id) for one in found if one]


@pytest.fixture
def nothing_reported(parley: Parley) -> None:
    """The queue is empty, whatever other tests left in it."""
    with parley.database() as database, database.transaction() as session:
        session.execute(text("DELETE FROM cases"))


Open = Callable[[Guest | None], Page]


@pytest.fixture
def tab(parley: Parley, browser: Browser) -> Iterator[Open]:
    """A new browser of that person, or of nobody; when the test fails, nothing stays open."""
    contexts: list[BrowserContext] = []

    def opened(guest: Guest | None) -> Page:
        context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
        if guest:
            context.add_cookies([{"name": SESSION, "value": guest.token, "url": parley.url, "httpOnly": True}])
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def chat(parley: Parley, ada: Guest, tab: Open, model: Storyteller) -> Iterator[Chat]:
    """Ada's, empty."""
    yield Chat(tab(ada), parley.url).open()
    model.end_stories()


@pytest.fixture(scope="session")
def house_url(server_url: URL, template: str) -> Iterator[URL]:
    with cloned(server_url, template) as url:
        yield url


@pytest.fixture(scope="session")
def house(house_url: URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with filled(house_url, tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture(scope="session")
def house_parley(house: House, house_url: URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parley]:
    """One that nobody has visited when test_deep_links.py begins, the first of those that share it."""
    with fresh(house_url, tmp_path_factory.mktemp("house-parley")) as parley:
        yield parley
