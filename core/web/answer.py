import time
from collections.abc import Awaitable, Callable

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import Message, Scope, Send

from core.ids import new_id
from core.services.sessions import SignedIn
from core.web import cookies
from core.web.headers import add_security_headers

REQUEST_ID = "x-request-id"


class Answer:
    """Sends an answer with our headers on it, whoever wrote it; takes a dead session cookie back, and renews one that
    is due."""

    def __init__(self, send: Send, *, path: str, secure: bool) -> None:
        self.request_id = new_id()
        self._send = send
        self._path = path
        self.secure = secure
        self.began = time.perf_counter()
        self.seconds = 0.0
        """Until the answer began."""
        self.status: int | None = None
        """None as long as there is no answer."""
        self.clears_session = False
        self.renew: Callable[[], Awaitable[SignedIn | None]] | None = None
        """Makes the token that the browser is to have from now on. None: it keeps the one it has."""
        self.inside: Scope = {}
        """The request as the inside saw it; the router notes there which route it took."""

    @property
    def has_started(self) -> bool:
        return self.status is not None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=list(message.get("headers", ())))
            headers[REQUEST_ID] = self.request_id.hex
            add_security_headers(headers, path=self._path, secure=self.secure)
            if not self._sets_session(headers):  # who signed in or out by this very request has that cookie now
                await self._settle_session(headers)
            message = {**message, "headers": headers.raw}
            self.status, self.seconds = message["status"], time.perf_counter() - self.began
        await self._send(message)

    async def _settle_session(self, headers: MutableHeaders) -> None:
        renew, self.renew = self.renew, None
        settled = Response()
        if self.clears_session:
            cookies.clear_session(settled, secure=self.secure)
        elif renew and (renewed := await renew()):
            cookies.set_session(settled, renewed, secure=self.secure)
            headers["cache-control"] = "no-store"  # it is for this browser, and for now
        for cookie in settled.headers.getlist("set-cookie"):
            headers.append("set-cookie", cookie)

    def _sets_session(self, headers: MutableHeaders) -> bool:
        name = cookies.cookie_name(cookies.SESSION, secure=self.secure)
        return any(line.startswith(f"{name}=") for line in headers.getlist("set-cookie"))
