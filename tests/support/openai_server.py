"""A scriptable service on loopback that speaks OpenAI's chat completions, streamed or not, with every fault we know."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.support.loopback import Loopback

USAGE = {"prompt_tokens": 40, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 16}}
FOREVER = 3_600.0


@dataclass(frozen=True)
class Reply:
    """What the next request gets. Texts are sent as they are, one chunk each."""

    chunks: Sequence[str] = ("Hello", " there", ".")
    calls: Sequence[tuple[str, str]] = ()
    """Tools that are to be called, behind the chunks: name and arguments as they are written, JSON or not."""
    split: int = 7
    """Characters of arguments in one chunk."""
    delay: float = 0.0
    """Seconds before each chunk but the first."""
    finish_reason: str | None = "stop"
    usage: dict[str, Any] | None = field(default_factory=lambda: dict(USAGE))
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    error: dict[str, Any] | None = None
    """The body's "error" object: of a status other than 200, or in the stream after the chunks."""
    html: str | None = None
    raw: Sequence[bytes] = ()
    """Bytes sent after the chunks as they are: broken JSON, broken UTF-8."""
    hang_before: bool = False
    """No answer, not even headers, until the client goes."""
    hang_after: bool = False
    """Silence after the chunks until the client goes."""
    cut: bool = False
    """After the chunks the connection is dropped in the middle of the body."""
    is_endless: bool = False
    """The chunks again and again."""
    ended: threading.Event | None = None
    """Likewise, until it is set."""


def refusal(
    status: int,
    message: str = "no",
    *,
    code: str | None = None,
    kind: str | None = None,
    retry_after: str | None = None,
) -> Reply:
    body = {"message": message, "type": kind, "code": code, "param": None}
    return Reply(status=status, error=body, headers={"retry-after": retry_after} if retry_after else {})


@dataclass(frozen=True)
class Sent:
    at: float
    """`time.monotonic()` right after it was handed to the socket."""
    text: str


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    sent: list[Sent] = field(default_factory=list)
    """The chunks of text in answer to it so far."""

    @property
    def question(self) -> str:
        """What the person asked last: behind a question that was never answered it stands as the last paragraph."""
        said = [str(message["content"]) for message in self.body["messages"] if message["role"] == "user"]
        return said[-1].rpartition("\n\n")[2] if said else ""

    @property
    def offered(self) -> list[str]:
        """Names of the tools that may be called."""
        return [tool["function"]["name"] for tool in self.body.get("tools", [])]

    @property
    def told(self) -> list[str]:
        """What came of the calls of tools, as the model is told it."""
        return [str(message["content"]) for message in self.body["messages"] if message["role"] == "tool"]

    def text_sent(self, before: float = float("inf")) -> str:
        """What had gone out by that moment."""
        return "".join(chunk.text for chunk in self.sent if chunk.at < before)


class OpenAIServer(Loopback):
    """`with OpenAIServer() as server: server.replies.append(Reply(…))`. With none queued it sends `Reply()`.

    Where many ask at once, `server.replies_to[question] = [Reply(…)]` goes before the common queue.
    """

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.replies_to: dict[str, list[Reply]] = {}
        """By the question, see Received."""
        self.requests: list[Received] = []
        self.open_requests = 0
        """Requests that are being answered now."""
        self._changed = threading.Condition()
        super().__init__(Starlette(routes=[Route("/v1/chat/completions", self._answer, methods=["POST"])]))

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        """Meanwhile nobody listens at the address."""
        self.__exit__(None, None, None)
        try:
            yield
        finally:
            self.reopen()

    def wait_requests(self, count: int, timeout: float = 10) -> None:
        """Until that many have arrived."""
        self._wait(lambda: len(self.requests) >= count, timeout)

    def wait_idle(self, timeout: float = 10) -> None:
        """Until no request is being answered: each was finished, or its client has gone."""
        self._wait(lambda: self.open_requests == 0, timeout)

    def _wait(self, condition: Any, timeout: float) -> None:
        with self._changed:
            if not self._changed.wait_for(condition, timeout):
                raise TimeoutError(f"{len(self.requests)} requests, {self.open_requests} open")

    async def _answer(self, request: Request) -> Response:
        received = Received(request.url.path, dict(request.headers), await request.json())
        with self._changed:
            self.requests.append(received)
            reply = self.reply_to(received)
            self.open_requests += 1
            self._changed.notify_all()
        return _Answer(reply, received, self._done)

    def reply_to(self, received: Received) -> Reply:
        queue = self.replies_to.get(received.question) or self.replies
        return queue.pop(0) if queue else Reply()

    def requests_with(self, question: str) -> list[Received]:
        """Those that ask this, in the order in which they came."""
        return [received for received in list(self.requests) if received.question == question]

    def _done(self) -> None:
        with self._changed:
            self.open_requests -= 1
            self._changed.notify_all()


