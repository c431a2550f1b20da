"""A scriptable service on loopback that speaks OpenAI's chat completions, streamed or not, with every fault we know."""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

USAGE = {"prompt_tokens": 40, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 16}}
FOREVER = 3_600.0


@dataclass(frozen=True)
class Reply:
    """What the next request gets. Texts are sent as they are, one chunk each."""

    chunks: Sequence[str] = ("Hello", " there", ".")
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
class Received:
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class OpenAIServer:
    """`with OpenAIServer() as server: server.replies.append(Reply(…))`. With none queued it sends `Reply()`."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.requests: list[Received] = []
        self.open_requests = 0
        """Requests that are being answered now."""
        self._changed = threading.Condition()
        self._socket = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(
            Starlette(routes=[Route("/v1/chat/completions", self._answer, methods=["POST"])]),
            log_level="critical",
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._server.serve(sockets=[self._socket])), name="openai-server", daemon=True
        )

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(timeout=10)
        self._socket.close()

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
        body = await request.json()
        with self._changed:
            self.requests.append(Received(request.url.path, dict(request.headers), body))
            reply = self.replies.pop(0) if self.replies else Reply()
            self.open_requests += 1
            self._changed.notify_all()
        return _Answer(reply, body, self._done)

    def _done(self) -> None:
        with self._changed:
            self.open_requests -= 1
            self._changed.notify_all()


class _Answer(Response):
    """Sends by hand, because faults are not what response classes are made for."""

    def __init__(self, reply: Reply, body: dict[str, Any], done: Any) -> None:
        super().__init__()
        self._reply, self._body, self._done = reply, body, done

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
        async for data in self._parts():
            await send({"type": "http.response.body", "body": data, "more_body": True})
        if self._reply.hang_after:
            await asyncio.sleep(FOREVER)
        if not self._reply.cut:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _parts(self) -> AsyncIterator[bytes]:
        reply = self._reply
        is_first = True
        while is_first or reply.is_endless:
            for chunk in reply.chunks:
                if not is_first:
                    await asyncio.sleep(reply.delay)
                is_first = False
                yield self._event(delta={"role": "assistant", "content": chunk})
            is_first = False
        for data in reply.raw:
            yield data
        if reply.error is not None:
            yield _sse({"error": reply.error})
        if reply.hang_after or reply.cut:
            return
        if reply.finish_reason:
            yield self._event(delta={}, finish_reason=reply.finish_reason)
            if reply.usage:
                yield _sse({**self._envelope("chat.completion.chunk"), "choices": [], "usage": reply.usage})
            yield b"data: [DONE]\n\n"

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
