"""The embedded model: its first token and its pace, from the bare endpoint up to what a person sees."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from statistics import median
from time import perf_counter, sleep

import httpx2

from core import clock
from core.assistant.context import compose_instructions
from core.assistant.local_model import EMBEDDED_MODEL, LocalModel
from core.assistant.provider import Assistant, Prompt, Turn
from core.bootstrap import Application, build
from core.permissions import Actor
from tests.bench.provider import text_of
from tests.bench.seeding import make_person
from tests.bench.stand import Stand
from tests.bench.table import Row, at_least, at_most, ms, per_second
from tests.support.talks import begun

TOKENS = 64
TOPICS = (
    "rivers",
    "bridges",
    "clocks",
    "gardens",
    "trains",
    "maps",
    "bread",
    "winter",
    "glass",
    "music",
    "paper",
    "salt",
)
ROWS = [
    "first token of a stream",
    "pace of a stream",
    "a question sent until it is kept",
    "a question sent until first text is seen",
    "the same, first question after the start",
]
_turns = count()


@dataclass(frozen=True)
class Pace:
    first: float
    """Seconds to the first text."""
    rate: float
    """Pieces of text a second after that; the embedded model sends a token in each."""


def measure(stand: Stand) -> list[Row]:
    if LocalModel.find_weights() is None:
        return [Row("the embedded model is not installed: make model", "")]
    floors: list[Pace] = []
    streams: list[Pace] = []
    asks: list[tuple[float, float]] = []
    with (
        stand.database() as database,
        _started(build(stand.settings, database)) as application,
        asyncio.Runner() as loop,
    ):
        assistant = Assistant(application.settings, application.local_model)
        with database.transaction() as session:
            actor = make_person(session)
        # The same for all: the model's server remembers how prompts begin.
        instructions = compose_instructions("", "", actor.display_name, clock.now())
        _, cold = _asked(application, actor)
        _bare(application, instructions)
        _streamed(loop, assistant, instructions)
        for _ in stand.rounds(12, 3, "answers of the embedded model"):
            floors.append(_bare(application, instructions))
            streams.append(_streamed(loop, assistant, instructions))
            asks.append(_asked(application, actor))
        loop.run(assistant.aclose())
    return _rows(floors, streams, asks, cold)


def _rows(floors: list[Pace], streams: list[Pace], asks: list[tuple[float, float]], cold: float) -> list[Row]:
    bare, stream = median(pace.first for pace in floors), median(pace.first for pace in streams)
    bare_rate, rate = median(pace.rate for pace in floors), median(pace.rate for pace in streams)
    sent, seen = median(sent for sent, _ in asks), median(seen for _, seen in asks)
    return [
        at_most("first token of a stream", ms(stream), f"{ms(bare)} plain HTTP", stream / bare),
        at_least(
            "pace of a stream",
            per_second(rate, "tokens"),
            f"{per_second(bare_rate, 'tokens')} plain HTTP",
            rate / bare_rate,
        ),
        Row("a question sent until it is kept", ms(sent)),
        at_most("a question sent until first text is seen", ms(seen), f"{ms(bare)} plain HTTP", seen / bare),
        at_most("the same, first question after the start", ms(cold), f"{ms(bare)} plain HTTP", cold / bare),
    ]


@contextmanager
def _started(application: Application) -> Iterator[Application]:
    application.start()
    try:
        yield application
    finally:
        application.stop()


def _question() -> str:
    """Never the same twice, or its answer would be half known."""
    number = next(_turns)
    return f"Question {number}: write a few sentences about {TOPICS[number % len(TOPICS)]}."


def _bare(application: Application, instructions: str) -> Pace:
    """The floor: the model's own server, asked for a stream by an HTTP client."""
    endpoint = application.local_model.endpoint if application.local_model else None
    assert endpoint is not None
    body = {
        "model": EMBEDDED_MODEL,
        "stream": True,
        "max_tokens": TOKENS,
        "messages": [{"role": "system", "content": instructions}, {"role": "user", "content": _question()}],
    }
    with httpx2.Client(base_url=endpoint.base_url, headers={"Authorization": f"Bearer {endpoint.api_key}"}) as client:
        began = perf_counter()
        with client.stream("POST", "/chat/completions", json=body, timeout=60) as answer:
            times = [perf_counter() for line in answer.iter_lines() if text_of(line)]
    return _pace(began, times)


def _streamed(loop: asyncio.Runner, assistant: Assistant, instructions: str) -> Pace:
    prompt = Prompt(instructions, (Turn("user", _question()),))

    async def read() -> Pace:
        began = perf_counter()
        async with assistant.stream(assistant.default_model, prompt, max_tokens=TOKENS) as stream:
            times = [perf_counter() async for _ in stream]
        return _pace(began, times)

    return loop.run(read())


def _pace(began: float, times: list[float]) -> Pace:
    return Pace(times[0] - began, (len(times) - 1) / (times[-1] - times[0]))


def _asked(application: Application, actor: Actor) -> tuple[float, float]:
    """Seconds until the question is committed, and until the first text can be drawn."""
    began = perf_counter()
    asked = begun(application.chat.ask(actor, _question()))
    sent = perf_counter() - began
    for snapshot in application.runner.watch(asked.run_id):
        if snapshot.text:
            seen = perf_counter() - began
            break
    application.chat.stop(actor, asked.conversation_id)
    for _ in application.runner.watch(asked.run_id):
        pass
    sleep(0.2)  # the model's server notices that nobody listens: the next answer has it to itself
    return sent, seen
