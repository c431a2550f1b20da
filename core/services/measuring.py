"""Parley in numbers, for whoever watches it by machine. They belong to no company and name nobody."""

import threading
import time
from collections.abc import Iterator

from core.database.engine import Database
from core.database.pool import is_full, pool_families
from core.errors import DatabaseUnavailable
from core.repositories.backlog import Backlog, Waiting
from core.telemetry import counted
from core.telemetry.exposition import Family, Kind, Sample, exposition, gauge
from core.telemetry.process import process_families

GOOD_FOR = 5.0
"""Seconds for which one look at the database serves every scrape."""


class Measures:
    def __init__(self, database: Database) -> None:
        self.database = database
        self._looking = threading.Lock()
        self._looked_at: float | None = None
        self._waiting: Waiting | None = None

    def exposition(self) -> str:
        """In Prometheus' text format."""
        return exposition(self._families())

    def _families(self) -> Iterator[Family]:
        yield from counted.families()
        yield from pool_families(self.database.engine.pool)
        yield from process_families()
        waiting = self._look()
        if self._looked_at is not None:
            yield gauge("parley_database_up", "Whether PostgreSQL answered when it was last asked.", bool(waiting))
        if waiting:
            states = [
                Sample("", (("state", "queued"),), waiting.queued),
                Sample("", (("state", "running"),), waiting.running),
            ]
            yield Family("parley_runs", "Answers that wait for a process or are written, of all.", Kind.GAUGE, states)
            yield gauge(
                "parley_queued_questions", "Questions that wait for the answer before them, of all.", waiting.questions
            )

    def _look(self) -> Waiting | None:
        """None while PostgreSQL is away. Where people wait for a connection, it says what it knew."""
        with self._looking:
            is_old = self._looked_at is None or time.monotonic() - self._looked_at >= GOOD_FOR
            if is_old and not is_full(self.database.engine.pool):
                self._waiting = self._counted()
                self._looked_at = time.monotonic()
            return self._waiting

    def _counted(self) -> Waiting | None:
        try:
            with self.database.reading() as session:
                return Backlog(session).get_waiting()
        except DatabaseUnavailable:
            return None
