"""Who is suspended gets nothing but the sentence that says so, whatever they ask for; afterwards, all of it again."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from core import clock
from core.database.engine import Database
from core.models import Suspension, User
from core.permissions import Role
from core.services.people import PeopleService, Person
from core.web import addresses
from core.web.cookies import SESSION
from core.web.events import EVENTS
from core.web.exports import EXPORT
from tests.support.cases import suspend
from tests.support.passwords import GOOD, QuickPasswords
from tests.support.web import HTML, ORIGIN, SOCKET, Inside, StandIn, client_of, fill_in, refused_with, sign_in, site

BOB = "bob@example.com"
SAYS = "Suspended until"


@pytest.fixture
def bob(application: StandIn, database: Database) -> Person:
    people = PeopleService(database, QuickPasswords())
    return people.create_user(None, email=BOB, display_name="Bob", password=GOOD, roles=[Role.STAFF])


@pytest.fixture
def browser(client: TestClient, bob: Person) -> TestClient:
    """Bob's, signed in before."""
    assert sign_in(client, email=BOB).status_code == 303
    return client


def lift(database: Database, bob: Person) -> None:
    with database.transaction() as session:
        session.get_one(User, bob.id).suspended_until = None
        session.execute(update(Suspension).values(lifted_at=clock.now()))


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/", HTML),
        ("GET", "/chat?c=1", HTML),
        ("GET", "/account/password", HTML),
        ("GET", "/_stcore/health", {}),
        ("GET", "/_stcore/host-config", {}),
        ("GET", EVENTS, {}),
        ("HEAD", EVENTS, {}),
        ("GET", EXPORT, HTML),
        ("PUT", "/chat", {"origin": ORIGIN}),
        ("POST", "/account/sign-out", HTML | {"origin": ORIGIN}),
    ],
)
def test_nothing_reaches_the_inside(
    browser: TestClient,
    inside: Inside,
    database: Database,
    bob: Person,
    method: str,
    path: str,
    headers: dict[str, str],
) -> None:
    token = browser.cookies[SESSION]
    suspend(database, bob.id, clock.now() + timedelta(hours=1))
    answer = browser.request(method, path, headers=headers)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    if method != "HEAD":
        assert SAYS in answer.text
        assert "Insults" in answer.text
    assert inside.scopes == []
    lift(database, bob)
    assert browser.cookies[SESSION] == token
    assert browser.get("/", headers=HTML).status_code == 200


def test_an_open_tab_shows_the_sentence(browser: TestClient, database: Database, bob: Person) -> None:
    """Streamlit shows a JSON string of these addresses, and nothing else."""
    suspend(database, bob.id, clock.now() + timedelta(hours=1))
    assert str(browser.get("/_stcore/health").json()).startswith(SAYS)


def test_an_open_socket_ends_and_none_is_opened(
    application: StandIn, inside: Inside, database: Database, bob: Person
) -> None:
    client = client_of(site(application, inside, recheck_seconds=0.0))
    sign_in(client, email=BOB)
    with client.websocket_connect(SOCKET, headers={"origin": ORIGIN}) as socket:
        socket.send_bytes(b"1")
        assert socket.receive_bytes() == b"tick"
        suspend(database, bob.id, clock.now() + timedelta(hours=1))
        socket.send_bytes(b"1")
        assert socket.receive() == {"type": "websocket.close", "code": 4401}
    assert refused_with(client, {"origin": ORIGIN}) == 4401
    lift(database, bob)
    with client.websocket_connect(SOCKET, headers={"origin": ORIGIN}) as socket:
        socket.send_bytes(b"1")
        assert socket.receive_bytes() == b"tick"


def test_signing_in_says_it_after_the_right_password_alone(client: TestClient, database: Database, bob: Person) -> None:
    suspend(database, bob.id, clock.now() + timedelta(hours=1), "<b>Insults</b>")
    wrong = sign_in(client, email=BOB, password="not the password")
    assert SAYS not in wrong.text
    right = sign_in(client, email=BOB)
    assert (right.status_code, SESSION in client.cookies) == (401, False)
    assert "Suspended until" in right.text
    assert "&lt;b&gt;Insults" in right.text


def test_somebody_else_signs_in_where_a_suspended_person_was(
    browser: TestClient, database: Database, bob: Person
) -> None:
    suspend(database, bob.id, clock.now() + timedelta(hours=1))
    assert browser.get(addresses.SIGN_IN, headers=HTML).status_code == 200
    assert fill_in(browser, addresses.SIGN_IN, email="ada@example.com", password=GOOD).status_code == 303
    assert browser.get("/", headers=HTML).text == "inside"
