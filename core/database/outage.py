"""What one process knows about PostgreSQL being away: said once, and tried by one caller at a time."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

log = logging.getLogger(__name__)

TURN = 0.5
"""Seconds to wait for the caller that tries: where PostgreSQL refuses, or is back, that is known in milliseconds."""


class Outage:
    """From the first lost connection to the next that opens.

    Against a server that says nothing every try takes the whole connect time-out. If each waiting page and request
    took that long, threads would run out; so one tries, and the others fail at once.
    """

    def __init__(self) -> None:
        self._began: float | None = None
        self._was_there = False
        self._changing = threading.Lock()
        self._trying = threading.Lock()

    @property
    def is_on(self) -> bool:
        return self._began is not None

    def begin(self, cause: BaseException) -> None:
        with self._changing:
            if self._began is None:
                self._began = time.monotonic()
                if self._was_there:  # else whoever opens the database says why it can't
                    log.error("database_lost cause=%s", " ".join(str(cause).split()))

    def end(self) -> None:
        with self._changing:
            if self._began is not None and self._was_there:
                log.warning("database_back seconds=%.1f", time.monotonic() - self._began)
            self._began, self._was_there = None, True

    @contextmanager
    def connecting(self) -> Iterator[None]:
        """Around opening a connection. Raises psycopg.OperationalError when another caller tries in vain just now."""
        takes_turns = self.is_on
        if takes_turns and not self._trying.acquire(timeout=TURN):
            raise psycopg.OperationalError("PostgreSQL is away, and another caller is trying it")
        try:
            yield
        except psycopg.Error as error:
            self.begin(error)
            raise
        else:
            self.end()
        finally:
            if takes_turns:
                self._trying.release()
