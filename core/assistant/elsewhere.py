"""Answers that other processes write, as many viewers here look at them: read once for all of them."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from core.assistant.live import Snapshot

FRESH = 0.2
"""Seconds for which what was read is good enough: another process keeps its text every 250 ms."""
FORGOTTEN_AFTER = 60.0


@dataclass(slots=True)
class _Known:
    snapshot: Snapshot = field(default_factory=lambda: Snapshot("", is_over=False))
    read_at: float = field(default_factory=lambda: time.monotonic() - FRESH)
    reading: threading.Lock = field(default_factory=threading.Lock)


class Elsewhere:
    def __init__(self, read: Callable[[UUID, str], Snapshot]) -> None:
        """`read` gives the answer of a run, of which the text given is known already."""
        self._read = read
        self._changing = threading.Lock()
        self._known: dict[UUID, _Known] = {}

    def glance(self, run_id: UUID) -> Snapshot:
        with self._changing:
            known = self._known.get(run_id) or self._remember(run_id)
        with known.reading:  # whoever comes meanwhile gets what the first one reads
            if not known.snapshot.is_over and time.monotonic() - known.read_at >= FRESH:
                known.snapshot = self._read(run_id, known.snapshot.text)
                known.read_at = time.monotonic()
        return known.snapshot

    def _remember(self, run_id: UUID) -> _Known:
        old = time.monotonic() - FORGOTTEN_AFTER
        for forgotten in [id_ for id_, known in self._known.items() if known.read_at < old]:
            del self._known[forgotten]
        self._known[run_id] = _Known()
        return self._known[run_id]
