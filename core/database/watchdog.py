"""No connection waits for ever, and none is handed out that has ended.

PostgreSQL's time-outs need a PostgreSQL that runs, and keepalives are answered by its kernel: against a server that is
stopped, or a network that drops packets in the middle of a statement, only a clock on this side helps.
"""

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, cast

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.errors import _WaitTimeout as WaitTimeout
from psycopg.rows import TupleRow
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect, ExceptionContext
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

from core.database.outage import Outage

IDLE_BEFORE_PING = 1.0
"""Seconds of rest after which a pooled connection is tried before it is used."""
LOOK_EVERY = 0.1
"""Seconds between two looks at signals while psycopg waits; its own default."""


class WatchedConnection(psycopg.Connection[TupleRow]):
    """Each exchange with the server, COMMIT and ROLLBACK too, has to be over within `patience`."""

    patience: float | None = None
    """Seconds; None waits for ever."""

    def wait(self, gen: PQGen[RV], interval: float = LOOK_EVERY, timeout: float | None = None) -> RV:
        """Everything psycopg asks of the server goes through here.

        Raises OperationalError and is closed when the server took too long; whether it did what it was asked to, nobody
        can know then.
        """
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.patience)
        except WaitTimeout:
            self.pgconn.finish()
            raise psycopg.OperationalError(f"no answer from the server within {self.patience:g} s") from None

    @contextmanager
    def waiting_up_to(self, seconds: float | None) -> Iterator[None]:
        """Another patience for what is asked meanwhile."""
        usual, self.patience = self.patience, seconds
        try:
            yield
        finally:
            self.patience = usual

    def ping(self, patience: float) -> None:
        """One round trip. Raises psycopg.Error unless the server answers within `patience` seconds."""
        with self.waiting_up_to(patience):
            self.autocommit = True  # else it would be three: BEGIN and ROLLBACK as well
            self.execute("")
            self.autocommit = False

    @property
    def is_spoken_to(self) -> bool:
        """True when an idle connection has something to read: most likely that the server hung up. Asks nobody."""
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN)
        return bool(poll.poll(0))


@contextmanager
def unhurried(connection: Connection) -> Iterator[None]:
    """For statements that may take any time, as migrations do; PostgreSQL's own time-out is the caller's to lift."""
    driver = connection.connection.driver_connection
    with driver.waiting_up_to(None) if isinstance(driver, WatchedConnection) else nullcontext():
        yield


def watch(engine: Engine, *, patience: float, ping_patience: float) -> None:
    """Has the engine open watched connections, and try each that may have ended before somebody gets it.

    Both in seconds: for what is asked of the server, and for the question whether it is there.
    """
    outage = Outage()

    def open_connection(
        _dialect: Dialect, _record: ConnectionPoolEntry, args: tuple[str, ...], options: dict[str, Any]
    ) -> WatchedConnection:
        with outage.connecting():
            connection = WatchedConnection.connect(*args, **options)
        connection.patience = patience
        return connection

    def note_loss(context: ExceptionContext) -> None:
        if context.is_disconnect:
            outage.begin(context.original_exception)

    def note_return(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info["returned_at"] = time.monotonic()

    def try_if_doubtful(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
        """Asking each time would cost a round trip; to look whether the server hung up costs two microseconds."""
        returned_at = record.info.get("returned_at")
        if returned_at is None:  # opened just now
            return
        watched = cast(WatchedConnection, connection)
        try:
            if time.monotonic() - returned_at >= IDLE_BEFORE_PING or watched.is_spoken_to:
                watched.ping(ping_patience)
        except psycopg.Error as error:
            raise InvalidatePoolError from error  # what ended this one most likely ended all: each is opened anew

    event.listen(engine, "do_connect", open_connection)
    event.listen(engine, "handle_error", note_loss)
    event.listen(engine, "checkin", note_return)
    event.listen(engine, "checkout", try_if_doubtful)
