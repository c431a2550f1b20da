"""The gate in front of Streamlit and of our own routes: whoever has no session gets nothing but the open paths.

Plain ASGI, because Starlette's request middleware never sees a websocket.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import NotPermitted, NotSignedIn, ParleyError, Suspended, Unavailable
from core.ids import new_id
from core.services.sessions import SessionIdentity, SignedIn
from core.telemetry import who
from core.web import addresses, cookies
from core.web.answer import Answer
from core.web.application import Application
from core.web.headers import is_own_host, is_own_origin
from core.web.noting import noted_request, open_socket
from core.web.problems import answer_for, not_started, status_of
from core.web.socket import GuardedSocket
from core.web.threads import check

# For machines, which come by any host name; what they may know, these routes decide.
OPEN = frozenset({"/healthz", "/readyz", "/metrics"})
# Streamlit's own scripts and styles, the same for everybody.
ASSETS = frozenset({"/favicon.ico", "/favicon.png"})
ASSET_PREFIX = "/static/"
FORMS = frozenset({addresses.SIGN_IN, addresses.SET_UP, addresses.INVITE, addresses.NEW_PASSWORD})
# Of what Streamlit answers itself, all that its page asks for here. The rest is for developers, or takes and hands out
# files that nobody looks after: ours go through routes of our own.
ASKED_FOR = frozenset({"/_stcore/health", "/_stcore/host-config", "/_stcore/stream"})
STREAMLITS = ("/_stcore/", "/media/", "/component/", "/app/", "/auth/", "/oauth2callback")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# What Streamlit takes the person from (server.trustedUserHeaders), so nobody else may say it.
IDENTITY_HEADERS = frozenset({"x-app-uid", "x-app-sid"})
SESSION_KEY = "parley.session"

OTHER_SITE = "This request came from another site, so Parley refused it."
OTHER_HOST = "Parley isn't served at this address."

CLOSE_SIGNED_OUT = 4401
CLOSE_FORBIDDEN = 4403
CLOSE_TRY_LATER = 1013

PROBES = ("/_stcore/health", "/_stcore/host-config")
SIGNED_OUT_TAB = "You are signed out. Reload this page to sign in."


class Gate:
    def __init__(
        self,
        app: ASGIApp,
        *,
        application: Application,
        is_wanted: Callable[[bytes], bool],
        recheck_seconds: float = 2.0,
    ) -> None:
        """`is_wanted`: whether what a browser sends on its socket is anything that the inside should have.
        `recheck_seconds`: how long a browser that only listens may outlive its session.
        """
        self.app = app
        self.application = application
        self.is_wanted = is_wanted
        self.recheck_seconds = recheck_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                await self._http(scope, receive, send)
            case "websocket":
                await self._websocket(scope, receive, send)
            case _:
                await self.app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = Answer(send, path=scope["path"], secure=cookies.is_https(scope))
        with who.noted(request=answer.request_id), noted_request(scope, answer):
            await self._answer(scope, receive, answer)

    async def _answer(self, scope: Scope, receive: Receive, answer: Answer) -> None:
        try:
            scope, refusal = await self._admit_request(scope, answer)
            answer.inside = scope
            await (refusal or self.app)(scope, receive, answer.send)
        except Exception as error:  # whatever it was, the browser gets a sentence and the log the traceback
            if answer.has_started:
                raise
            if isinstance(error, NotPermitted) and (identity := session_of(scope)):
                await check(self.application.refusals.note, identity.session_id, error)
            await _answer_to(error, scope)(scope, receive, answer.send)

    async def _admit_request(self, scope: Scope, answer: Answer) -> tuple[Scope, Response | None]:
        """The scope as the inside may see it; and what to answer instead of letting it in."""
        if scope["path"] in OPEN:
            return _with_identity(scope, None), None
        if self.application.start_error:  # then there may be no settings either
            return scope, not_started(self.application.start_error)
        if refusal := self._refuse_anybody(scope):
            return scope, refusal
        if scope["path"] in ASSETS or scope["path"].startswith(ASSET_PREFIX):
            return _with_identity(scope, None), None
        settings = self.application.settings
        answer.secure = cookies.is_secure(scope, settings)
        token = cookies.read_cookie(HTTPConnection(scope), cookies.SESSION, settings)
        try:
            identity = await self._resolve(token)
            answer.clears_session = token is not None and identity is None
            if identity and token and identity.is_token_due:
                answer.renew = partial(self._renew, identity.session_id, token)
        except Suspended:  # their session stands once that has run out; meanwhile somebody else may sign in here
            if not _is_door(scope):
                raise
            identity = None
        who.note(person=identity.user_id if identity else None)
        is_open = identity is not None or _is_door(scope)
        return _with_identity(scope, identity), None if is_open else _ask_to_sign_in(scope)

    def _refuse_anybody(self, scope: Scope) -> Response | None:
        """What can be refused without knowing who asks."""
        headers, settings = Headers(scope=scope), self.application.settings
        if not is_own_host(headers, settings.public_url):
            return PlainTextResponse(OTHER_HOST, 400)
        # A foreign Origin is stopped for reading too: it makes Streamlit look up its own address over the network.
        is_changing = scope["method"] not in SAFE_METHODS
        if (is_changing or "origin" in headers) and not is_own_origin(scope, headers, settings.public_url):
            return PlainTextResponse(OTHER_SITE, 403)
        return PlainTextResponse("Not found.", 404) if _is_closed(scope["path"]) else None

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        code, identity = await self._admit_socket(scope)
        if identity is None:
            await send({"type": "websocket.close", "code": code})
            return
        socket = GuardedSocket(
            receive,
            send,
            is_live=lambda: self._is_live(identity),
            is_wanted=self.is_wanted,
            close_code=CLOSE_SIGNED_OUT,
            recheck_seconds=self.recheck_seconds,
        )
        with who.noted(request=new_id(), person=identity.user_id), open_socket():
            await self.app(_with_identity(scope, identity), socket.receive, socket.send)

    async def _admit_socket(self, scope: Scope) -> tuple[int, SessionIdentity | None]:
        """Whose socket it is; for nobody's, the code to close it with."""
        if self.application.start_error:
            return CLOSE_TRY_LATER, None
        headers, settings = Headers(scope=scope), self.application.settings
        if not (is_own_host(headers, settings.public_url) and is_own_origin(scope, headers, settings.public_url)):
            return CLOSE_FORBIDDEN, None
        token = cookies.read_cookie(HTTPConnection(scope), cookies.SESSION, settings)
        try:
            return CLOSE_SIGNED_OUT, await self._resolve(token)
        except Suspended:
            return CLOSE_SIGNED_OUT, None
        except ParleyError:
            return CLOSE_TRY_LATER, None

    async def _resolve(self, token: str | None) -> SessionIdentity | None:
        return await check(self.application.accounts.resolve, token) if token else None

    async def _renew(self, session_id: UUID, token: str) -> SignedIn | None:
        try:
            return await check(self.application.accounts.renew_token, session_id, token)
        except Unavailable:
            return None  # what is due stays due

    async def _is_live(self, identity: SessionIdentity) -> bool:
        try:
            return await check(self.application.accounts.is_live, identity.session_id)
        except Unavailable:
            # The script asks the same database before it does anything, and can say in a sentence that it's away.
            return True


