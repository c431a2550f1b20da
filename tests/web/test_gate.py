from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from core.config import Environment
from core.web.addresses import HOME, safe_next
from core.web.headers import SECURITY_HEADERS
from tests.support.web import EMAIL, HTML, ORIGIN, SOCKET, Inside, StandIn, client_of, refused_with, sign_in, site

SPOOFS = ["X-App-Uid", "x-app-uid", "X_App_Uid", "x-app_sid", "X-APP-SID"]


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "location"),
    [
        ("GET", "/", HTML, 303, "/account/sign-in"),
        ("HEAD", "/", HTML, 303, "/account/sign-in"),
        ("GET", "/chat?c=1&x=%2F", HTML, 303, "/account/sign-in?next=/chat%3Fc%3D1%26x%3D%252F"),
        ("GET", "//evil.example/", HTML, 303, "/account/sign-in"),
        ("GET", "/\\evil.example", HTML, 303, "/account/sign-in?next=/%255Cevil.example"),
        ("GET", "/account/password", HTML, 303, "/account/sign-in"),
        ("GET", "/", {}, 401, None),
        ("GET", "/_stcore/health", {}, 401, None),
        ("GET", "/_stcore/host-config", {}, 401, None),
        ("GET", "/_stcore/agent/mcp", {}, 404, None),
        ("GET", "/_stcore/metrics", HTML, 404, None),
        ("GET", "/media/abc.csv", {}, 404, None),
        ("GET", "/staticfiles/x", {}, 401, None),
        ("GET", "/account/sign-in/../x", {}, 401, None),
        ("GET", "/healthz/x", {}, 401, None),
        ("OPTIONS", "/_stcore/upload_file/a/b", {}, 404, None),
        ("PUT", "/_stcore/upload_file/a/b", {}, 403, None),
        ("PUT", "/_stcore/upload_file/a/b", {"origin": ORIGIN}, 404, None),
        ("POST", "/account/sign-out", HTML | {"origin": ORIGIN}, 303, "/account/sign-in"),
        ("POST", "/chat", HTML | {"origin": ORIGIN}, 401, None),
        ("POST", "/account/sign-in", HTML, 403, None),
    ],
)
def test_without_a_session_nothing_reaches_the_inside(
    client: TestClient,
    inside: Inside,
    method: str,
    path: str,
    headers: dict[str, str],
    status: int,
    location: str | None,
) -> None:
    for cookie in ({}, {"cookie": "parley_session=made-up"}, {"cookie": 'parley_session="\\377\\000"; x'}):
        answer = client.request(method, ORIGIN + path, headers=headers | cookie)
        assert (answer.status_code, answer.headers.get("location")) == (status, location)
        if status == 401:
            assert "You are signed out." in answer.text
    assert inside.scopes == []


@pytest.mark.parametrize("path", ["/static/js/index.js", "/favicon.png", "/favicon.ico"])
def test_assets_are_open_and_name_nobody(signed_in: TestClient, inside: Inside, path: str) -> None:
    assert signed_in.get(path, headers={"x-app-uid": "spoof"}).status_code == 200
    assert inside.headers == []


@pytest.mark.parametrize("path", ["/", "/chat", "/_stcore/host-config"])
def test_the_inside_learns_who_asks_from_the_gate_alone(
    signed_in: TestClient, application: StandIn, inside: Inside, path: str
) -> None:
    identity = application.accounts.resolve(signed_in.cookies["parley_session"])
    assert identity
    ours = [(b"x-app-uid", str(identity.user_id).encode()), (b"x-app-sid", str(identity.session_id).encode())]
    spoofs = [(name, str(uuid4())) for name in SPOOFS * 2]
    assert signed_in.get(path, headers=spoofs).status_code == 200  # type: ignore[arg-type]
    assert inside.headers == ours
    with signed_in.websocket_connect(SOCKET, headers={"origin": ORIGIN} | dict(spoofs)):
        assert inside.headers == ours


CLOSED = [
    ("GET", "/_stcore/metrics"),
    ("GET", "/_stcore/script-health-check"),
    ("GET", "/_stcore/agent/openapi.json"),
    ("POST", "/_stcore/agent/interact"),
    ("OPTIONS", "/_stcore/upload_file/a/b"),
    ("PUT", "/_stcore/upload_file/a/b"),
    ("DELETE", "/_stcore/upload_file/a/b"),
    ("GET", "/_stcore/bidi-components/ear/index.js"),
    ("GET", "/_stcore/whatever-comes-next"),
    ("GET", "/media/abc.csv"),
    ("GET", "/component/ear/index.js"),
    ("GET", "/app/static/x"),
    ("GET", "/auth/login"),
    ("GET", "/auth/logout"),
    ("GET", "/oauth2callback"),
]


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_what_our_pages_never_ask_streamlit_for_is_closed_to_everybody(
    signed_in: TestClient, inside: Inside, method: str, path: str
) -> None:
    answer = signed_in.request(method, path, headers={"origin": ORIGIN})
    assert (answer.status_code, answer.text) == (404, "Not found.")
    assert inside.scopes == []


