"""Event streams as a browser has them."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event
from starlette.types import ASGIApp, Message

from core.database.engine import Database
from core.permissions import Actor
from core.web.cookies import SESSION
from core.web.events import EVENTS
from tests.support.waiting import PATIENCE, until


@dataclass
class Guest:
    """Somebody with a browser."""

    actor: Actor
    token: str


class Stream:
    """A response as it arrives."""

    def __init__(self, *, has_conversation: bool) -> None:
        self.has_conversation = has_conversation
        self.status = 0
        self.headers: dict[str, str] = {}
        self.gone = asyncio.Event()
        self.heard: list[str] = []
        """All frames that were taken."""
        self._arrived: asyncio.Queue[str] = asyncio.Queue()

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self._arrived.put_nowait(message["body"].decode())

    async def next(self) -> str:
        """The next frame; empty at the end."""
        self.heard.append(await asyncio.wait_for(self._arrived.get(), PATIENCE))
        return self.heard[-1]

    async def told(self, event: str) -> Any:
        """What the next frame of that kind says, whatever comes before it."""
        while not _is(event, frame := await self.next()):
            assert frame, f"it ended before {event}: {self.heard}"
        return _data(event, frame)

    async def until(self, event: str, data: Any) -> None:
        """Until that is the last it was told of that kind."""
        last = next((frame for frame in reversed(self.heard) if _is(event, frame)), None)
        while last is None or _data(event, last) != data:
            await self.told(event)
            last = self.heard[-1]

    async def begun(self) -> None:
        """Until it has what it is told at the opening, having seen nothing before."""
        wanted = ("unread", "changed") if self.has_conversation else ("unread",)
        while not all(any(_is(one, frame) for frame in self.heard) for one in wanted):
            await self.next()

    async def is_silent(self, seconds: float = 0.3) -> bool:
        await asyncio.sleep(seconds)
        return self._arrived.empty()

    async def rest(self) -> list[str]:
        """All frames that came, after a while without any."""
        while not await self.is_silent():
            await self.next()
        return self.heard


def _is(event: str, frame: str) -> bool:
    return frame.startswith(f"event: {event}\n")


def _data(event: str, frame: str) -> Any:
    data = frame.partition("data: ")[2].strip()
    return data if event in ("changed", "grown") else json.loads(data)


@asynccontextmanager
async def opened(app: ASGIApp, token: str, query: str) -> AsyncIterator[Stream]:
    """What a browser's EventSource does; leaving closes the tab."""
    stream = Stream(has_conversation=bool(query))
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "method": "GET",
        "scheme": "http",
        "path": EVENTS,
        "raw_path": EVENTS.encode(),
        "query_string": query.encode(),
        "headers": [(b"host", b"testserver"), (b"cookie", f"{SESSION}={token}".encode())],
        "server": ("testserver", 80),
        "client": ("testclient", 1),
    }
    answering = asyncio.ensure_future(app(scope, stream.receive, stream.send))
    try:
        yield stream
    finally:
        stream.gone.set()
        await asyncio.wait_for(answering, PATIENCE)


def changed(token: str) -> str:
    return f"event: changed\ndata: {token}\n\n"


def counts(total: int, mentions: int = 0, /, **rooms: list[int]) -> dict[str, Any]:
    return {"total": total, "mentions": mentions, "rooms": rooms}


async def eventually(look: Callable[[], bool]) -> None:
    await asyncio.to_thread(until, look)


def scene(play: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Plays it at once, and fails if it has no end."""
    asyncio.run(asyncio.wait_for(play(), 3 * PATIENCE))


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that are sent to PostgreSQL meanwhile."""
    statements: list[str] = []

    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