def _is_door(scope: Scope) -> bool:
    """Where somebody without a session can get one. Only what routes of ours answer: the rest would fall through."""
    path, is_reading = scope["path"], scope["method"] in ("GET", "HEAD")
    if path in FORMS:
        return is_reading or scope["method"] == "POST"
    return is_reading and addresses.SSO.fullmatch(path) is not None


def _is_closed(path: str) -> bool:
    """To everybody, with a session as well."""
    return path.startswith(STREAMLITS) and path not in ASKED_FOR


def _is_navigation(scope: Scope) -> bool:
    return "text/html" in Headers(scope=scope).get("accept", "")


def _answer_to(error: Exception, scope: Scope) -> Response:
    if isinstance(error, Unavailable | Suspended) and scope["path"].endswith(PROBES):
        return JSONResponse(str(error), status_of(error))  # see `_ask_to_sign_in`
    return answer_for(error, wants_html=_is_navigation(scope))


def _ask_to_sign_in(scope: Scope) -> Response:
    if _is_navigation(scope):
        if scope["method"] in ("GET", "HEAD"):
            return RedirectResponse(addresses.sign_in_address(scope), 303)
        if scope["path"].startswith("/account/"):  # a form of ours, sent after the session ended
            return RedirectResponse(addresses.SIGN_IN, 303)
    if scope["path"].endswith(PROBES):  # Streamlit shows a JSON string of theirs in an open tab, and nothing else
        return JSONResponse(SIGNED_OUT_TAB, 401)
    return PlainTextResponse(NotSignedIn.sentence, 401)


def _with_identity(scope: Scope, identity: SessionIdentity | None) -> Scope:
    """The scope with our word on who asks, and nobody else's."""
    headers = [(name, value) for name, value in scope["headers"] if _header_name(name) not in IDENTITY_HEADERS]
    if identity is not None:
        headers.append((b"x-app-uid", str(identity.user_id).encode()))
        headers.append((b"x-app-sid", str(identity.session_id).encode()))
    return {**scope, "headers": headers, SESSION_KEY: identity}


def _header_name(raw: bytes) -> str:
    """Some proxies turn underscores into dashes or the other way round."""
    return raw.decode("latin-1").lower().replace("_", "-")


def session_of(scope: Mapping[str, Any]) -> SessionIdentity | None:
    """Who asks, as the gate found out; None on an open path without a session."""
    identity = scope.get(SESSION_KEY)
    return identity if isinstance(identity, SessionIdentity) else None
