"""An answer in the making, as this process holds it: written by the runner, watched from page threads."""

import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Snapshot:
    text: str
    is_over: bool


class LiveAnswer:
    """Thread-safe. `append` and `close` are the runner's, `wait_beyond` is any number of viewers'."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._parts: list[str] = []
        self._length = 0
        self._is_over = False

    def append(self, delta: str) -> None:
        with self._changed:
            self._parts.append(delta)
            self._length += len(delta)
            self._changed.notify_all()

    def since(self, length: int) -> str:
        """What there is behind the first `length` characters."""
        return self.snapshot().text[length:]

    def close(self) -> None:
        """The end is kept in the database; viewers read it there."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def wait_beyond(self, length: int, timeout: float) -> Snapshot:
        """Returns as soon as there is more text than `length`, or the end, or `timeout` seconds passed."""
        with self._changed:
            self._changed.wait_for(lambda: self._length > length or self._is_over, timeout)
            return self._snapshot()

    def snapshot(self) -> Snapshot:
        with self._changed:
            return self._snapshot()

    def _snapshot(self) -> Snapshot:
        self._parts = ["".join(self._parts)]
        return Snapshot(self._parts[0], self._is_over)
