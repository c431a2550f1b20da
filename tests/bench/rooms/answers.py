"""Answers of a service that says when it sent each token: how much later those are committed, seen and kept."""

import asyncio
import gc
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, count
from statistics import median
from time import monotonic, sleep
from typing import Any
from uuid import UUID

import httpx2
from psutil import Process

from core.bootstrap import build
from core.permissions import Actor
from tests.bench.arrivals import Arrivals, Desk, Viewer, running
from tests.bench.measure import p95
from tests.bench.provider import MODEL, Pace, provider, text_of, told
from tests.bench.rooms.appending import inserting
from tests.bench.seeding import make_person, make_talk
from tests.bench.stand import Stand, plain, run
from tests.bench.table import Row, at_most, kilobytes, ms, within

BEFORE = 40
RATE = 20
SHORT = Pace(4, RATE)
ROUNDS = 60
ASK_EVERY = 0.05
LOOK_EVERY = 0.2
PATIENCE = 60.0
FIRST_GOAL = 0.05
KEPT_GOAL = 0.5
"""Seconds. What was sent longer ago must be there when the process is killed."""
ROWS = [
    "a question sent until it is committed",
    "an answer's first token sent by the service until it is seen",
    "added between question and first token seen",
    "100 answers at once, 20 tokens/s each: whole",
    "100 answers at once, 20 tokens/s each: whole, each watched",
    "delay of a token",
    "the same, each watched",
    "the same until the viewer has it, 8 frames a second",
    "the service itself, behind its schedule",
    "the oldest token that is not in the database yet, whenever some are kept",
    "an answer's last token until it is committed",
    "processor, asking and ending included",
    "memory of an answer under way",
    "memory not given back after 100, after 200 answers",
]
ANSWERS = "SELECT content FROM messages WHERE conversation_id = ANY(%s) AND seq > %s AND role = 'assistant'"


@dataclass(frozen=True)
class First:
    """One answer, in seconds."""

    sent: float
    """Until the question was committed."""
    shown: float
    """From sending the first token until it was seen."""
    added: float
    """From the question until then, less what the service took."""


@dataclass(frozen=True)
class Crowd:
    """Answers written at once. Times are seconds, one for each token if nothing else is said."""

    arrivals: list[Arrivals]
    seconds: float
    cpu: float
    """Seconds of processor for all of it."""
    grown: int = 0
    """Bytes more than before it, at the height."""
    left: int = 0
    """Bytes more than before it, afterwards."""
    whole: int = 0
    """Answers in the database with every token, once and in its place."""
    seen: tuple[float, ...] = ()
    """Delays until a viewer had it."""
    ages: tuple[float, ...] = ()
    """Of the oldest token of a run, each time some were kept."""
    ends: tuple[float, ...] = ()
    """From the last token until the answer was committed, one for each answer."""

    @property
    def delays(self) -> list[float]:
        return list(chain.from_iterable(one.delays for one in self.arrivals))


class Meter:
    """What this process uses from now on."""

    def __init__(self) -> None:
        gc.collect()
        self._process = Process()
        self._began = monotonic()
        self._cpu_before = self._cpu_used()
        self._least = self._highest = self._rss()

    @property
    def seconds(self) -> float:
        return monotonic() - self._began

    @property
    def cpu(self) -> float:
        return self._cpu_used() - self._cpu_before

    @property
    def grown(self) -> int:
        return self._highest - self._least

    @property
    def left(self) -> int:
        gc.collect()
        return self._rss() - self._least

    def look(self) -> None:
        self._highest = max(self._highest, self._rss())

    def _rss(self) -> int:
        return int(self._process.memory_info().rss)

    def _cpu_used(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)


