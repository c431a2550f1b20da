"""Turns for what all open pages of a room do at the same moment, because somebody said something there.

Fifty at once take each other's processor away and are all done at the end; a few at a time, the first are done at once,
and the last no later.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 2
PATIENCE = 2.0
"""Seconds; then it goes on without a turn: whoever has one may be waiting for a PostgreSQL that does not answer."""


class Turns:
    def __init__(self, at_once: int = AT_ONCE, patience: float = PATIENCE) -> None:
        self._free = threading.BoundedSemaphore(at_once)
        self._patience = patience

    @contextmanager
    def turn(self) -> Iterator[None]:
        has_turn = self._free.acquire(timeout=self._patience)
        try:
            yield
        finally:
            if has_turn:
                self._free.release()


READING = Turns()
"""For reading what is new in an open room, by all pages of this process."""
