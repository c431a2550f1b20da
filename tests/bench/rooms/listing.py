"""The rooms of somebody who is in very many of them, and what they have not read there."""

from collections.abc import Callable
from typing import Any

from psycopg import Connection
from sqlmodel import Session

from core.database.engine import Database
from core.models import ConversationKind
from core.permissions import Actor
from core.repositories.rooms import Rooms
from core.repositories.unread import Unreads
from tests.bench.measure import interleaved
from tests.bench.rooms.reading import reading, sql_of
from tests.bench.seeding import make_list, make_person, make_rooms
from tests.bench.stand import Stand, plain, run
from tests.bench.table import Row, at_most, ms

GROUP, COMPANY = ConversationKind.GROUP, ConversationKind.COMPANY
BATCH = 5
NEWEST, UNREAD, OPEN = (
    "list the newest 30 rooms of 1,000",
    "count all unread of 1,000 rooms, one query",
    "list 30 of 1,000 company rooms",
)
BESIDE = "list 30 rooms beside 20,000 chats"
ROWS = [NEWEST, UNREAD, OPEN, BESIDE]

Query = Callable[[Session], list[Any]]


def measure(stand: Stand) -> list[Row]:
    with stand.database() as database:
        with database.transaction() as session:
            few, many, chatty, newcomer = (make_person(session) for _ in range(4))
            for person, kind, rooms in ((few, GROUP, 30), (chatty, GROUP, 30), (many, GROUP, 1_000)):
                make_rooms(session, person, kind, rooms)
            make_list(session, chatty, 20_000)
            make_rooms(session, newcomer, COMPANY, 1_000)
        run(database.engine.url, "VACUUM ANALYZE")
        with plain(database.engine.url, autocommit=True) as connection:
            contests = (
                (NEWEST, listing(many)),
                (UNREAD, unread(many)),
                (OPEN, open_rooms(newcomer)),
            )
            rows = [_row(stand, database, connection, what, query) for what, query in contests]
            beside, alone = interleaved(
                [reading(database, listing(chatty)), reading(database, listing(few))],
                rounds=stand.rounds(60, 10, BESIDE),
                batch=BATCH,
            )
            flat = at_most(BESIDE, ms(beside.median), f"{ms(alone.median)} without chats", beside.ratio(alone), 1.3)
            return [*rows, flat]


def _row(stand: Stand, database: Database, connection: "Connection[tuple]", what: str, query: Query) -> Row:
    statement, parameters = sql_of(database, query)
    ours, floor = interleaved(
        [reading(database, query), lambda: connection.execute(statement, parameters).fetchall()],
        rounds=stand.rounds(60, 10, what),
        batch=BATCH,
    )
    return at_most(what, ms(ours.median), f"{ms(floor.median)} same SQL by psycopg", ours.ratio(floor))


def listing(actor: Actor) -> Query:
    return lambda session: Rooms(session).list_mine(actor, GROUP)


def open_rooms(actor: Actor) -> Query:
    return lambda session: Rooms(session).list_open(actor)


def unread(actor: Actor) -> Query:
    return lambda session: list(Unreads(session).of_person(actor.user_id))