def measure(stand: Stand) -> list[Row]:
    pace, size = Pace(RATE * stand.pick(15, 3), RATE), stand.pick(100, 20)
    with stand.database() as database, provider() as address, httpx2.Client(timeout=PATIENCE) as client:
        with database.transaction() as session:
            owner = make_person(session)
            # None is the first answer of its conversation: no title is asked for besides.
            talks = [make_talk(session, owner, BEFORE).id for _ in range(1 + ROUNDS + 2 * size)]
            beside = make_talk(session, owner, BEFORE).id
        run(database.engine.url, "VACUUM ANALYZE")
        settings = stand.settings.model_copy(update={"openai_base_url": address, "models": [MODEL]})
        with plain(database.engine.url) as connection, running(build(settings, database)) as desk:
            insert = inserting(connection, beside, owner, count(BEFORE + 1))
            _asked(desk, owner, talks.pop())
            _bare(client, address, insert)
            firsts = [
                (_asked(desk, owner, talks.pop()), _bare(client, address, insert))
                for _ in stand.rounds(ROUNDS, 10, "answers one by one")
            ]
            alone, watched = (
                _crowd(desk, owner, [talks.pop() for _ in range(size)], pace, viewers=viewers)
                for viewers in stand.progress.track((0, 1), description=f"{size} answers at once")
            )
            floor = asyncio.run(_bare_crowd(address, size, pace))
    return [*_first_rows(*zip(*firsts, strict=True)), *_crowd_rows(alone, watched, floor, pace)]


def _asked(desk: Desk, owner: Actor, conversation: UUID) -> First:
    began = monotonic()
    run_id = desk.ask(owner, conversation, SHORT)
    sent = monotonic() - began
    frames = desk.runner.watch(run_id)
    text, seen = next((frame.text, monotonic()) for frame in frames if frame.text)
    for _ in frames:  # to the end: the next one has everything to itself
        pass
    return _first(began, sent, text, seen)


def _bare(client: httpx2.Client, address: str, insert: Callable[[], object]) -> First:
    """The floor: a row inserted, then the stream read by an HTTP client."""
    began = monotonic()
    insert()
    sent = monotonic() - began
    with client.stream("POST", f"{address}/chat/completions", json=_body(SHORT)) as answer:
        came = [(text, monotonic()) for line in answer.iter_lines() if (text := text_of(line))]
    return _first(began, sent, *came[0])


def _first(began: float, sent: float, text: str, seen: float) -> First:
    said = told(text)
    return First(sent, seen - said.sent_at[0], seen - began - said.thought)


def _body(pace: Pace) -> dict[str, Any]:
    return {"model": MODEL, "stream": True, "messages": [{"role": "user", "content": pace.question}]}


def _crowd(desk: Desk, owner: Actor, conversations: list[UUID], pace: Pace, *, viewers: int) -> Crowd:
    """An answer in each conversation, all at once, each watched by so many."""
    desk.store.ages = array("d")
    meter = Meter()
    answers, watching = [], []
    for conversation in conversations:
        run_id = desk.ask(owner, conversation, pace)
        answers.append(desk.answers.pop(run_id))
        watching += [Viewer(desk.runner, run_id) for _ in range(viewers)]
        sleep(ASK_EVERY)
    while not all(answer.over_at for answer in answers) and meter.seconds < pace.seconds + PATIENCE:
        meter.look()
        sleep(LOOK_EVERY)
    seconds, cpu, left = meter.seconds, meter.cpu, meter.left
    for viewer in watching:
        viewer.join()
    return Crowd(
        arrivals=[answer.arrivals for answer in answers],
        seconds=seconds,
        cpu=cpu,
        grown=meter.grown,
        left=left,
        whole=_whole(desk, conversations, pace),
        seen=tuple(chain.from_iterable(viewer.arrivals.delays for viewer in watching)),
        ages=tuple(desk.store.ages),
        ends=tuple(answer.took_to_end for answer in answers if answer.over_at),
    )


def _whole(desk: Desk, conversations: list[UUID], pace: Pace) -> int:
    with plain(desk.store.database.engine.url) as connection:
        found = connection.execute(ANSWERS, [conversations, BEFORE]).fetchall()
    return sum(told(content).is_whole(pace) for (content,) in found)


