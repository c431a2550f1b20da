"""How often a sign-in may fail: counted before a password is hashed, which costs a tenth of a second of a core."""

import math
import time
from collections import deque
from collections.abc import Callable, Mapping

from core.errors import TooManyAttempts

PERIOD = 60.0
MOST_KEYS = 10_000


class Throttle:
    """A sliding window of failures for each key, in this process. A key is what fails: an e-mail, an address."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._failures: dict[str, deque[float]] = {}

    def check(self, limits: Mapping[str, int]) -> None:
        """Raises TooManyAttempts if any of the keys had as many failures within a minute as its limit."""
        for key, limit in limits.items():
            failures = self._recent(key)
            if len(failures) >= limit:
                seconds = math.ceil(failures[0] + PERIOD - self._now())
                raise TooManyAttempts(f"Too many attempts. Try again in {seconds} seconds.")

    def note_failure(self, keys: Mapping[str, int]) -> None:
        if len(self._failures) > MOST_KEYS:
            self._failures = {key: recent for key in self._failures if (recent := self._recent(key))}
        for key in keys:
            self._failures.setdefault(key, deque()).append(self._now())

    def _recent(self, key: str) -> deque[float]:
        failures = self._failures.get(key, deque())
        while failures and failures[0] <= self._now() - PERIOD:
            failures.popleft()
        return failures
