"""Event streams as browsers hold them open, read in a thread of their own; when each frame came."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter

PATIENCE = 30.0
CHANGED = b"event: changed"


class Streams:
    """What came on all of them since `forget`."""

    def __init__(self, count: int) -> None:
        self.changes: list[list[float]] = [[] for _ in range(count)]
        """By stream: when it was told that its conversation is different."""
        self.opened = threading.Event()
        self.failure: str | None = None
        self._begun = 0

    def forget(self) -> None:
        for times in self.changes:
            times.clear()

    async def read(self, number: int, address: str, query: str, cookie: str) -> None:
        host, _, port = address.partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            writer.write(
                f"GET /api/events{query} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\n\r\n".encode("ascii")
            )
            if b" 200 " not in await reader.readline():
                self.failure = f"a stream was refused: {query}"
            is_told = False
            while line := await reader.readline():
                if line.startswith(CHANGED):
                    self.changes[number].append(perf_counter())
                if line.startswith(b"event: unread") and not is_told:  # the last that a stream is told when it opens
                    is_told = True
                    self._begun += 1
                if self._begun == len(self.changes) or self.failure:
                    self.opened.set()
        finally:
            writer.close()


@contextmanager
def streams(address: str, queries: Sequence[str], cookies: Sequence[str]) -> Iterator[Streams]:
    """One for each query, `?c=…`; open, and told what there was to tell."""
    told, loop = Streams(len(queries)), asyncio.new_event_loop()

    async def read_all() -> None:
        given = zip(queries, cookies, strict=True)
        await asyncio.gather(*(told.read(number, address, *one) for number, one in enumerate(given)))

    def serve() -> None:
        asyncio.set_event_loop(loop)
        reading = loop.create_task(read_all())
        loop.run_forever()
        reading.cancel()
        loop.run_until_complete(asyncio.gather(reading, return_exceptions=True))
        loop.close()

    thread = threading.Thread(target=serve, name="streams", daemon=True)
    thread.start()
    try:
        if not told.opened.wait(PATIENCE) or told.failure:
            raise RuntimeError(told.failure or "not all streams were opened")
        yield told
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