async def _bare_crowd(address: str, size: int, pace: Pace) -> Crowd:
    """The floor: the same streams read by one HTTP client in one event loop."""
    meter = Meter()
    limits = httpx2.Limits(max_connections=None)
    async with httpx2.AsyncClient(limits=limits, timeout=PATIENCE) as client:

        async def read(number: int) -> Arrivals:
            await asyncio.sleep(number * ASK_EVERY)
            parts, times = [], array("d")
            async with client.stream("POST", f"{address}/chat/completions", json=_body(pace)) as answer:
                async for line in answer.aiter_lines():
                    if text := text_of(line):
                        parts.append(text)
                        times.append(monotonic())
            return Arrivals(told("".join(parts)), times)

        arrivals = await asyncio.gather(*map(read, range(size)))
    return Crowd(arrivals, meter.seconds, meter.cpu)


def _first_rows(ours: tuple[First, ...], floor: tuple[First, ...]) -> list[Row]:
    sent, shown, added = ([getattr(one, name) for one in ours] for name in ("sent", "shown", "added"))
    insert, read, both = ([getattr(one, name) for one in floor] for name in ("sent", "shown", "added"))
    return [
        at_most(
            "a question sent until it is committed",
            f"{ms(median(sent))}, p95 {ms(p95(sent))}",
            f"{ms(median(insert))}, p95 {ms(p95(insert))} plain INSERT",
            median(sent) / median(insert),
        ),
        _within(
            "an answer's first token sent by the service until it is seen",
            shown,
            f"{_p95(read)} plain HTTP",
            FIRST_GOAL,
        ),
        _within(
            "added between question and first token seen",
            added,
            f"{_p95(both)} INSERT and plain HTTP",
            FIRST_GOAL,
        ),
    ]


def _crowd_rows(alone: Crowd, watched: Crowd, floor: Crowd, pace: Pace) -> list[Row]:
    size = len(alone.arrivals)
    late = [lag for one in alone.arrivals for lag in one.told.lags(pace)]
    plainly = f"{_spread(floor.delays)} plain HTTP"
    return [
        _counted(f"{size} answers at once, {pace.rate} tokens/s each: whole", alone),
        _counted(f"{size} answers at once, {pace.rate} tokens/s each: whole, each watched", watched),
        at_most("delay of a token", _spread(alone.delays), plainly, p95(alone.delays) / p95(floor.delays)),
        at_most("the same, each watched", _spread(watched.delays), plainly, p95(watched.delays) / p95(floor.delays)),
        Row("the same until the viewer has it, 8 frames a second", _spread(watched.seen)),
        Row("the service itself, behind its schedule", "", _spread(late)),
        Row(
            "the oldest token that is not in the database yet, whenever some are kept",
            _spread(alone.ages),
            goal=within(KEPT_GOAL, "max"),
        ),
        Row("an answer's last token until it is committed", _spread(alone.ends)),
        at_most(
            "processor, asking and ending included",
            _processor(alone),
            f"{_processor(floor)} plain HTTP",
            alone.cpu / floor.cpu,
        ),
        Row("memory of an answer under way", kilobytes(alone.grown / size)),
        Row(
            f"memory not given back after {size}, after {2 * size} answers",
            f"{kilobytes(alone.left)}, {kilobytes(alone.left + watched.left)}",
        ),
    ]


def _within(what: str, times: list[float], floor: str, limit: float) -> Row:
    return Row(what, _p95(times), floor, goal=within(limit))


def _counted(what: str, crowd: Crowd) -> Row:
    size = len(crowd.arrivals)
    return Row(what, f"{crowd.whole} of {size}", goal="all")


def _p95(times: Sequence[float]) -> str:
    return f"p50 {ms(median(times))}, p95 {ms(p95(list(times)))}"


def _spread(times: Sequence[float]) -> str:
    return f"{_p95(times)}, max {ms(max(times))}"


def _processor(crowd: Crowd) -> str:
    tokens = sum(len(one.times) for one in crowd.arrivals)
    return f"{crowd.cpu / crowd.seconds:.0%} of a core, {crowd.cpu / tokens * 1e6:.0f} µs a token"