def test_every_answer_has_our_headers(client: TestClient, inside: Inside) -> None:
    def checked(path: str, **headers: str) -> str | None:
        answer = client.get(path, headers=headers)
        assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS, path
        assert "strict-transport-security" not in answer.headers
        return answer.headers.get("cache-control")

    for path in ("/healthz", "/nowhere", "/_stcore/metrics"):
        assert checked(path) is None
    assert checked("/", accept="text/html", origin="http://evil.example") is None
    assert checked("/account/sign-in") == "no-store"
    sign_in(client)
    assert checked("/bug") is None
    assert checked("/") == "no-store"
    assert checked("/file") == "public, max-age=60"


def test_a_bug_is_a_sentence_with_a_reference(signed_in: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    for headers in ({}, HTML):
        answer = signed_in.get("/bug", headers=headers)
        assert answer.status_code == 500
        assert "Reference: " in answer.text
        assert "secret detail" not in answer.text
        assert caplog.records[-1].getMessage().rpartition("=")[2] in answer.text


ORIGINS = [
    (ORIGIN, True),
    ("http://testserver:80", True),
    (None, False),
    ("null", False),
    ("", False),
    ("https://testserver", False),
    ("http://testserver:8501", False),
    ("http://testserver.evil.example", False),
    ("http://evil.example", False),
    ("http://[broken", False),
    ("testserver", False),
]


@pytest.mark.parametrize(("origin", "is_own"), ORIGINS)
def test_sockets_and_changes_come_from_our_own_pages(
    signed_in: TestClient, inside: Inside, origin: str | None, is_own: bool
) -> None:
    headers = {} if origin is None else {"origin": origin}
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert signed_in.request(method, "/x", headers=headers).status_code == (200 if is_own else 403)
    assert signed_in.get("/x", headers=headers).status_code == (200 if is_own or origin is None else 403)
    inside.scopes.clear()
    if is_own:
        with signed_in.websocket_connect(SOCKET, headers=headers):
            assert len(inside.scopes) == 1
    else:
        assert refused_with(signed_in, headers) == 4403
        assert inside.scopes == []


@pytest.mark.parametrize(
    ("host", "is_own"),
    [
        ("parley.example.com", True),
        ("PARLEY.example.com:443", True),
        ("127.0.0.1:8501", True),
        ("localhost", True),
        ("[::1]:8501", True),
        ("parley.example.com.evil.example", False),
        ("10.0.0.7", False),
        ("", False),
        ("[", False),
    ],
)
def test_with_a_public_address_only_its_host_and_this_machine_are_served(
    application: StandIn, inside: Inside, host: str, is_own: bool
) -> None:
    application.settings = application.settings.model_copy(update={"public_url": "https://parley.example.com"})
    client = client_of(site(application, inside))
    assert client.get("/account/sign-in", headers={"host": host}).status_code == (200 if is_own else 400)
    public = {"origin": "https://parley.example.com", "host": host}  # the proxy speaks plain http to us
    assert client.post("/x", headers=public).status_code == (401 if is_own else 400)
    assert refused_with(client, public) == (4401 if is_own else 4403)


@pytest.mark.parametrize(
    ("origin", "environment", "name"),
    [
        ("http://testserver", Environment.DEVELOPMENT, "parley_session"),
        ("https://testserver", Environment.DEVELOPMENT, "__Host-parley_session"),
        ("http://testserver", Environment.PRODUCTION, "__Host-parley_session"),
    ],
)
def test_the_cookie_is_as_strict_as_the_connection_allows(
    application: StandIn, inside: Inside, origin: str, environment: Environment, name: str
) -> None:
    application.settings = application.settings.model_copy(update={"environment": environment})
    client = client_of(site(application, inside), origin)
    if origin.startswith("http:") and environment is Environment.PRODUCTION:
        answer = client.get("/account/sign-in", headers=HTML)  # a browser keeps no Secure cookie here
        assert "; secure" in answer.headers["set-cookie"].lower()
        return
    cookie = sign_in(client, origin=origin).headers["set-cookie"]
    assert cookie.startswith(f"{name}=")
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    expected = {"httponly", "path=/", "samesite=lax", f"max-age={60 * 86_400}"}
    assert attributes == expected | ({"secure"} if name.startswith("__") else set())
    answer = client.get("/")
    assert answer.status_code == 200
    assert ("strict-transport-security" in answer.headers) == origin.startswith("https")


@pytest.mark.parametrize(
    ("address", "is_safe"),
    [
        ("/", True),
        ("/chat?c=1#x", True),
        ("/a//b", True),
        ("//evil.example", False),
        ("/\\evil.example", False),
        ("\\\\evil.example", False),
        ("/\t/evil.example", False),
        ("/\n/evil.example", False),
        ("https://evil.example", False),
        ("javascript:alert(1)", False),
        ("chat", False),
        ("", False),
        (None, False),
        ("/account/sign-out", False),
        ("/\u2028", False),
    ],
)
def test_after_signing_in_people_stay_here(client: TestClient, address: str | None, is_safe: bool) -> None:
    assert safe_next(address) == (address if is_safe else HOME)
    page = client.get("/account/sign-in", params={} if address is None else {"next": address}, headers=HTML)
    assert page.status_code == 200
    assert EMAIL not in page.text
