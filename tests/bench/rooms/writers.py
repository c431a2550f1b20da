"""Sixteen threads appending at once: into sixteen conversations, and all into one."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import count
from statistics import median
from threading import Barrier, Thread
from time import perf_counter
from uuid import UUID

from core.database.engine import Database
from tests.bench.measure import p95
from tests.bench.rooms.appending import appending, inserting
from tests.bench.seeding import make_person, make_talk
from tests.bench.stand import Stand, plain, run
from tests.bench.table import Row, at_least, ms, per_second

THREADS = 16
SEVERAL, ONE = "16 threads into 16 conversations", "16 threads into one conversation"
ORDERED = "the order of what 16 threads appended"
ROWS = [SEVERAL, ONE, ORDERED]
BEFORE = 40
ORDER = (
    "SELECT c.id, c.last_seq, count(*), max(m.seq) FROM conversations c JOIN messages m ON m.conversation_id = c.id"
    " WHERE c.id = ANY(%s) GROUP BY c.id"
)


def measure(stand: Stand) -> list[Row]:
    with stand.database() as database, ExitStack() as stack:
        with database.transaction() as session:
            owner = make_person(session)
            several = [make_talk(session, owner, BEFORE).id for _ in range(THREADS)]
            one = make_talk(session, owner, BEFORE).id
            floor = [make_talk(session, owner, BEFORE).id for _ in range(THREADS)]
        run(database.engine.url, "VACUUM ANALYZE")
        connections = [stack.enter_context(plain(database.engine.url)) for _ in floor]
        contests: dict[str, list[Callable[[], object]]] = {
            "floor": [
                inserting(connection, conversation, owner, count(BEFORE + 1))
                for connection, conversation in zip(connections, floor, strict=True)
            ],
            "several": [appending(database, owner, _always(conversation)) for conversation in several],
            "one": [appending(database, owner, _always(one)) for _ in range(THREADS)],
        }
        rates: dict[str, list[float]] = {name: [] for name in contests}
        times: dict[str, list[float]] = {name: [] for name in contests}
        for _ in stand.rounds(5, 2, "16 threads appending"):
            for name, calls in contests.items():
                seconds, took = together(calls, stand.pick(2, 1))
                rates[name].append(len(took) / seconds)
                times[name] += took
        fault = fault_in_order(database, [*several, one], len(times["several"]) + len(times["one"]))
    floor_rate, floor_p95 = median(rates["floor"]), p95(times["floor"])
    rows = []
    for name, what in (("several", SEVERAL), ("one", ONE)):
        rate = median(rates[name])
        rows.append(
            at_least(
                what,
                f"{per_second(rate, 'appends')}, p95 {ms(p95(times[name]))}",
                f"{per_second(floor_rate, 'INSERTs')}, p95 {ms(floor_p95)}, 16 connections",
                rate / floor_rate,
            )
        )
    return [*rows, Row(ORDERED, fault or "without gaps", goal="no gaps")]


def _always(conversation: UUID) -> Callable[[], UUID]:
    return lambda: conversation


def together(calls: Sequence[Callable[[], object]], seconds: float) -> tuple[float, list[float]]:
    """Each in a thread of its own, over and over: how long it took in all, and each call."""
    times: list[list[float]] = [[] for _ in calls]
    start = Barrier(len(calls) + 1)

    def work(call: Callable[[], object], mine: list[float]) -> None:
        start.wait()
        end = perf_counter() + seconds
        while (began := perf_counter()) < end:
            call()
            mine.append(perf_counter() - began)

    threads = [Thread(target=work, args=pair) for pair in zip(calls, times, strict=True)]
    for thread in threads:
        thread.start()
    start.wait()
    began = perf_counter()
    for thread in threads:
        thread.join()
    return perf_counter() - began, [time for mine in times for time in mine]


def fault_in_order(database: Database, conversations: list[UUID], appended: int) -> str | None:
    """None when all acknowledged appends are there and the seqs of every conversation run from 1 to its last."""
    with plain(database.engine.url) as connection:
        found = connection.execute(ORDER, [conversations]).fetchall()
    for conversation, last, messages, highest in found:
        if not last == messages == highest:  # seq is unique in a conversation and starts at 1
            return f"{conversation}: {messages} messages, the last is {highest}, handed out were {last}"
    kept = sum(last - BEFORE for _, last, _, _ in found)
    return None if kept == appended else f"{appended} appends acknowledged, {kept} kept"
