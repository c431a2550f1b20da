"""Appending a message: time, WAL, and whether a long conversation makes either worse."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count, cycle
from uuid import UUID

from psycopg import Connection
from sqlalchemy.engine import URL

from core import clock
from core.database.engine import Database
from core.ids import new_id
from core.models import MessageRole
from core.permissions import Actor
from core.repositories.messages import Messages
from tests.bench.measure import interleaved
from tests.bench.seeding import QUESTION, make_person, make_talk
from tests.bench.stand import Stand, plain, run
from tests.bench.table import Row, at_most, kilobytes, ms

BATCH = 10
UNSYNCED = ", not waiting for the disk"
ROWS = [
    "append a message",
    "append after 20,000 messages",
    f"append a message{UNSYNCED}",
    f"append after 20,000 messages{UNSYNCED}",
    "WAL of an append",
]
INSERT = (
    "INSERT INTO messages (id, created_at, conversation_id, seq, sender_id, role, message_type, content, status, extra)"
    " VALUES (%s, %s, %s, %s, %s, 'user', 'text', %s, 'complete', '{}')"
)


def measure(stand: Stand) -> list[Row]:
    with stand.database() as database:
        url = database.engine.url
        rounds = stand.pick(100, 20)
        with database.transaction() as session:
            owner = make_person(session)
            long = make_talk(session, owner, 20_000).id
            # A round's appends go to a conversation that still has 40 messages.
            short = [make_talk(session, owner, 40).id for _ in range(2 * (rounds + 1))]
            floor = make_talk(session, owner, 40).id
        run(url, "VACUUM ANALYZE")
        return [*_times(stand, database, owner, long, short, floor), *_wal(stand, database, owner, long, floor)]


def _times(stand: Stand, database: Database, owner: Actor, long: UUID, short: list[UUID], floor: UUID) -> list[Row]:
    url, name = database.engine.url, database.engine.url.database
    fresh = cycle(short)
    rows = []
    seqs = count(1_000)
    for how, setting in (("", "on"), (UNSYNCED, "off")):
        run(url, f"ALTER DATABASE {name} SET synchronous_commit = {setting}")
        database.dispose()
        with plain(url) as connection:
            plainly, shortly, lengthily = interleaved(
                [
                    inserting(connection, floor, owner, seqs),
                    appending(database, owner, lambda: next(fresh), each=BATCH),
                    appending(database, owner, lambda: long),
                ],
                rounds=stand.rounds(100, 20, f"appending{how}"),
                batch=BATCH,
            )
        beside = f"{ms(plainly.median)} plain INSERT"
        goal = 4 if setting == "on" else None
        rows += [
            at_most(f"append a message{how}", ms(shortly.median), beside, shortly.ratio(plainly), goal),
            at_most(
                f"append after 20,000 messages{how}",
                ms(lengthily.median),
                f"{ms(shortly.median)} after 40",
                lengthily.ratio(shortly),
                1.3 if setting == "on" else None,
            ),
        ]
    run(url, f"ALTER DATABASE {name} RESET synchronous_commit")
    database.dispose()
    return rows


def _wal(stand: Stand, database: Database, owner: Actor, long: UUID, floor: UUID) -> list[Row]:
    url, appends = database.engine.url, stand.pick(2_000, 500)
    with plain(url) as connection:
        floor_bytes = wal_of(url, inserting(connection, floor, owner, count(100_000)), appends)
    ours = wal_of(url, appending(database, owner, lambda: long), appends)
    row = at_most("WAL of an append", kilobytes(ours), f"{kilobytes(floor_bytes)} plain INSERT", ours / floor_bytes)
    return [replace(row, goal="≤ 8 KB")]


def wal_of(url: URL, call: Callable[[], object], times: int) -> float:
    """Bytes a call, the full-page images after a checkpoint shared out among them."""
    with plain(url, autocommit=True) as connection:
        call()
        connection.execute("CHECKPOINT")
        before = _position(connection)
        for _ in range(times):
            call()
        return (_position(connection) - before) / times


def _position(connection: "Connection[tuple]") -> int:
    row = connection.execute("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn").fetchone()
    assert row
    return int(row[0])


def appending(
    database: Database, owner: Actor, conversation: Callable[[], UUID], *, each: int = 1
) -> Callable[[], object]:
    """Parley's way. The conversation is asked for anew after `each` calls."""
    turns = count()
    current = conversation()

    def append() -> None:
        nonlocal current
        if next(turns) % each == 0:
            current = conversation()
        with database.transaction() as session:
            Messages(session).append(current, role=MessageRole.USER, content=QUESTION, sender_id=owner.user_id)

    return append


def inserting(
    connection: "Connection[tuple]", conversation: UUID, owner: Actor, seqs: "count[int]"
) -> Callable[[], object]:
    """The floor: the same row, nothing kept in order around it."""

    def insert() -> None:
        row = (new_id(), clock.now(), conversation, next(seqs), owner.user_id, QUESTION)
        connection.execute(INSERT, row)
        connection.commit()

    return insert
