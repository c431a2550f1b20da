"""`python -m tests.bench.provider`: a service in OpenAI's format, in a process of its own, that answers in times.

An answer's first word is when its request was there, every further one when it was sent itself: microseconds of
`time.monotonic`, which all processes of a machine share. The question says how many of those, and how fast. The first
line of stdout is the address; the end of stdin ends it.
"""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

from core.config import ROOT

MODEL = "timed"
ASKED = re.compile(r"(\d+) tokens, (\d+) a second")
HEADERS = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


@dataclass(frozen=True)
class Pace:
    tokens: int
    rate: int
    """Tokens a second; the first is due at once."""

    @property
    def question(self) -> str:
        return f"{self.tokens} tokens, {self.rate} a second"

    @property
    def seconds(self) -> float:
        return self.tokens / self.rate


@dataclass(frozen=True)
class Told:
    """What an answer, or its beginning, says of itself: seconds of `time.monotonic`."""

    asked_at: float
    sent_at: list[float]

    @property
    def thought(self) -> float:
        """What the service itself took for the first token."""
        return self.sent_at[0] - self.asked_at

    def lags(self, pace: Pace) -> list[float]:
        """How far behind its schedule each token was sent."""
        return [sent - self.asked_at - number / pace.rate for number, sent in enumerate(self.sent_at)]

    def is_whole(self, pace: Pace) -> bool:
        """Every token is there, once and in its place."""
        times = [self.asked_at, *self.sent_at]
        return len(self.sent_at) == pace.tokens and times == sorted(set(times))


def told(text: str) -> Told:
    times = [int(word) / 1e6 for word in text.split()]
    return Told(times[0] if times else 0.0, times[1:])


def text_of(line: str) -> str:
    """What a line of a stream adds to the answer."""
    if not line.startswith("data: {"):
        return ""
    choices = json.loads(line.removeprefix("data: "))["choices"]
    return (choices[0]["delta"].get("content") or "") if choices else ""


@contextmanager
def provider() -> Iterator[str]:
    """Its address, `http://…/v1`."""
    command = [sys.executable, "-m", "tests.bench.provider"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            if not (address := process.stdout.readline().strip()):
                raise RuntimeError("the provider ended: its reason stands above")
            yield address
        finally:
            process.terminate()


async def serve() -> None:
    server = await asyncio.start_server(_converse, "127.0.0.1", 0)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await lines.read()


async def _converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection, kept alive, by hand: a web server's work for each chunk would be measured as well."""
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            assert length
            body = json.loads(await reader.readexactly(int(length[1])))
            await _answer(writer, _pace_of(body), round(monotonic() * 1e6))
    writer.close()


def _pace_of(body: dict[str, Any]) -> Pace:
    asked = ASKED.search(body["messages"][-1]["content"])
    assert asked
    return Pace(int(asked[1]), int(asked[2]))


async def _answer(writer: asyncio.StreamWriter, pace: Pace, asked_at: int) -> None:
    before, after = _around_text()
    writer.write(HEADERS)
    for number in range(pace.tokens):
        due = asked_at / 1e6 + number / pace.rate
        if (early := due - monotonic()) > 0:
            await asyncio.sleep(early)
        earlier = "" if number else str(asked_at)
        writer.write(_chunk(b"%s%s %d%s" % (before, earlier.encode(), monotonic() * 1e6, after)))
    usage = {"prompt_tokens": 40, "completion_tokens": pace.tokens, "total_tokens": 40 + pace.tokens}
    writer.write(_chunk(_event([{"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}])))
    writer.write(_chunk(_event([], usage)) + _chunk(b"data: [DONE]\n\n") + _chunk(b""))
    await writer.drain()


def _around_text() -> tuple[bytes, bytes]:
    delta = {"role": "assistant", "content": "TEXT"}
    event = _event([{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}])
    before, _, after = event.partition(b"TEXT")
    return before, after


def _event(choices: list[dict[str, Any]], usage: dict[str, int] | None = None) -> bytes:
    envelope = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": MODEL}
    return b"data: %s\n\n" % json.dumps({**envelope, "choices": choices, "usage": usage}).encode()


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


if __name__ == "__main__":
    asyncio.run(serve())
