"""The way to PostgreSQL. `transaction()` is the only thing in Parley that commits."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL, Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import ORMExecuteState
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from core.config import Settings
from core.errors import DatabaseUnavailable

IDLE_BEFORE_PING = 1.0
"""Seconds of rest after which a pooled connection is tried before it is used."""

# What PostgreSQL says when it is gone, going, coming or full up: the connection's class, and "cannot connect now"; and
# what it says when it gave up on a statement that took or waited too long: the same may well work in a moment.
GONE = ("08", "57P0", "53300", "57014", "55P03", "40P01")


class ReadingSession(Session):
    """A session that refuses to write: it has no transaction that could be rolled back."""


@event.listens_for(ReadingSession, "before_flush")
def _refuse_flush(*_: object) -> None:
    raise RuntimeError("writing belongs into transaction(), not reading()")


@event.listens_for(ReadingSession, "do_orm_execute")
def _refuse_writes(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        _refuse_flush()


class Database:
    """Sessions on one PostgreSQL. Give it an Engine, or in tests one Connection whose transaction is rolled back."""

    def __init__(self, bind: Engine | Connection) -> None:
        self.bind = bind
        # Looking needs no BEGIN and no ROLLBACK: each statement sees what is committed when it starts, as it would.
        self._reading = bind.execution_options(isolation_level="AUTOCOMMIT") if isinstance(bind, Engine) else bind

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One intention: commits when the block ends, rolls back on anything that leaves it, `st.stop` included.

        Raises DatabaseUnavailable when PostgreSQL cannot be reached.
        """
        with self._opened(Session, self.bind) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """For looking only: an attempt to write raises RuntimeError."""
        with self._opened(ReadingSession, self._reading) as session:
            yield session

    @contextmanager
    def _opened(self, kind: type[Session], bind: Engine | Connection) -> Iterator[Session]:
        try:
            with kind(bind, expire_on_commit=False, join_transaction_mode="create_savepoint") as session:
                yield session
        except PoolTimeout as error:
            raise DatabaseUnavailable from error
        except DBAPIError as error:
            if is_gone(error):
                raise DatabaseUnavailable from error
            raise

    def check(self) -> None:
        """Raises DatabaseUnavailable unless a migrated PostgreSQL answers."""
        with self.reading() as session:
            session.execute(text("SELECT 1 FROM alembic_version"))

    @property
    def engine(self) -> Engine:
        return self.bind.engine

    def dispose(self) -> None:
        self.engine.dispose()


def is_gone(error: DBAPIError) -> bool:
    """True when the statement failed because PostgreSQL is away, not because of the statement."""
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        return error.connection_invalidated or isinstance(error, OperationalError)
    return str(state).startswith(GONE)


def postgres_url(text: str) -> URL:
    """The address in the form the driver wants: `postgres://` and `postgresql://` mean psycopg here."""
    url = make_url(text)
    return url.set(drivername="postgresql+psycopg")


def connect(settings: Settings, url: URL) -> Database:
    """A pooled Database. Nothing is contacted yet."""
    engine = create_engine(
        url,
        pool_size=settings.database_pool_size,
        max_overflow=settings.database_max_overflow,
        pool_timeout=10,
        hide_parameters=True,  # what people wrote has no place in an error that may be logged
        connect_args={
            "connect_timeout": settings.database_connect_timeout,
            "application_name": "parley",
            "options": f"-c timezone=UTC -c statement_timeout={settings.database_statement_timeout * 1000}"
            " -c idle_in_transaction_session_timeout=60000",
        },
    )
    event.listen(engine, "checkin", _note_return)
    event.listen(engine, "checkout", _ping_if_rested)
    return Database(engine)


def _note_return(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    record.info["returned_at"] = time.monotonic()


def _ping_if_rested(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
    """A connection that was just used is there; one that rested may be lost. Asking each time costs a round trip."""
    if time.monotonic() - record.info.get("returned_at", math.inf) < IDLE_BEFORE_PING:
        return
    try:
        cursor = connection.cursor()
        cursor.execute("SELECT 1")
        cursor.close()
        connection.rollback()
    except Exception as error:
        raise DisconnectionError from error  # the pool drops it and opens another
