"""A copy that PostgreSQL keeps up to date, for looking at much at once; behind it the original, for when it is away."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from core import clock
from core.config import Settings
from core.database.engine import Database, connect, postgres_url
from core.errors import DatabaseUnavailable

log = logging.getLogger(__name__)

MOST_BEHIND = timedelta(minutes=5)
"""More than that, and the original is asked."""
LOOK_AGAIN = 30.0
"""Seconds until a copy that was away, too far behind or none any more is tried again."""
# A copy that has replayed all it got, and gets more, is up to date, however long ago anybody wrote something. One that
# was promoted goes its own way: to itself it is always up to date.
STATE = """
    SELECT pg_is_in_recovery(), CASE WHEN NOT pg_is_in_recovery() THEN clock_timestamp()
        WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() AND EXISTS (SELECT FROM pg_stat_wal_receiver
            WHERE pid IS NOT NULL) THEN clock_timestamp()
        ELSE pg_last_xact_replay_timestamp() END
"""


class State(NamedTuple):
    is_copy: bool
    """False for a server that takes writes of its own."""
    replayed: datetime | None
    """The moment up to which it knows everything; None when it knows nothing of that."""


class Replica(Database):
    """Reads from the copy while that will do, else from the original; writes to the original alone."""

    def __init__(self, copy: Database, original: Database) -> None:
        super().__init__(copy.bind)
        self.original = original
        self._unfit_until = 0.0

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        with self.original.transaction() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with super().reading() if self._is_fit() else self.original.reading() as session:
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        with super().snapshot() if self._is_fit() else self.original.snapshot() as session:
            yield session

    def as_of(self, session: Session) -> datetime:
        return _state(session).replayed or clock.now()

    def _is_fit(self) -> bool:
        if time.monotonic() < self._unfit_until:
            return False
        try:
            with super().reading() as session:
                state = _state(session)
        except DatabaseUnavailable:
            return self._rest("away")
        if not state.is_copy:
            return self._rest("no_replica")
        if state.replayed is None or clock.now() - state.replayed > MOST_BEHIND:
            return self._rest("behind")
        return True

    def _rest(self, cause: str) -> bool:
        log.warning("replica_not_used cause=%s", cause)
        self._unfit_until = time.monotonic() + LOOK_AGAIN
        return False


def replica_of(settings: Settings, database: Database) -> Database:
    """Where sums are read: the replica of the settings, or without one the database itself."""
    if settings.analytics_database_url is None:
        return database
    there = settings.model_copy(update={"listen_database_url": None})
    return Replica(connect(there, postgres_url(settings.analytics_database_url.get_secret_value())), database)


def _state(session: Session) -> State:
    is_copy, found = session.execute(text(STATE)).one()
    return State(is_copy, min(found, clock.now()) if found else None)