class _Answer(Response):
    """Sends by hand, because faults are not what response classes are made for."""

    def __init__(self, reply: Reply, received: Received, done: Callable[[], None]) -> None:
        super().__init__()
        self._reply, self._received, self._done = reply, received, done
        self._body = received.body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answering = asyncio.ensure_future(self._send(scope, receive, send))
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait({answering, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (answering, gone):
                task.cancel()
            await asyncio.gather(answering, gone, return_exceptions=True)
            self._done()

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        reply = self._reply
        if reply.hang_before:
            await asyncio.sleep(FOREVER)
        if reply.html is not None:
            await HTMLResponse(reply.html)(scope, receive, send)
        elif reply.status != 200:
            await JSONResponse({"error": reply.error}, reply.status, reply.headers)(scope, receive, send)
        elif not self._body.get("stream"):
            await JSONResponse(self._whole())(scope, receive, send)
        else:
            await self._stream(send)

    async def _stream(self, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        if self._reply.cut:
            headers.append((b"content-length", b"1000000"))  # promised and not kept
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async for data, text in self._parts():
            await send({"type": "http.response.body", "body": data, "more_body": True})
            if text:
                self._received.sent.append(Sent(time.monotonic(), text))
        if self._reply.hang_after:
            await asyncio.sleep(FOREVER)
        if not self._reply.cut:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _parts(self) -> AsyncIterator[tuple[bytes, str]]:
        """Bytes, and the chunk of text in them."""
        reply = self._reply
        is_first = True
        while is_first or reply.is_endless or (reply.ended and not reply.ended.is_set()):
            for chunk in reply.chunks:
                if not is_first:
                    await asyncio.sleep(reply.delay)
                is_first = False
                yield self._event(delta={"role": "assistant", "content": chunk}), chunk
            is_first = False
        for delta in self._call_deltas():
            yield self._event(delta=delta), ""
        for data in reply.raw:
            yield data, ""
        if reply.error is not None:
            yield _sse({"error": reply.error}), ""
        if reply.hang_after or reply.cut:
            return
        if reply.finish_reason:
            yield self._event(delta={}, finish_reason="tool_calls" if reply.calls else reply.finish_reason), ""
            if reply.usage:
                yield _sse({**self._envelope("chat.completion.chunk"), "choices": [], "usage": reply.usage}), ""
            yield b"data: [DONE]\n\n", ""

    def _call_deltas(self) -> Iterator[dict[str, Any]]:
        """The calls in parallel, as services send them: the name first, then the arguments of each piece by piece."""
        for index, (name, _) in enumerate(self._reply.calls):
            call = {"index": index, "id": f"call_{index}", "type": "function"}
            yield {"tool_calls": [call | {"function": {"name": name, "arguments": ""}}]}
        for index, (_, arguments) in enumerate(self._reply.calls):
            for at in range(0, len(arguments), self._reply.split):
                piece = arguments[at : at + self._reply.split]
                yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}

    def _event(self, *, delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return _sse({**self._envelope("chat.completion.chunk"), "choices": [choice]})

    def _whole(self) -> dict[str, Any]:
        message = {"role": "assistant", "content": "".join(self._reply.chunks)}
        choice = {"index": 0, "message": message, "finish_reason": self._reply.finish_reason}
        return {**self._envelope("chat.completion"), "choices": [choice], "usage": self._reply.usage}

    def _envelope(self, kind: str) -> dict[str, Any]:
        return {"id": "chatcmpl-1", "object": kind, "created": 1_700_000_000, "model": self._body.get("model", "")}


def _sse(data: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
