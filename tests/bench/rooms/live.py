"""What open pages cost while nothing happens, and how soon they are told when something does."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from time import perf_counter
from uuid import UUID

from psutil import Process
from psycopg import Connection

from core.config import ROOT
from core.database.engine import Database
from core.database.events import Events
from core.models import ConversationKind
from core.permissions import Actor
from core.services.limits import RateLimiter
from core.services.rooms import RoomService
from core.services.sessions import SessionLimits
from core.services.talk import TalkService
from core.web.cookies import SESSION
from tests.bench.clients import Visit, clients
from tests.bench.onlookers import onlookers
from tests.bench.rooms.pages import NOWHERE
from tests.bench.server import served
from tests.bench.stand import Stand, plain
from tests.bench.streams import Streams, streams
from tests.bench.table import Row, spread, within
from tests.support.builders import make_actor, make_company, make_user
from tests.support.talks import admit_all
from tests.support.waiting import until

PAGES = 200
IN_A_ROOM = 10
WATCHERS = 50
NOTICEABLE = 0.01
"""Of one processor: less than that, and idle pages can't be told from none."""
TOLD_WITHIN = 0.25
"""Seconds; what is left of the second in which it is to be on the screen is the page's."""
DRAWN_WITHIN = 1.0
SAID = 40
PAUSE = 0.6
"""Seconds between two messages: who has read what is told after the first, and is not part of the second."""
SETTLED = 2.0
"""Seconds in which all have been told who else came."""
PATIENCE = 10.0
UNLIMITED = {"message": (1_000_000, 1)}
TOLD = f"from commit to the event on {WATCHERS} streams of one room"
DRAWN = f"from commit to the screen on {WATCHERS} open pages of one room"
ROWS = [
    f"processor used by {PAGES} idle event streams in 60 s",
    f"the same with the {PAGES} pages they belong to",
    TOLD,
    DRAWN,
]


@dataclass(frozen=True)
class People:
    """Each with a cookie and an open room."""

    actors: list[Actor]
    cookies: list[str]
    rooms: list[str]

    @property
    def queries(self) -> list[str]:
        return [f"c={room}" for room in self.rooms]


def measure(stand: Stand) -> list[Row]:
    with stand.database() as database, heard(database) as events:
        company = _people(stand, database)
        return [
            *_idle(stand, database, events, company),
            *_told(stand, database, events, company),
            *_drawn(stand, database, events, company),
        ]


@contextmanager
def heard(database: Database) -> Iterator[Events]:
    """Hints of this process's services reach the served ones as those of another process do."""
    events = Events(database.engine.url)
    events.start()
    try:
        until(lambda: events.is_listening)
        yield events
    finally:
        events.stop()


def _idle(stand: Stand, database: Database, events: Events, company: list[tuple[Actor, str]]) -> list[Row]:
    """Three processes side by side: with nobody, with pages alone, with pages and their event streams."""
    people = _in_rooms(database, events, company, IN_A_ROOM)
    seconds = stand.pick(60, 10)
    with ExitStack() as stack:
        nobody, sockets, both = (
            stack.enter_context(_parley(stand, database, name)) for name in ("nobody", "sockets", "streams")
        )
        for address, _ in (sockets, both):
            stack.enter_context(clients(Visit(address, "chat", people.queries, people.cookies, "Nobody has written")))
        stack.enter_context(streams(both[0], [f"?{query}" for query in people.queries], people.cookies))
        processes = [process for _, process in (nobody, sockets, both)]
        time.sleep(SETTLED)
        before = [_cpu(process) for process in processes]
        for _ in stand.progress.track(range(seconds), description=f"{PAGES} idle pages"):
            time.sleep(1)
        none, alone, all_ = (_cpu(one) - then for one, then in zip(processes, before, strict=True))
    extra = (all_ - alone) / seconds
    return [
        Row(
            f"processor used by {PAGES} idle event streams in {seconds} s",
            f"{all_ - alone:.2f} s, {extra:.1%} of one",
            f"{none:.2f} s with nobody",
            goal=f"≤ {NOTICEABLE:.0%} of one",
        ),
        Row(f"the same with the {PAGES} pages they belong to", f"{all_:.2f} s", f"{alone:.2f} s the pages alone"),
    ]


