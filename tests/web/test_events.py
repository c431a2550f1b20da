"""The stream of one open conversation, over the real ASGI application and the real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message

from core.config import Settings
from core.database.engine import Database
from core.database.events import Events
from core.ids import new_id
from core.permissions import Actor
from core.services.accounts import AccountService
from core.web import events as streams
from tests.support.passwords import QuickPasswords
from tests.support.talks import Desk
from tests.support.waiting import PATIENCE, until
from tests.support.web import HTML, Inside, StandIn, client_of, set_up, site

SESSION = "parley_session"


@pytest.fixture
def events(fresh_database: Database) -> Iterator[Events]:
    events = Events(fresh_database.engine.url)
    events.start()
    until(lambda: events.is_listening)
    yield events
    events.stop()


@pytest.fixture
def accounts(fresh_database: Database, settings: Settings) -> AccountService:
    accounts = AccountService(fresh_database, settings, QuickPasswords())
    set_up(accounts)
    return accounts


@pytest.fixture
def desk(fresh_database: Database, accounts: AccountService) -> Desk:
    return Desk(fresh_database)


@pytest.fixture
def application(settings: Settings, accounts: AccountService, desk: Desk, events: Events) -> StandIn:
    return StandIn(settings, accounts, desk.transcripts, events)


@pytest.fixture
def ada(application: StandIn, signed_in: TestClient) -> Actor:
    identity = application.accounts.resolve(signed_in.cookies[SESSION])
    assert identity
    return application.accounts.actor(identity.session_id)


class Stream:
    """A response as it arrives."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.gone = asyncio.Event()
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
        return await asyncio.wait_for(self._arrived.get(), PATIENCE)

    async def is_silent(self) -> bool:
        await asyncio.sleep(0.3)
        return self._arrived.empty()


def changed(token: str) -> str:
    return f"event: changed\ndata: {token}\n\n"


@asynccontextmanager
async def opened(app: ASGIApp, token: str, conversation_id: UUID, seen: str = "") -> AsyncIterator[Stream]:
    """What a browser's EventSource does; leaving closes the tab."""
    stream = Stream()
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "method": "GET",
        "scheme": "http",
        "path": streams.EVENTS,
        "raw_path": streams.EVENTS.encode(),
        "query_string": f"c={conversation_id}&seen={seen}".encode(),
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


@pytest.fixture
def open_stream(application: StandIn, inside: Inside, signed_in: TestClient) -> Callable[..., Any]:
    app = site(application, inside)
    return lambda conversation_id, seen="": opened(app, signed_in.cookies[SESSION], conversation_id, seen)


def test_a_stream_tells_what_changed_since_it_was_seen_and_from_then_on(
    desk: Desk, events: Events, ada: Actor, open_stream: Callable[..., Any]
) -> None:
    asked = desk.talk(ada, "The launch code is xyzzy.")
    before = desk.read(asked.conversation_id, ada).state
    desk.talk(ada, "Elsewhere")

    async def scene() -> None:
        async with open_stream(asked.conversation_id, before) as stream, open_stream(asked.conversation_id) as stale:
            assert [await stream.next(), await stale.next()] == [streams.BEGIN] * 2
            assert await stale.next() == changed(before)
            assert stream.status == 200
            assert stream.headers["content-type"].startswith("text/event-stream")
            assert (stream.headers["cache-control"], stream.headers["x-accel-buffering"]) == ("no-store", "no")
            assert "content-security-policy" in stream.headers
            events.publish(asked.conversation_id)  # without a change
            assert await stream.is_silent()
            desk.ask(ada, "And then?", conversation_id=asked.conversation_id)
            events.publish(asked.conversation_id)
            after = desk.read(asked.conversation_id, ada).state
            assert after != before
            assert [await stream.next(), await stale.next()] == [changed(after)] * 2

    asyncio.run(scene())


def test_who_may_not_read_it_gets_no_stream(
    desk: Desk, ada: Actor, application: StandIn, inside: Inside, client: TestClient, signed_in: TestClient
) -> None:
    mine, foreign = desk.talk(ada).conversation_id, desk.talk().conversation_id
    for method in ("GET", "HEAD"):
        for wanted in (foreign, new_id(), "x", "", "0' OR 1=1"):
            assert signed_in.request(method, streams.EVENTS, params={"c": str(wanted)}).status_code == 404
        assert client_of(site(application, inside)).request(method, f"{streams.EVENTS}?c={mine}").status_code == 401
    assert signed_in.head(streams.EVENTS, params={"c": str(mine)}).status_code == 200
    assert client_of(site(application, inside)).get(f"{streams.EVENTS}?c={mine}", headers=HTML).status_code == 303


def test_it_ends_with_the_session(
    desk: Desk, ada: Actor, application: StandIn, open_stream: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "RECHECK", 0.05)
    monkeypatch.setattr(streams, "KEEP_ALIVE", 0.2)
    asked = desk.talk(ada)
    seen = desk.read(asked.conversation_id, ada).state

    async def scene() -> None:
        async with open_stream(asked.conversation_id, seen) as stream:
            assert [await stream.next(), await stream.next()] == [streams.BEGIN, streams.NOTHING_NEW]
            assert ada.session_id
            application.accounts.sign_out(ada.session_id)
            assert [await stream.next(), await stream.next()] == [streams.SIGNED_OUT, ""]

    asyncio.run(scene())


def test_it_ends_with_the_conversation_and_with_the_process(
    desk: Desk, events: Events, ada: Actor, open_stream: Callable[..., Any]
) -> None:
    first, second = desk.talk(ada).conversation_id, desk.talk(ada).conversation_id

    async def scene() -> None:
        async with open_stream(first) as stream, open_stream(second) as other:
            for one in (stream, other):
                assert await one.next() == streams.BEGIN
                await one.next()
            desk.conversations.delete(ada, first)
            events.publish(first)
            assert [await stream.next(), await stream.next()] == [changed(streams.GONE), ""]
            events.hang_up()
            assert await other.next() == ""

    asyncio.run(scene())


def test_a_closed_tab_leaves_nothing_behind(
    desk: Desk, events: Events, ada: Actor, open_stream: Callable[..., Any]
) -> None:
    asked = desk.talk(ada)

    async def scene() -> None:
        async with open_stream(asked.conversation_id) as stream:
            await stream.next()
            assert events._subscriptions
        assert not events._subscriptions

    asyncio.run(scene())
