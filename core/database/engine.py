"""The way to PostgreSQL. `transaction()` is the only thing in Parley that commits."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import ORMExecuteState
from sqlmodel import Session

from core import clock
from core.config import Settings
from core.database.pool import CountedPool
from core.database.watchdog import watch
from core.errors import DatabaseUnavailable, Misconfigured

log = logging.getLogger(__name__)

BEYOND_STATEMENT_TIMEOUT = 5.0
"""Seconds that PostgreSQL gets, after its own time-out, to say so."""

# What PostgreSQL says when it is gone, going, coming or full up: the connection's class, and "cannot connect now".
GONE = ("08", "57P0", "53300")
# What it says when it gave up on a statement that took or waited too long, or on a replica stood in the way of what
# comes from the original: the same may well work in a moment.
GAVE_UP = ("57014", "55P03", "40P01", "40001")
POOLED: dict[str, object] = {"prepare_threshold": None}
"""Behind a pooler the next statement may meet a session that knows nothing of what was prepared, or set."""
SECRETS = frozenset({"password", "sslpassword", "scram_client_key", "scram_server_key", "oauth_client_secret"})
"""Parts of an address that nobody else may see."""
APPLICATION = "parley"
"""What each connection is called, whatever its address says."""
COPYING = "parley-copy"
"""The same of those that only carry everything elsewhere."""
LONGEST_STATEMENT = 300
"""Characters of one that are logged."""


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
        self._snapshot = bind.execution_options(isolation_level="REPEATABLE READ") if isinstance(bind, Engine) else bind

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
    def snapshot(self) -> Iterator[Session]:
        """The same, for several statements that are to see one and the same moment."""
        with self._opened(ReadingSession, self._snapshot) as session:
            yield session

    def as_of(self, _session: Session) -> datetime:
        """The moment up to which everything is seen by that session, which looks just now."""
        return clock.now()

    @contextmanager
    def _opened(self, kind: type[Session], bind: Engine | Connection) -> Iterator[Session]:
        try:
            with kind(bind, expire_on_commit=False, join_transaction_mode="create_savepoint") as session:
                yield session
        except PoolTimeout as error:
            log.error("no_connection_free")
            raise DatabaseUnavailable from error
        except DBAPIError as error:
            if not is_gone(error):
                raise
            if not error.connection_invalidated and (state := _state(error)) in GAVE_UP:
                statement = " ".join((error.statement or "").split())[:LONGEST_STATEMENT]
                log.error("statement_given_up state=%s statement=%s", state, statement)
            raise DatabaseUnavailable from error

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
    """True when the statement failed because PostgreSQL is away or too busy, not because of the statement."""
    if error.connection_invalidated:
        return True
    state = _state(error)
    return isinstance(error, OperationalError) if state is None else state.startswith((*GONE, *GAVE_UP))


def constraint_of(error: DBAPIError) -> str | None:
    """The name of what a row has broken; None where the server names none."""
    return getattr(getattr(error.orig, "diag", None), "constraint_name", None)


def _state(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def postgres_url(text: str) -> URL:
    """The address in the form the driver wants: `postgres://` and `postgresql://` mean psycopg here."""
    url = make_url(text)
    return url.set(drivername="postgresql+psycopg")


def shown(url: URL) -> str:
    """The same for an operator to read: without what is secret in it, before the host or behind the `?`."""
    return url.difference_update_query(SECRETS).set(drivername="postgresql").render_as_string(hide_password=True)


def events_url(settings: Settings, database: Database) -> URL:
    """Where LISTEN works: past the pooler if there is one."""
    listen = settings.listen_database_url
    return postgres_url(listen.get_secret_value()) if listen else database.engine.url


def session_options(settings: Settings) -> str:
    """What each of our sessions is told. Compiling a statement takes longer than any of ours."""
    return (
        f"-c timezone=UTC -c jit=off -c statement_timeout={settings.database_statement_timeout * 1000}"
        " -c idle_in_transaction_session_timeout=60000"
    )


def connect(settings: Settings, url: URL) -> Database:
    """A pooled Database. Nothing is contacted yet."""
    engine = create_engine(
        url,
        poolclass=CountedPool,
        pool_size=settings.database_pool_size,
        max_overflow=settings.database_max_overflow,
        pool_timeout=10,
        hide_parameters=True,  # what people wrote has no place in an error that may be logged
        connect_args={
            "connect_timeout": settings.database_connect_timeout,
            "application_name": APPLICATION,
            **(POOLED if settings.is_pooled else {"options": session_options(settings)}),
        },
    )
    watch(
        engine,
        patience=settings.database_statement_timeout + BEYOND_STATEMENT_TIMEOUT,
        ping_patience=settings.database_connect_timeout,
    )
    return Database(engine)


def refuse_other_zones(engine: Engine) -> None:
    """Behind a pooler a session's settings are the role's. Raises Misconfigured unless those were made, and
    DatabaseUnavailable.
    """
    database = Database(engine)
    with database.reading() as session:
        zone, role, name = session.execute(
            text("SELECT current_setting('TimeZone'), current_user, current_database()")
        ).one()
    if zone not in ("UTC", "Etc/UTC"):
        raise Misconfigured(
            f"Behind a pooler PostgreSQL has to be told for good what each session needs: ALTER ROLE {role} IN DATABASE"
            f" {name} SET timezone = 'UTC', then RECONNECT on the pooler. See docs/operations.md for the others."
        )
