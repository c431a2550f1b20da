"""Opening a conversation and listing one's conversations, beside the same SQL without Parley around it."""

from collections.abc import Callable
from typing import Any

from psycopg import Connection
from sqlmodel import Session

from core.database.engine import Database
from core.repositories.conversations import Conversations
from core.repositories.messages import Messages
from tests.bench.measure import interleaved
from tests.bench.seeding import make_list, make_person, make_talk
from tests.bench.stand import Stand, plain, run
from tests.bench.statements import statements_of
from tests.bench.table import Row, at_most, ms

BATCH = 10
OPENING = ("open the latest 40 messages", "open the latest 40 of 20,000 messages", "of 40")
LISTING = ("list 50 conversations", "list the newest 50 of 20,000 conversations", "of 50")
ROWS = [*OPENING[:2], *LISTING[:2]]


def measure(stand: Stand) -> list[Row]:
    with stand.database() as database:
        with database.transaction() as session:
            few, many = make_person(session), make_person(session)
            short, long = make_talk(session, few, 40).id, make_talk(session, few, 20_000).id
            make_list(session, few, 48)
            make_list(session, many, 20_000)
        run(database.engine.url, "VACUUM ANALYZE")
        with plain(database.engine.url, autocommit=True) as connection:
            return [
                *_pair(
                    stand,
                    database,
                    connection,
                    OPENING,
                    lambda session: Messages(session).latest(short, 40),
                    lambda session: Messages(session).latest(long, 40),
                ),
                *_pair(
                    stand,
                    database,
                    connection,
                    LISTING,
                    lambda session: Conversations(session).list_recent(few, limit=50),
                    lambda session: Conversations(session).list_recent(many, limit=50),
                ),
            ]


def _pair(
    stand: Stand,
    database: Database,
    connection: "Connection[tuple]",
    names: tuple[str, str, str],
    few: Callable[[Session], list[Any]],
    many: Callable[[Session], list[Any]],
) -> list[Row]:
    """Ours beside its own SQL, and with a lot of rows beside few."""
    what, much, little = names
    statement, parameters = sql_of(database, few)
    fewly, manily, plainly = interleaved(
        [
            reading(database, few),
            reading(database, many),
            lambda: connection.execute(statement, parameters).fetchall(),
        ],
        rounds=stand.rounds(100, 20, what),
        batch=BATCH,
    )
    return [
        at_most(what, ms(fewly.median), f"{ms(plainly.median)} same SQL by psycopg", fewly.ratio(plainly), 3),
        at_most(much, ms(manily.median), f"{ms(fewly.median)} {little}", manily.ratio(fewly), 1.3),
    ]


def reading(database: Database, read: Callable[[Session], list[Any]]) -> Callable[[], object]:
    def call() -> None:
        with database.reading() as session:
            assert read(session)

    return call


def sql_of(database: Database, read: Callable[[Session], list[Any]]) -> tuple[Any, Any]:
    """What Parley sends for it: the statement and its parameters."""
    with statements_of(database) as sent, database.reading() as session:
        read(session)
    assert len(sent) == 1
    return sent[0]
