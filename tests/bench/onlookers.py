"""`python -m tests.bench.onlookers`: people who look at a room, in a process of their own; nothing is touched.

Each is a browser's websocket and its event stream: what the stream tells is passed on as core/ui/live_room.js does it.
The first line of stdin is a Visit as JSON; every further line is a text, answered by a line with the moments at which
each of them had it on the screen. The end of stdin ends it.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from time import perf_counter
from typing import Any

import httpx2
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from core.config import ROOT
from tests.bench.clients import Browser, Visit, opened

PART, DRAWN = "live_room", "drawn"
PATIENCE = 120.0
"""Seconds for all of them, on a machine that has other work."""


class Onlooker:
    def __init__(self, browser: Browser, address: str, cookie: str) -> None:
        self.browser = browser
        self.address = address
        self.cookie = cookie
        self.drawn: dict[bytes, float] = {}
        self.wanted = b""
        self.has_it = asyncio.Event()
        self._is_free = asyncio.Event()
        self._part = ""
        self._events = ""
        self._state: str | None = None
        self._shown: str | None = None
        self._seen: str | None = None
        self._is_new = asyncio.Event()

    async def watch(self) -> None:
        """For ever."""
        await self.browser.ask()
        await asyncio.gather(self._read(), self._listen(), self._pass_on())

    async def _read(self) -> None:
        async for frame in self.browser.socket:
            assert isinstance(frame, bytes)
            message = ForwardMsg.FromString(frame)
            self.browser.note(message)
            if self.wanted and self.wanted in frame and not self.has_it.is_set():
                self.drawn[self.wanted] = perf_counter()
                self.has_it.set()
            match message.WhichOneof("type"):
                case "delta":
                    self._look_for_parts(message)
                case "script_finished" if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    self._is_free.set()

    def _look_for_parts(self, message: ForwardMsg) -> None:
        part = message.delta.new_element.bidi_component
        if part.component_name == PART:
            told = json.loads(json.loads(part.json))
            self._part, self._events, self._seen = part.id, told["address"], told["seen"]
        elif part.component_name == DRAWN:
            self._shown = json.loads(json.loads(part.json))["state"] or self._shown

    async def _listen(self) -> None:
        while not self._events:
            await asyncio.sleep(0.05)
        address = f"http://{self.address}{self._events}&seen="
        async with (
            httpx2.AsyncClient(timeout=None, headers={"cookie": self.cookie}) as client,
            client.stream("GET", address) as told,
        ):
            event = ""
            async for line in told.aiter_lines():
                name, _, text = line.partition(": ")
                if name == "event":
                    event = text
                elif name == "data" and event == "changed":
                    self._state = text
                    self._is_new.set()

    async def _pass_on(self) -> None:
        """One at a time, the newest, with the states that are on the screen: see `core.ui.live.live_room`."""
        while True:
            await self._is_free.wait()
            await self._is_new.wait()
            self._is_new.clear()
            if self._state in (self._shown, self._seen):
                continue
            self._is_free.clear()
            known = json.dumps([self._shown, self._seen])
            told = json.dumps([{"event": "changed", "value": known}])
            state = WidgetState(id=f"$$STREAMLIT_INTERNAL_KEY_{self._part}__events", json_trigger_value=told)
            await self.browser.ask(state)


async def look_on() -> None:
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    visit = Visit(**json.loads(await lines.readline()))
    onlookers = [
        Onlooker(await opened(visit, query, cookie), visit.address, cookie)
        for query, cookie in zip(visit.queries, visit.cookies, strict=True)
    ]
    for onlooker in onlookers:
        onlooker.wanted = visit.expected.encode()
    watching = asyncio.gather(*(onlooker.watch() for onlooker in onlookers))
    await _all_have_it(onlookers, watching)
    print("ready", flush=True)
    while line := await lines.readline():
        for onlooker in onlookers:
            onlooker.has_it.clear()
            onlooker.wanted = line.strip()
        print("looking", flush=True)
        await _all_have_it(onlookers, watching)
        print(json.dumps([onlooker.drawn[line.strip()] for onlooker in onlookers]), flush=True)
    watching.cancel()


async def _all_have_it(onlookers: list[Onlooker], watching: "asyncio.Future[Any]") -> None:
    having = asyncio.gather(*(onlooker.has_it.wait() for onlooker in onlookers))
    await asyncio.wait([having, watching], timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    if watching.done():
        watching.result()
    missing = sum(not onlooker.has_it.is_set() for onlooker in onlookers)
    if missing:
        raise RuntimeError(f"{missing} of {len(onlookers)} did not see {onlookers[0].wanted!r}")


class Onlookers:
    """The same from the other side."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def expect(self, text: str) -> None:
        assert self.process.stdin
        print(text, file=self.process.stdin, flush=True)
        self.read()

    def moments(self) -> list[float]:
        """When each had it, by the clock that all processes of a machine share."""
        return [float(moment) for moment in json.loads(self.read())]

    def read(self) -> str:
        assert self.process.stdout
        if line := self.process.stdout.readline():
            return line
        raise RuntimeError("the onlookers ended: their reason stands above")


@contextmanager
def onlookers(visit: Visit) -> Iterator[Onlookers]:
    command = [sys.executable, "-m", "tests.bench.onlookers"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            looking = Onlookers(process)
            print(json.dumps(asdict(visit)), file=process.stdin, flush=True)
            looking.read()
            yield looking
        finally:
            process.terminate()


if __name__ == "__main__":
    asyncio.run(look_on())
