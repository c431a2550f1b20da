"""While a database is moved, nobody may write into it: what they wrote would stay behind."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text

from core.database.channel import LINE
from core.database.engine import APPLICATION, COPYING
from core.errors import Conflict
from core.locks import Lock

NAMED = f"application_name = '{COPYING}'"
AT_WORK = """
    SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = ANY(:names))
"""
IS_HELD = """
    SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted
        AND (classid, objid, objsubid) = (0, :key, 1)
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""
RUNNING = (
    "Parley is running, or a command of it, in the database that is to be moved: what people write meanwhile would stay"
    " behind. Nothing was moved. Stop it, then move again. What a pooler still holds open for it counts too, until"
    " RECONNECT in its console."
)
MOVED_TWICE = "This database is being moved already."
MOVED = "This database is being moved to another server. Start Parley there, once that is done."


class Still:
    """A database in which nobody starts a Parley any more."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def refuse_company(self) -> None:
        """Raises Conflict where one runs that was there before, or came in between."""
        if self._connection.execute(text(AT_WORK), {"names": [APPLICATION, LINE]}).scalar_one():
            raise Conflict(RUNNING)


@contextmanager
def held_still(engine: Engine) -> Iterator[Still]:
    """Until the block ends no Parley starts there, nor any command of it. Raises Conflict where one runs."""
    engine.dispose()  # else what rests in its pool looks like somebody at work
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(f"SET {NAMED}"))
        try:
            if not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": Lock.MOVING}).scalar_one():
                raise Conflict(MOVED_TWICE)
            still = Still(connection)
            still.refuse_company()
            yield still
        finally:
            connection.invalidate()  # with its name and its lock


def refuse_moving(connection: Connection) -> None:
    """Raises Conflict while the database is moved. It only looks: a move that begins just now sees this connection."""
    if connection.execute(text(IS_HELD), {"key": Lock.MOVING}).scalar_one():
        raise Conflict(MOVED)
