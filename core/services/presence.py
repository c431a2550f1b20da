"""Who is here: has a room open in a window that is looked at."""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from core import clock
from core.database.engine import Database
from core.errors import DatabaseUnavailable
from core.repositories.presence import Pair, Presences

BEAT_EVERY = 15.0
"""Seconds between two signs of life of a process."""
SILENT_AFTER = timedelta(seconds=45)
"""A process without one for that long is dead, and nobody is here through it."""
LINGER = 2.0
"""Seconds for which somebody stays here after closing the last window: a reload is no leaving."""
NAMED = 10


@dataclass(frozen=True, slots=True)
class Here:
    """Who has a room open."""

    count: int
    names: tuple[str, ...]
    """Of the first ten."""


NOBODY = Here(0, ())


class PresenceService:
    """Those of this process are kept in memory; `settle` has the database say the same, for all processes to read."""

    def __init__(self, database: Database, process_id: UUID, changed: Callable[[UUID], None]) -> None:
        """`changed` is told the conversations that somebody came to or left."""
        self.database = database
        self.process_id = process_id
        self.changed = changed
        self._changing = threading.Lock()
        self._windows: Counter[Pair] = Counter()
        self._closed_at: dict[Pair, float] = {}
        self._written: set[Pair] = set()

    def enter(self, conversation_id: UUID, user_id: UUID) -> None:
        """A window more. Nothing is written before `settle`."""
        with self._changing:
            self._windows[conversation_id, user_id] += 1
            self._closed_at.pop((conversation_id, user_id), None)

    def leave(self, conversation_id: UUID, user_id: UUID) -> None:
        """A window less."""
        pair = conversation_id, user_id
        with self._changing:
            self._windows[pair] -= 1
            if self._windows[pair] <= 0:
                del self._windows[pair]
                self._closed_at[pair] = time.monotonic()

    @property
    def due_at(self) -> float | None:
        """When `settle` has something to do, in monotonic seconds; None when it has nothing."""
        with self._changing:
            if self._windows.keys() - self._written:
                return 0.0
            lingering = [at for pair, at in self._closed_at.items() if pair in self._written]
            return min(lingering) + LINGER if lingering else None

    def settle(self) -> None:
        """Writes who came, and who left a while ago. Raises DatabaseUnavailable; then it stays due."""
        here, written = self._here()
        coming, going = here - written, written - here
        if not coming and not going:
            return
        with self.database.transaction() as session:
            presences = Presences(session)
            if coming:
                presences.sign_on(self.process_id, clock.now())
                presences.add(self.process_id, coming)
            if going:
                presences.remove(self.process_id, going)
        with self._changing:
            self._written = here
        self._tell(conversation_id for conversation_id, _ in coming | going)

    def _here(self) -> tuple[set[Pair], set[Pair]]:
        """Who should be written, and who is."""
        gone_before = time.monotonic() - LINGER
        with self._changing:
            self._closed_at = {pair: at for pair, at in self._closed_at.items() if at > gone_before}
            lingering = self._closed_at.keys() & self._written
            return set(self._windows) | lingering, self._written

    def beat(self) -> None:
        """Every 15 seconds: this process lives, and what dead ones left goes. Raises DatabaseUnavailable."""
        now = clock.now()
        with self.database.transaction() as session:
            is_known = Presences(session).beat(self.process_id, now)
            left = Presences(session).remove_silent(_silent(now))
        if not is_known:
            with self._changing:
                self._written = set()
            self.settle()
        self._tell(left)

    def who(self, conversation_ids: Collection[UUID]) -> dict[UUID, Here]:
        """Who is here in each of these rooms, whichever process they are at."""
        names: dict[UUID, list[str]] = defaultdict(list)
        with self.database.reading() as session:
            for conversation_id, name in Presences(session).list_names(conversation_ids, _silent(clock.now())):
                names[conversation_id].append(name)
        return {
            id_: Here(len(names[id_]), tuple(names[id_][:NAMED])) if id_ in names else NOBODY
            for id_ in conversation_ids
        }

    def stop(self) -> None:
        """Nobody is here through this process any more. With PostgreSQL away, others find that out by themselves."""
        with self._changing:
            written, self._written = self._written, set()
            self._windows.clear()
        if not written:
            return
        try:
            with self.database.transaction() as session:
                Presences(session).sign_off(self.process_id)
        except DatabaseUnavailable:
            return
        self._tell(conversation_id for conversation_id, _ in written)

    def _tell(self, conversation_ids: Iterable[UUID]) -> None:
        for conversation_id in set(conversation_ids):
            self.changed(conversation_id)


def _silent(now: datetime) -> datetime:
    return now - SILENT_AFTER
