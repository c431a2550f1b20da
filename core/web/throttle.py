"""How often a sign-in may fail: counted before a password is hashed, which costs a tenth of a second of a core."""

import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from starlette.requests import Request

from core.amounts import counted
from core.errors import TooManyAttempts

PERIOD = 60.0
LONGEST = 15 * PERIOD
"""Seconds: the most that anybody waits, and for how long after a wait the next one is longer."""
MOST_KEYS = 10_000


@dataclass(frozen=True, slots=True)
class Limit:
    """So many failures within a minute, and then a wait of up to `longest` seconds."""

    failures: int
    longest: float = LONGEST


OF_ONE_ADDRESS = Limit(60, longest=PERIOD)
"""Behind one address there may be a whole office: one who tries there doesn't keep it out for long."""
Limits = Mapping[str, Limit]
"""By what fails: an e-mail, an address."""


@dataclass(slots=True)
class Count:
    failures: deque[float] = field(default_factory=deque)
    """When, within the last minute."""
    under_way: int = 0
    waits: int = 0
    """How many there were, one soon after the other: each is twice as long as the one before."""
    until: float = 0.0


class Throttle:
    """In this process. Who fails too often within a minute waits, and longer each time that it comes to that."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._counts: dict[str, Count] = {}

    @contextmanager
    def attempt(self, limits: Limits, failure: type[Exception]) -> Iterator[None]:
        """Around what may fail with this error. What is under way counts as much as what failed: many at once are no
        way round. Raises TooManyAttempts instead of beginning.
        """
        self._check(limits)
        for key in limits:
            self._counts.setdefault(key, Count()).under_way += 1
        try:
            yield
        except failure:
            self._note_failure(limits)
            raise
        finally:
            for key in limits:
                self._counts[key].under_way -= 1
            self._forget()

    def _check(self, limits: Limits) -> None:
        now = self._now()
        for key, limit in limits.items():
            count = self._counts.get(key, Count())
            wait = count.until - now
            if wait > 0 or len(self._recent(count)) + count.under_way >= limit.failures:
                seconds = max(1, math.ceil(wait))
                raise TooManyAttempts(f"Too many attempts. Try again in {counted(seconds, 'second')}.")

    def _note_failure(self, limits: Limits) -> None:
        now = self._now()
        for key, limit in limits.items():
            count = self._counts[key]
            count.failures.append(now)
            if len(self._recent(count)) < limit.failures:
                continue
            count.waits = 1 if self._is_over(count) else count.waits + 1
            count.until = now + min(PERIOD * 2 ** (count.waits - 1), limit.longest)
            count.failures.clear()

    def _recent(self, count: Count) -> deque[float]:
        while count.failures and count.failures[0] <= self._now() - PERIOD:
            count.failures.popleft()
        return count.failures

    def _is_over(self, count: Count) -> bool:
        """Whether its waits are so long ago that they count no more."""
        return count.until + LONGEST <= self._now()

    def _forget(self) -> None:
        if len(self._counts) <= MOST_KEYS:
            return
        self._counts = {
            key: count
            for key, count in self._counts.items()
            if count.under_way or self._recent(count) or (count.waits and not self._is_over(count))
        }


def of_address(request: Request) -> Limits:
    return {f"address {request.client.host if request.client else ''}": OF_ONE_ADDRESS}
