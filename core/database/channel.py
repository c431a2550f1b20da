"""A connection of its own, in a thread of its own, over which all processes on one PostgreSQL call each other."""

import asyncio
import logging
import threading
from collections.abc import Callable, Collection
from contextlib import suppress

import psycopg
from psycopg.abc import RV, PQGen
from sqlalchemy.engine import URL

log = logging.getLogger(__name__)

NAME = "parley"
LINE = "parley-events"
"""What each serving process's connection is called, by which core/database/copying.py sees that people are served."""
NOTIFY = "SELECT pg_notify(%s, payload) FROM unnest(%s::text[]) AS payload"
GATHER = 0.05
"""Seconds: what is sent within them goes out together. Each NOTIFY takes a lock that the whole server shares."""
KEYS_PER_PAYLOAD = 230  # of 34 bytes each at most; a payload has to stay below 8,000
SIGN_OF_LIFE = 20.0
PATIENCE = 5.0
FIRST_WAIT, LONGEST_WAIT = 0.2, 5.0
FAREWELL = 0.5
"""Seconds that the last keys get to go out."""
SOON = 0.05


class Line(psycopg.AsyncConnection):
    """By itself psycopg looks up ten times a second, for signals; those come to the main thread only."""

    async def wait(
        self,
        gen: PQGen[RV],
        interval: float = SIGN_OF_LIFE,
        timeout: float | None = None,  # psycopg's name  # noqa: ASYNC109
    ) -> RV:
        return await super().wait(gen, interval, timeout)


class Channel:
    def __init__(
        self,
        url: URL,
        *,
        on_keys: Callable[[Collection[str]], None],
        on_open: Callable[[], None],
        connect_timeout: int,
    ) -> None:
        """`on_keys` gets the keys that any process sent, this one included. `on_open` is called whenever the channel
        opens: what was sent before is not heard. Both are called in its thread.
        """
        self._arguments, options = url.get_dialect()().create_connect_args(url)
        self._options = {"connect_timeout": connect_timeout, **options, "application_name": LINE}
        self._on_keys = on_keys
        self._on_open = on_open
        self.is_open = False
        self._is_leaving = False
        self._was_said = False
        self._changing = threading.Lock()
        self._outbox: set[str] = set()
        self._pause: asyncio.Timeout | None = None
        self._thread = threading.Thread(target=self._serve, name="events", daemon=True)
        self._loop: asyncio.AbstractEventLoop

    @property
    def is_started(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread.start()

    def send(self, key: str) -> None:
        """From any thread, at once. While the channel is closed the key waits for it to open."""
        with self._changing:
            is_first = not self._outbox
            self._outbox.add(key)
        if is_first:
            self._call(self._hasten)

    def stop(self) -> None:
        """Lets go out what was sent, if it is open; waits for no network."""
        if self.is_started:
            self._call(self._leave)
            self._thread.join(PATIENCE)

    def _call(self, what: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed: it has left
            self._loop.call_soon_threadsafe(what)

    def _hasten(self) -> None:
        """Has what waits sent in a moment."""
        with suppress(RuntimeError):  # the pause is over: then it looks for itself what there is to send
            if self._pause:
                self._pause.reschedule(self._loop.time() + GATHER)

    def _leave(self) -> None:
        self._is_leaving = True
        self._hasten()
        self._loop.call_later(FAREWELL if self.is_open else 0, self._cancel)

    def _cancel(self) -> None:
        """Again and again: psycopg takes the first time for a wish that the server should fulfil."""
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.call_later(SOON, self._cancel)

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner, suppress(asyncio.CancelledError):
            runner.run(self._stay_open())

    async def _stay_open(self) -> None:
        wait = FIRST_WAIT
        while not self._is_leaving:
            try:
                await self._connect_and_converse()
            except (psycopg.Error, TimeoutError) as error:
                wait = FIRST_WAIT if self.is_open else min(wait * 2, LONGEST_WAIT)
                if not self._was_said:
                    log.warning("events_away cause=%s", " ".join(str(error).split()))
                self._was_said = True
            except Exception:
                log.exception("events_failed")
                wait = LONGEST_WAIT
            self.is_open = False
            if not self._is_leaving:
                await asyncio.sleep(wait)

    async def _connect_and_converse(self) -> None:
        connection = await Line.connect(*self._arguments, **self._options, autocommit=True)
        try:
            async with asyncio.timeout(PATIENCE):
                await connection.execute(f"LISTEN {NAME}")
            self.is_open = True
            if self._was_said:
                log.warning("events_back")
            self._was_said = False
            self._on_open()
            while self._outbox or not self._is_leaving:
                await self._hear(connection)
                await self._send(connection)
        finally:
            await connection.close()

    async def _hear(self, connection: Line) -> None:
        """Passes on what is heard, until there is something to send, or nothing was sent for long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(GATHER if self._outbox else SIGN_OF_LIFE) as self._pause:
                async for notify in connection.notifies():
                    self._on_keys(notify.payload.split(","))

    async def _send(self, connection: Line) -> None:
        """What waits. With nothing to send it shows that the server still answers: a lost connection may be silent."""
        with self._changing:
            sent, self._outbox = self._outbox, set()
        keys = list(sent)
        payloads = [",".join(keys[at : at + KEYS_PER_PAYLOAD]) for at in range(0, len(keys), KEYS_PER_PAYLOAD)]
        try:
            async with asyncio.timeout(PATIENCE):
                await connection.execute(NOTIFY, (NAME, payloads))
        except BaseException:
            with self._changing:
                self._outbox |= sent
            raise
