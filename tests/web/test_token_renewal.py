"""The answer that brings a browser its new token, and what it may not disturb."""

from http.cookies import SimpleCookie
from uuid import UUID

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from core.config import Settings
from core.database.engine import Database
from core.errors import DatabaseUnavailable
from core.permissions import Role
from core.services.accounts import AccountService
from core.services.people import PeopleService, Person
from core.services.sessions import SignedIn
from core.web import addresses
from core.web.cookies import SESSION
from tests.support.passwords import GOOD, OTHER, QuickPasswords
from tests.support.web import (
    HTML,
    ORIGIN,
    SOCKET,
    Inside,
    StandIn,
    client_of,
    hidden_fields,
    refused_with,
    send,
    sign_in,
    site,
)

BO = "bo@example.com"
SECURE = "https://testserver"


@pytest.fixture
def people(database: Database) -> PeopleService:
    return PeopleService(database, QuickPasswords())


@pytest.fixture
def bo(application: StandIn, people: PeopleService) -> Person:
    return people.create_user(None, email=BO, display_name="Bo", password=GOOD, roles=[Role.STAFF])


@pytest.fixture
def browser(client: TestClient, bo: Person) -> TestClient:
    """Bo's, signed in before he got another role."""
    assert sign_in(client, email=BO).status_code == 303
    return client


def promote(people: PeopleService, bo: Person) -> None:
    people.set_roles(None, bo.id, [Role.STAFF, Role.MODERATOR])


def with_token(app: StandIn, inside: Inside, token: str) -> TestClient:
    client = client_of(site(app, inside))
    client.cookies.set(SESSION, token, domain="testserver.local", path="/")
    return client


@pytest.mark.parametrize(
    "path", ["/", "/chat?c=1", "/_stcore/health", "/file", "/bug", "/account/password", "/api/none"]
)
def test_the_next_answer_brings_it_whatever_it_is(
    application: StandIn, inside: Inside, browser: TestClient, people: PeopleService, bo: Person, path: str
) -> None:
    old = browser.cookies[SESSION]
    assert "set-cookie" not in browser.get(path, headers=HTML).headers
    promote(people, bo)
    late = with_token(application, inside, old)
    answer = browser.get(path, headers=HTML)
    new = browser.cookies[SESSION]
    assert new != old and answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in browser.get(path, headers=HTML).headers
    assert late.get(path, headers=HTML).status_code == answer.status_code  # another tab was on its way
    assert late.cookies[SESSION] == new
    assert {dict(scope["headers"])[b"x-app-uid"] for scope in inside.scopes} <= {str(bo.id).encode()}


@pytest.mark.parametrize(("origin", "name"), [(ORIGIN, SESSION), (SECURE, f"__Host-{SESSION}")])
def test_its_cookie_is_like_the_one_of_the_sign_in(
    application: StandIn, inside: Inside, people: PeopleService, bo: Person, origin: str, name: str
) -> None:
    client = client_of(site(application, inside), origin)
    first = SimpleCookie(sign_in(client, origin=origin, email=BO).headers["set-cookie"])[name]
    promote(people, bo)
    [line] = [value for value in client.get("/").headers.get_list("set-cookie") if value.startswith(f"{name}=")]
    second = SimpleCookie(line)[name]
    assert second.value != first.value
    assert abs(int(second["max-age"]) - int(first["max-age"])) < 60
    assert {**second, "max-age": ""} == {**first, "max-age": ""}


def test_sockets_and_what_is_open_to_all_bring_none(browser: TestClient, people: PeopleService, bo: Person) -> None:
    old = browser.cookies[SESSION]
    promote(people, bo)
    for path in ("/static/app.js", "/healthz", "/favicon.ico", "/_stcore/metrics"):
        assert "set-cookie" not in browser.get(path).headers
    with browser.websocket_connect(SOCKET, headers={"origin": ORIGIN}):
        pass
    assert browser.cookies[SESSION] == old


def test_an_open_socket_goes_on_and_the_old_token_opens_nothing_more(
    application: StandIn, inside: Inside, browser: TestClient, people: PeopleService, bo: Person, database: Database
) -> None:
    old = browser.cookies[SESSION]
    with browser.websocket_connect(SOCKET, headers={"origin": ORIGIN}) as socket:
        promote(people, bo)
        browser.get("/")
        browser.get("/")
        with database.transaction() as session:  # a minute passes
            session.execute(text("UPDATE auth_sessions SET replaced_until = replaced_until - interval '1 minute'"))
        socket.send_bytes(b"1")
        assert socket.receive_bytes() == b"tick"
    thief = with_token(application, inside, old)
    answer = thief.get("/chat", headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/sign-in?next=/chat")
    assert refused_with(thief, {"origin": ORIGIN, "cookie": f"{SESSION}={old}"}) == 4401
    assert browser.get("/").status_code == 200


def test_forms_that_were_open_still_work(browser: TestClient, people: PeopleService, bo: Person) -> None:
    fields = hidden_fields(browser.get(addresses.PASSWORD).text) | {"current": GOOD, "new": OTHER}
    promote(people, bo)
    browser.get("/")
    assert send(browser, addresses.PASSWORD, fields).headers["location"] == f"{addresses.PASSWORD}?changed"


def test_who_signs_in_or_out_by_that_very_request_has_the_cookie_of_that(
    application: StandIn, inside: Inside, browser: TestClient, people: PeopleService, bo: Person
) -> None:
    change = hidden_fields(browser.get(addresses.PASSWORD).text) | {"current": GOOD, "new": OTHER}
    promote(people, bo)
    answer = send(browser, addresses.PASSWORD, change)
    assert len([one for one in answer.headers.get_list("set-cookie") if one.startswith(SESSION)]) == 1
    assert application.accounts.resolve(browser.cookies[SESSION])
    out = hidden_fields(browser.get(addresses.SIGN_OUT).text) | {"where": "here"}
    people.set_roles(None, bo.id, [Role.STAFF])
    answer = send(browser, addresses.SIGN_OUT, out)
    assert [one.partition(";")[0] for one in answer.headers.get_list("set-cookie")] == [f'{SESSION}=""']
    assert SESSION not in browser.cookies


class Stuck(AccountService):
    """PostgreSQL goes away after the gate has asked who it is."""

    is_away = True

    def renew_token(self, session_id: UUID, token: str) -> SignedIn | None:
        if self.is_away:
            raise DatabaseUnavailable
        return super().renew_token(session_id, token)


def test_what_cannot_be_written_now_stays_due(
    browser: TestClient, application: StandIn, settings: Settings, people: PeopleService, bo: Person, database: Database
) -> None:
    old, application.accounts = browser.cookies[SESSION], Stuck(database, settings, QuickPasswords())
    promote(people, bo)
    assert (browser.get("/").status_code, browser.cookies[SESSION]) == (200, old)
    Stuck.is_away = False
    assert browser.get("/").status_code == 200 and browser.cookies[SESSION] != old
