"""Waiting for what another thread does: a condition with a deadline, never a bare sleep."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

Value = TypeVar("Value")

PATIENCE = 30.0
"""Seconds; far longer than anything waited for takes, so that a slow machine fails no test."""


def until(look: Callable[[], Value], *, patience: float = PATIENCE) -> Value:
    """What `look` returns as soon as that is true. Fails the test after `patience` seconds."""
    deadline = time.monotonic() + patience
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"still {found!r} after {patience:g} s")
        time.sleep(0.01)
    return found


class Following(Generic[Value]):
    """Reads an iterable in a thread of its own; `seen` grows as it goes."""

    def __init__(self, source: Iterable[Value]) -> None:
        self.seen: list[Value] = []
        self._source = source
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            for value in self._source:
                self.seen.append(value)
        except BaseException as error:  # handed over to the test's thread  # noqa: BLE001
            self._error = error

    def to_the_end(self) -> Sequence[Value]:
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), f"not at its end after {PATIENCE:g} s; seen: {self.seen!r}"
        if self._error:
            raise self._error
        return self.seen


def at_once(count: int, act: Callable[[int], Value]) -> list[Value | BaseException]:
    """`act(0)`, `act(1)` … each in a thread, all let go together. What they returned or raised, in that order."""
    ready = threading.Barrier(count)
    outcomes: list[Value | BaseException] = [AssertionError("did not end")] * count

    def run(number: int) -> None:
        ready.wait()
        try:
            outcomes[number] = act(number)
        except BaseException as error:  # it is what the test looks at  # noqa: BLE001
            outcomes[number] = error

    threads = [threading.Thread(target=run, args=[number], daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE * 2)
    return outcomes
