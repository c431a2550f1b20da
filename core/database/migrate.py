"""Bringing a database to the newest schema, safely when several processes start at once."""

import logging
import time
from functools import cache

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from core.config import ROOT
from core.database.engine import Database, is_gone, shown
from core.database.moving import refuse_moving
from core.database.watchdog import unhurried
from core.errors import DatabaseUnavailable, Misconfigured
from core.locks import Lock

log = logging.getLogger(__name__)

ASK_AGAIN = 0.1
"""Seconds between two looks whether it is one's turn."""
MIN_SERVER = 150_000
LOCK_NOT_AVAILABLE, DEADLOCK = "55P03", "40P01"
LOCK_ATTEMPTS = 5
LOCK_PAUSE = 1.0
"""Seconds between two attempts, for those who had to queue behind the last one."""
LOCKED = (
    "The database could not be migrated: somebody else holds a table for longer than a migration waits, so that people"
    " need not queue behind it. What was migrated is whole. End what holds it, like a report or a psql in a"
    " transaction, and start Parley again."
)


def alembic_config(connection: Connection | None = None) -> Config:
    config = Config(ROOT / "alembic.ini")
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["connection"] = connection
    return config


def migrate(engine: Engine, revision: str = "head") -> None:
    """Upgrades to `revision`. One process does it, the others wait and find it done.

    Raises DatabaseUnavailable when the server cannot be reached, Misconfigured when it is too old or its schema
    is newer than this code, Conflict while it is moved elsewhere.
    """
    try:
        with engine.connect() as connection, unhurried(connection):
            refuse_old_server(connection)
            connection.execute(text("SET statement_timeout = 0"))
            _wait_for_turn(connection)
            try:
                refuse_moving(connection)
                if current_revision(connection) != head_revision():
                    _refuse_newer_schema(connection)
                    # Looking has begun a transaction: inside one of ours Alembic would begin none for each migration.
                    connection.commit()
                    _upgrade(connection, revision)
            finally:
                connection.rollback()
                connection.execute(text("RESET statement_timeout"))
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": Lock.MIGRATION})
                connection.commit()
    except DBAPIError as error:
        if _is_locked(error):
            raise Misconfigured(LOCKED) from error
        if is_gone(error):
            raise DatabaseUnavailable(_cannot_connect(engine, error)) from error
        raise Misconfigured(f"The database could not be migrated: {first_line(error)}") from error


def _upgrade(connection: Connection, revision: str) -> None:
    """A lock that is not to be had within a migration's lock_timeout is tried for again. Each migration is a
    transaction of its own: those that are done stay done.
    """
    for attempt in range(1, LOCK_ATTEMPTS + 1):
        try:
            command.upgrade(alembic_config(connection), revision)
            connection.commit()
        except DBAPIError as error:
            connection.rollback()
            if not _is_locked(error) or attempt == LOCK_ATTEMPTS:
                raise
            log.warning("migration_waits attempt=%d", attempt)
            time.sleep(LOCK_PAUSE)
        else:
            return


def _is_locked(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) in (LOCK_NOT_AVAILABLE, DEADLOCK)


def _wait_for_turn(connection: Connection) -> None:
    """Asks again and again instead of waiting inside a statement: an index that is built beside writers waits for
    everybody who is in one, and with the lock that would be a deadlock.
    """
    while not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": Lock.MIGRATION}).scalar_one():
        connection.commit()
        time.sleep(ASK_AGAIN)
    connection.commit()


def is_behind(database: Database) -> bool:
    """Whether the database lacks migrations that this code knows; one that a newer Parley has migrated does not.

    Raises DatabaseUnavailable.
    """
    with database.reading() as session:
        found = session.execute(text("SELECT version_num FROM alembic_version")).scalars().one_or_none()
    earlier, head = _known_revisions()
    return found is None or (found != head and found in earlier)


@cache
def _known_revisions() -> tuple[frozenset[str], str | None]:
    scripts = ScriptDirectory.from_config(alembic_config())
    return frozenset(script.revision for script in scripts.walk_revisions()), scripts.get_current_head()


def is_known_revision(revision: str) -> bool:
    """Whether this code knows that migration: else a newer one made it."""
    return revision in _known_revisions()[0]


def current_revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def head_revision() -> str | None:
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def refuse_old_server(connection: Connection) -> None:
    version = connection.exec_driver_sql("SHOW server_version_num").scalar_one()
    if int(version) < MIN_SERVER:
        raise Misconfigured(f"PostgreSQL 15 or newer is needed; the server says {version}.")


def _refuse_newer_schema(connection: Connection) -> None:
    current = current_revision(connection)
    if current and not is_known_revision(current):
        raise Misconfigured(
            f"The database was migrated by a newer Parley (revision {current}). "
            "Start that version, or restore a backup."
        )


def _cannot_connect(engine: Engine, error: DBAPIError) -> str:
    where, why = shown(engine.url), first_line(error)
    return f"Parley can't reach its database at {where}: {why}. Check DATABASE_URL and that it runs."


def first_line(error: DBAPIError) -> str:
    """What PostgreSQL said, as the end of a sentence."""
    return (str(error.orig).strip().splitlines() or ["no answer"])[0].rstrip(".")
