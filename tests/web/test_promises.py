"""Promises of docs/security.md about the door that no other test holds."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from core.config import Environment, Settings
from core.database.engine import Database
from core.services.invites import InviteService
from core.services.password_links import PasswordLinkService
from core.services.uploads import Uploads
from core.web import addresses
from core.web.headers import SECURITY_HEADERS, STRICT_TRANSPORT_SECURITY
from core.web.routes import routes
from tests.support.talks import Told
from tests.support.web import EMAIL, HTML, ORIGIN, Inside, StandIn, client_of, hidden_fields, send, sign_in, site

SECURE = "https://testserver"
EVERY_KIND = {
    "a page": ("GET", "/", 200),
    "a form": ("GET", "/account/password", 200),
    "not found": ("GET", "/api/export", None),
    "a bug": ("GET", "/bug", 500),
    "static": ("GET", "/static/app.js", 200),
    "media": ("GET", "/media/0123.csv", 404),
    "health": ("GET", "/healthz", 200),
    "readiness": ("GET", "/readyz", 200),
    "metrics": ("GET", "/metrics", 404),
    "closed to all": ("GET", "/_stcore/metrics", 404),
    "another site": ("POST", "/x", 403),
    "an odd method": ("PATCH", "/account/sign-in", None),
}


@pytest.mark.parametrize("name", EVERY_KIND)
def test_every_kind_of_answer_has_the_headers_and_hsts_under_https_alone(
    application: StandIn, inside: Inside, name: str
) -> None:
    method, path, status = EVERY_KIND[name]
    for origin, promised in ((ORIGIN, None), (SECURE, STRICT_TRANSPORT_SECURITY)):
        client = client_of(site(application, inside), origin)
        sign_in(client, origin=origin)
        sent = {"origin": "http://evil.example"} if name == "another site" else {"origin": origin}
        answer = client.request(method, path, headers=HTML | sent)
        assert status in (None, answer.status_code)
        assert {header: answer.headers.get(header) for header in SECURITY_HEADERS} == SECURITY_HEADERS
        assert answer.headers.get("strict-transport-security") == promised
        assert len(answer.headers["x-request-id"]) == 32


def test_behind_a_proxy_that_speaks_https_hsts_is_sent_too(application: StandIn, inside: Inside) -> None:
    application.settings = application.settings.model_copy(update={"public_url": "https://parley.example.com"})
    client = client_of(site(application, inside))
    answer = client.get("/account/sign-in", headers={"host": "parley.example.com"})
    assert answer.headers["strict-transport-security"] == STRICT_TRANSPORT_SECURITY


def test_each_request_has_an_id_of_its_own_that_nobody_else_may_choose(
    signed_in: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    planted = "0" * 32
    ids = [signed_in.get("/", headers={"x-request-id": planted}).headers["x-request-id"] for _ in range(3)]
    assert len({*ids, planted}) == 4
    answer = signed_in.get("/bug", headers=HTML)
    [line] = [record for record in caplog.records if record.msg.startswith("request_failed")]
    reference = line.getMessage().rpartition("=")[2]
    assert answer.headers["x-request-id"].endswith(reference) and reference in answer.text


CHANGING = {"POST", "PUT", "PATCH", "DELETE"}
FORMS = {addresses.SIGN_IN, addresses.SET_UP, addresses.PASSWORD, addresses.SIGN_OUT}
LARGE: dict[str, int] = dict.fromkeys(FORMS, 17 * 1024) | {"/api/import": 2 * 1024 * 1024}
"""Bytes that are too many, by route. A new route that takes a body belongs here."""
WITHOUT_A_BODY = {"/api/import/{upload_id}"}


def changing_routes(application: StandIn) -> set[str]:
    return {route.path for route in routes(application) if CHANGING & (route.methods or set())}


def test_every_route_that_takes_a_body_has_a_limit(
    application: StandIn, inside: Inside, database: Database, settings: Settings, tmp_path: Any
) -> None:
    application.invites = InviteService(database, settings)
    application.password_links = PasswordLinkService(database, settings, Told())
    assert changing_routes(application) >= LARGE.keys()
    missing = changing_routes(application) - LARGE.keys() - WITHOUT_A_BODY
    for path in sorted(LARGE.keys() | missing):
        application.uploads = Uploads(tmp_path / "imports", 1)
        client = client_of(site(application, inside))
        sign_in(client)
        body = b"a=" + b"x" * LARGE.get(path, 17 * 1024)
        sent = {"origin": ORIGIN, "content-type": "application/x-www-form-urlencoded"}
        assert client.post(path, content=body, headers=sent).status_code == 413, path


def cookie_of(client: TestClient) -> str:
    return str(client.cookies["parley_session"])


def stolen(app: Any, token: str) -> TestClient:
    thief = client_of(app)
    thief.cookies.set("parley_session", token, domain="testserver.local", path="/")
    return thief


def sign_out(client: TestClient) -> None:
    fields = hidden_fields(client.get(addresses.SIGN_OUT).text) | {"where": "here"}
    assert send(client, addresses.SIGN_OUT, fields).status_code == 303


def test_a_stolen_cookie_dies_with_the_sign_out_of_its_owner(application: StandIn, inside: Inside) -> None:
    app = site(application, inside)
    owner = client_of(app)
    sign_in(owner)
    thief = stolen(app, cookie_of(owner))
    assert thief.get("/chat", headers=HTML).status_code == 200
    sign_out(owner)
    answer = thief.get("/chat", headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/sign-in?next=/chat")
    assert "max-age=0" in answer.headers["set-cookie"].lower()


def test_in_production_a_cookie_without_the_prefix_opens_nothing(application: StandIn, inside: Inside) -> None:
    """A neighbouring subdomain can plant `parley_session`, but no `__Host-` cookie."""
    app = site(application, inside)
    owner = client_of(app)
    sign_in(owner)
    token = cookie_of(owner)
    application.settings = application.settings.model_copy(update={"environment": Environment.PRODUCTION})
    assert stolen(app, token).get("/chat").status_code == 401


def fail_sign_in(client: TestClient) -> None:
    sign_in(client, password="planted-password")


def open_links(client: TestClient) -> None:
    for address in (addresses.SET_UP, addresses.INVITE, addresses.NEW_PASSWORD):
        page = client.get(f"{address}?token=planted-token", headers=HTML).text
        send(client, address, hidden_fields(page) | {"token": "planted-token", "password": "planted-password"})
    client.get("/chat?q=planted-words", headers=HTML)
    client.get("/nowhere", headers={"authorization": "Bearer planted-token", "cookie": "parley_session=planted-cookie"})


def break_something(client: TestClient) -> None:
    sign_in(client)
    client.get("/bug", headers=HTML)


ACTS: list[Callable[[TestClient], None]] = [fail_sign_in, open_links, break_something]


@pytest.mark.parametrize("act", ACTS)
def test_what_people_type_and_carry_is_not_logged(
    client: TestClient,
    application: StandIn,
    database: Database,
    settings: Settings,
    act: Callable[[TestClient], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    application.invites = InviteService(database, settings)
    application.password_links = PasswordLinkService(database, settings, Told())
    caplog.set_level(logging.DEBUG, "core")
    act(client)
    written = "\n".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records if record.exc_info is None)
    assert written.count("request method=") >= 1
    for secret in ("planted", EMAIL, *client.cookies.values()):
        assert secret not in written
    assert "?" not in written
