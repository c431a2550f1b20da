import pytest

from core.errors import TooManyAttempts
from core.web.throttle import PERIOD, Throttle


class Clock:
    def __init__(self) -> None:
        self.time = 1_000.0

    def __call__(self) -> float:
        return self.time


def test_failures_count_for_a_minute_and_for_each_key() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    ada, bob = {"e-mail ada": 2, "address one": 3}, {"e-mail bob": 2, "address one": 3}
    throttle.check(ada)
    throttle.note_failure(ada)
    clock.time += 10
    throttle.note_failure(ada)
    with pytest.raises(TooManyAttempts, match="Try again in 50 seconds"):
        throttle.check(ada)
    throttle.check(bob)
    throttle.note_failure(bob)
    with pytest.raises(TooManyAttempts):  # the address has had its three
        throttle.check({"e-mail carol": 2, "address one": 3})
    clock.time += PERIOD - 10
    throttle.check(ada)


def test_only_what_still_counts_is_kept() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for number in range(10_002):
        throttle.note_failure({f"e-mail {number}": 1})
    clock.time += PERIOD
    throttle.note_failure({"e-mail last": 1})
    assert list(throttle._failures) == ["e-mail last"]
