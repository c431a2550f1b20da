from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import Message, Send

from core.web import cookies
from core.web.headers import add_security_headers


class Answer:
    """Sends an answer with our headers on it, whoever wrote it; takes a dead session cookie back."""

    def __init__(self, send: Send, *, path: str, secure: bool) -> None:
        self._send = send
        self._path = path
        self.secure = secure
        self.has_started = False
        self.clears_session = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_started = True
            headers = MutableHeaders(raw=list(message.get("headers", ())))
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
