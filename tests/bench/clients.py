"""`python -m tests.bench.clients`: browsers' websockets in a process of their own, speaking Streamlit's protocol.

The first line of stdin is a Visit as JSON; every further line is a number of seconds to rerun for, answered by a line
with a Result. The end of stdin ends it.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from time import perf_counter

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from core.config import ROOT
from tests.bench.measure import p95


@dataclass(frozen=True)
class Visit:
    address: str
    page: str
    queries: list[str]
    """One browser each, `c=…`."""
    cookies: list[str]
    expected: str
    """Text that the drawn page must contain: an error page is quick, too."""


@dataclass(frozen=True)
class Result:
    reruns: int
    seconds: float
    p95: float
    messages: float
    bytes: float
    """Messages and bytes of a rerun."""
    failed: int
    """Reruns that ended without the page drawn: their visitors saw an error."""

    @property
    def rate(self) -> float:
        """Pages drawn a second."""
        return (self.reruns - self.failed) / self.seconds


class Browser:
    """One tab: asks for the page, reads until it is drawn."""

    def __init__(self, socket: ClientConnection, page: str, query: str, expected: str) -> None:
        self.socket = socket
        self.expected = expected.encode()
        self.request = BackMsg()
        self.request.rerun_script.page_name = page
        self.request.rerun_script.query_string = query
        self.request.rerun_script.context_info.timezone = "Europe/Berlin"
        self.messages = 0
        self.bytes = 0

    async def rerun(self) -> bool:
        """Whether the page was drawn, with the text expected on it."""
        await self.ask()
        is_found = False
        while True:
            frame = await self.socket.recv(decode=False)
            self.messages += 1
            self.bytes += len(frame)
            is_found = is_found or self.expected in frame
            message = ForwardMsg.FromString(frame)
            self.note(message)
            if message.WhichOneof("type") == "script_finished":
                return is_found and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY

    async def ask(self, *states: WidgetState) -> None:
        """For the page, with what was clicked or told."""
        request = BackMsg()
        request.CopyFrom(self.request)
        request.rerun_script.widget_states.widgets.extend(states)
        await self.socket.send(request.SerializeToString())

    def note(self, message: ForwardMsg) -> None:
        if message.WhichOneof("type") == "navigation":  # from now on as a browser does: by the page's hash
            self.request.rerun_script.page_script_hash = message.navigation.page_script_hash


async def browse() -> None:
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    visit = Visit(**json.loads(await lines.readline()))
    browsers = [await opened(visit, query, cookie) for query, cookie in zip(visit.queries, visit.cookies, strict=True)]
    for browser in browsers:
        if not await browser.rerun():
            raise RuntimeError(f"the page was not drawn: {visit.expected!r} is not on it")
    print("ready", flush=True)
    while line := await lines.readline():
        print(json.dumps(asdict(await _rerun_for(browsers, float(line)))), flush=True)
    await asyncio.gather(*(browser.socket.close() for browser in browsers))


async def opened(visit: Visit, query: str, cookie: str) -> Browser:
    socket = await connect(
        f"ws://{visit.address}/_stcore/stream",
        origin=Origin(f"http://{visit.address}"),
        additional_headers={"Cookie": cookie} if cookie else {},
        subprotocols=[Subprotocol("streamlit")],
        compression=None,  # Streamlit's own default
        max_size=None,
        max_queue=None,
        ping_interval=None,  # a browser answers the server's pings and sends none
    )
    return Browser(socket, visit.page, query, visit.expected)


async def _rerun_for(browsers: list[Browser], seconds: float) -> Result:
    """A closed loop: each browser asks again as soon as its page is drawn."""
    times: list[float] = []
    drawn: list[bool] = []
    for browser in browsers:
        browser.messages = browser.bytes = 0
    began = perf_counter()

    async def loop(browser: Browser) -> None:
        while (asked := perf_counter()) < began + seconds:
            drawn.append(await browser.rerun())
            times.append(perf_counter() - asked)

    await asyncio.gather(*map(loop, browsers))
    return Result(
        reruns=len(times),
        seconds=perf_counter() - began,
        p95=p95(times),
        messages=sum(browser.messages for browser in browsers) / len(times),
        bytes=sum(browser.bytes for browser in browsers) / len(times),
        failed=drawn.count(False),
    )


class Clients:
    """The same from the other side: the bench tells the process when to rerun."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def rerun_for(self, seconds: float) -> Result:
        assert self.process.stdin
        print(seconds, file=self.process.stdin, flush=True)
        return Result(**json.loads(self.read()))

    def read(self) -> str:
        assert self.process.stdout
        if line := self.process.stdout.readline():
            return line
        raise RuntimeError("the clients ended: their reason stands above")


@contextmanager
def clients(visit: Visit) -> Iterator[Clients]:
    """Browsers that have the page open."""
    command = [sys.executable, "-m", "tests.bench.clients"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            there = Clients(process)
            print(json.dumps(asdict(visit)), file=process.stdin, flush=True)
            there.read()
            yield there
        finally:
            process.terminate()


if __name__ == "__main__":
    asyncio.run(browse())