def _told(stand: Stand, database: Database, events: Events, company: list[tuple[Actor, str]]) -> list[Row]:
    people = _in_rooms(database, events, company[:WATCHERS], WATCHERS)
    talk = TalkService(database, RateLimiter(UNLIMITED), events, lambda _: None, None, admit=admit_all)
    queries = [f"?{query}" for query in people.queries]
    took: list[float] = []
    floor: list[float] = []
    with (
        _parley(stand, database, "told") as (address, _),
        streams(address, queries, people.cookies) as told,
        plain(database.engine.url, autocommit=True) as listening,
        plain(database.engine.url, autocommit=True) as calling,
    ):
        listening.execute("LISTEN bench")
        time.sleep(SETTLED)
        for number in stand.rounds(60, 20, f"telling {WATCHERS} streams"):
            floor.append(_notified(listening, calling))
            took += _told_once(talk, told, people, number)
    return [
        Row(TOLD, spread(took), f"{spread(floor)} a bare NOTIFY", goal=within(TOLD_WITHIN)),
    ]


def _told_once(talk: TalkService, told: Streams, people: People, number: int) -> list[float]:
    """Seconds from a message's commit until each of the streams was told."""
    told.forget()
    talk.send(people.actors[number % WATCHERS], UUID(people.rooms[0]), f"Message {number}")
    committed = perf_counter()
    until(lambda: all(told.changes))
    return [times[0] - committed for times in told.changes]


def _drawn(stand: Stand, database: Database, events: Events, company: list[tuple[Actor, str]]) -> list[Row]:
    """In a room in which much was said already, so that every page is full."""
    people = _in_rooms(database, events, company[:WATCHERS], WATCHERS)
    talk = TalkService(database, RateLimiter(UNLIMITED), events, lambda _: None, None, admit=admit_all)
    room = UUID(people.rooms[0])
    for number in range(SAID):
        talk.send(people.actors[number % WATCHERS], room, f"Earlier {number}, and what there is to say about it.")
    took: list[float] = []
    with _parley(stand, database, "drawn") as (address, _):
        visit = Visit(address, "chat", people.queries, people.cookies, f"Earlier {SAID - 1}, ")
        with onlookers(visit) as looking:
            time.sleep(SETTLED)
            for number in stand.rounds(30, 5, f"{WATCHERS} open pages"):
                looking.expect(f"Message {number} of many")
                talk.send(people.actors[number % WATCHERS], room, f"Message {number} of many")
                committed = perf_counter()
                took += [moment - committed for moment in looking.moments()]
                time.sleep(PAUSE)
    return [
        Row(DRAWN, spread(took), goal=within(DRAWN_WITHIN)),
    ]


def _notified(listening: Connection, calling: Connection) -> float:
    began = perf_counter()
    calling.execute("NOTIFY bench")
    next(listening.notifies(timeout=PATIENCE))
    return perf_counter() - began


@contextmanager
def _parley(stand: Stand, database: Database, name: str) -> Iterator[tuple[str, Process]]:
    """A process of its own on this database."""
    settings = NOWHERE | {
        "DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        "PARLEY_DATA_DIR": str(stand.folder / name),
    }
    log = stand.folder / f"{name}.log"
    with served(ROOT / "Home.py", ready="/readyz", log=log, settings=settings) as (address, process_id):
        yield address, Process(process_id)


def _people(stand: Stand, database: Database) -> list[tuple[Actor, str]]:
    """One company's, each signed in."""
    limits, people = SessionLimits(stand.settings), []
    with database.transaction() as session:
        company = make_company(session)
        for _ in range(PAGES):
            user = make_user(session, company)
            signed_in, _ = limits.open(session, user, "bench")
            people.append((make_actor(user), f"{SESSION}={signed_in.token}"))
    return people


def _in_rooms(database: Database, events: Events, company: list[tuple[Actor, str]], size: int) -> People:
    """Each in one group of that many."""
    making = RoomService(database, RateLimiter(), events)
    actors, cookies = [actor for actor, _ in company], [cookie for _, cookie in company]
    rooms: list[str] = []
    for first in range(0, len(actors), size):
        group = actors[first : first + size]
        ids = [actor.user_id for actor in group]
        rooms += [str(making.create(group[0], ConversationKind.GROUP, "Launch", user_ids=ids))] * len(group)
    return People(actors, cookies, rooms)


def _cpu(process: Process) -> float:
    """Seconds of a processor that it has used."""
    times = process.cpu_times()
    return float(times.user + times.system)
