"""The gate over a tiny inner application that writes down what reached it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Mount
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from core.assistant.runner import Runner
from core.config import Settings
from core.database.events import Events
from core.services.accounts import AccountService
from core.services.audit_exporting import AuditExports
from core.services.audit_refusals import Refusals
from core.services.exporting import ExportService
from core.services.invites import InviteService
from core.services.measuring import Measures
from core.services.own_data import OwnDataService
from core.services.password_links import PasswordLinkService
from core.services.presence import PresenceService
from core.services.sso import SsoService
from core.services.uploads import Uploads
from core.services.usage_exporting import UsageExports
from core.services.watching import WatchService
from core.web import addresses
from core.web.application import Application
from core.web.gate import Gate
from core.web.routes import routes
from tests.support.passwords import GOOD

ORIGIN = "http://testserver"
SOCKET = "/_stcore/stream"
EMAIL = "ada@example.com"
HTML = {"accept": "text/html"}


@dataclass
class StandIn:
    """An application as the web side sees it."""

    settings: Settings
    accounts: AccountService
    events: Events = None  # type: ignore[assignment]
    presence: PresenceService = None  # type: ignore[assignment]
    watching: WatchService = None  # type: ignore[assignment]
    runner: Runner = None  # type: ignore[assignment]
    exporting: ExportService = None  # type: ignore[assignment]
    uploads: Uploads = None  # type: ignore[assignment]
    usage_exports: UsageExports = None  # type: ignore[assignment]
    audit_exports: AuditExports = None  # type: ignore[assignment]
    measures: Measures = None  # type: ignore[assignment]
    invites: InviteService = None  # type: ignore[assignment]
    password_links: PasswordLinkService = None  # type: ignore[assignment]
    own_data: OwnDataService = None  # type: ignore[assignment]
    start_error: str | None = None
    parts: dict[str, str] = field(default_factory=lambda: {"database": "ok"})

    @property
    def sso(self) -> SsoService:
        return SsoService(self.accounts.database, self.settings)

    @property
    def refusals(self) -> Refusals:
        return Refusals(self.accounts.database)

    def readiness(self) -> Mapping[str, str]:
        return self.parts


class Inside:
    """In Streamlit's place: records what the gate let through; a socket echoes frames until it is closed."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []
        self.frames: list[Mapping[str, Any]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        if scope["type"] == "http":
            await self.respond(Request(scope, receive))(scope, receive, send)
            return
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            self.frames.append(message)
            for _ in range(int(message["bytes"])):
                await send({"type": "websocket.send", "bytes": b"tick"})
        self.frames.append(message)
        await send({"type": "websocket.send", "bytes": b"after the end"})

    def respond(self, request: Request) -> Response:
        if request.url.path == "/bug":
            raise RuntimeError("a secret detail")
        if request.url.path == "/file":
            return PlainTextResponse("file", headers={"cache-control": "public, max-age=60"})
        return HTMLResponse("inside", headers={"cache-control": "no-cache"})

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """What the last scope says about who asks, however it is spelt."""
        return [pair for pair in self.scopes[-1]["headers"] if b"app" in pair[0].lower()]


UNWANTED = b"0"
"""A frame that nobody inside has any use for."""


def site(application: Application, inside: Inside, *, recheck_seconds: float = 2.0) -> ASGIApp:
    """Put together as Streamlit's own server does it."""
    gate = Middleware(
        Gate,
        application=application,
        is_wanted=lambda frame: frame != UNWANTED,
        recheck_seconds=recheck_seconds,
    )
    return Starlette(routes=[*routes(application), Mount("/", app=inside)], middleware=[gate])


def client_of(app: ASGIApp, origin: str = ORIGIN, **headers: str) -> TestClient:
    """A browser: keeps cookies, follows no redirects, sends its Origin with forms and sockets."""
    return TestClient(app, base_url=origin, follow_redirects=False, headers=headers, raise_server_exceptions=False)


def fill_in(client: TestClient, address: str, *, origin: str | None = ORIGIN, **fields: str) -> Any:
    """Opens the page with a form and sends it with its hidden fields."""
    return send(client, address, hidden_fields(client.get(address, headers=HTML).text) | fields, origin=origin)


def send(client: TestClient, address: str, fields: Mapping[str, str], *, origin: str | None = ORIGIN) -> Any:
    headers = HTML | ({"origin": origin} if origin else {})
    return client.post(address.partition("?")[0], data=dict(fields), headers=headers)


def hidden_fields(html: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', html))


def sign_in(client: TestClient, *, origin: str = ORIGIN, email: str = EMAIL, password: str = GOOD) -> Any:
    return fill_in(client, addresses.SIGN_IN, origin=origin, email=email, password=password)


def set_up(accounts: AccountService) -> None:
    accounts.set_up(
        token=accounts.issue_setup_link(),
        company_name="Engines",
        email=EMAIL,
        display_name="Ada",
        password=GOOD,
        user_agent="",
    )


def refused_with(client: TestClient, headers: dict[str, str]) -> int:
    """The code with which a socket is closed before it opens."""
    with pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect(SOCKET, headers=headers):
        pass
    return refused.value.code
