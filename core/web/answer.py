import time

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import Message, Scope, Send

from core.ids import new_id
from core.web import cookies
from core.web.headers import add_security_headers

REQUEST_ID = "x-request-id"


class Answer:
    """Sends an answer with our headers on it, whoever wrote it; takes a dead session cookie back."""

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
        self.inside: Scope = {}
        """The request as the inside saw it; the router notes there which route it took."""

    @property
    def has_started(self) -> bool:
        return self.status is not None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.seconds = message["status"], time.perf_counter() - self.began
            headers = MutableHeaders(raw=list(message.get("headers", ())))
            headers[REQUEST_ID] = self.request_id.hex
            add_security_headers(headers, path=self._path, secure=self.secure)
            if self.clears_session and not self._sets_session(headers):
                cleared = Response()
                cookies.clear_session(cleared, secure=self.secure)
                headers.append("set-cookie", cleared.headers["set-cookie"])
            message = {**message, "headers": headers.raw}
        await self._send(message)

    def _sets_session(self, headers: MutableHeaders) -> bool:
        name = cookies.cookie_name(cookies.SESSION, secure=self.secure)
        return any(line.startswith(f"{name}=") for line in headers.getlist("set-cookie"))
