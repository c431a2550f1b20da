from contextlib import ExitStack

import pytest

from core.errors import StaleForm, TooManyAttempts, WrongCredentials
from core.web.throttle import LONGEST, PERIOD, Limit, Limits, Throttle

ADA: Limits = {"e-mail ada": Limit(2), "address one": Limit(3)}


class Clock:
    def __init__(self) -> None:
        self.time = 1_000.0

    def __call__(self) -> float:
        return self.time


def fail(throttle: Throttle, limits: Limits) -> None:
    with pytest.raises(WrongCredentials), throttle.attempt(limits, WrongCredentials):
        raise WrongCredentials


def succeed(throttle: Throttle, limits: Limits) -> None:
    with throttle.attempt(limits, WrongCredentials):
        pass


def test_failures_count_for_a_minute_and_for_each_key() -> None:
    clock = Clock()
    throttle, bob = Throttle(clock), {"e-mail bob": Limit(2), "address one": Limit(3)}
    fail(throttle, ADA)
    clock.time += PERIOD
    fail(throttle, ADA)  # the one before counts no more
    succeed(throttle, ADA)
    clock.time += 10
    fail(throttle, ADA)
    with pytest.raises(TooManyAttempts, match="Try again in 60 seconds"):
        succeed(throttle, ADA)
    fail(throttle, bob)
    with pytest.raises(TooManyAttempts):  # the address has had its three
        succeed(throttle, {"e-mail carol": Limit(2), "address one": Limit(3)})
    clock.time += PERIOD
    succeed(throttle, ADA)


def test_each_wait_is_longer_than_the_one_before_until_there_was_peace() -> None:
    clock, waits = Clock(), list[float]()
    throttle, limits = Throttle(clock), {"e-mail ada": Limit(2)}
    for _ in range(6):
        fail(throttle, limits)
        fail(throttle, limits)
        began = clock.time
        while True:
            try:
                succeed(throttle, limits)
                break
            except TooManyAttempts:
                clock.time += 1
        waits.append(clock.time - began)
    assert waits == [60, 120, 240, 480, LONGEST, LONGEST]
    clock.time += LONGEST
    fail(throttle, limits)
    fail(throttle, limits)
    with pytest.raises(TooManyAttempts, match="in 60 seconds"):
        succeed(throttle, limits)


def test_what_many_share_waits_no_longer_each_time() -> None:
    clock = Clock()
    throttle, office = Throttle(clock), {"address one": Limit(1, longest=PERIOD)}
    for _ in range(4):
        fail(throttle, office)
        with pytest.raises(TooManyAttempts, match="in 60 seconds"):
            succeed(throttle, office)
        clock.time += PERIOD
    succeed(throttle, office)


def test_many_at_once_are_no_way_round() -> None:
    throttle = Throttle(Clock())
    with ExitStack() as under_way:
        for _ in range(2):
            under_way.enter_context(throttle.attempt(ADA, WrongCredentials))
        with pytest.raises(TooManyAttempts, match=r"in 1 second\."):
            succeed(throttle, ADA)
    for _ in range(5):  # they came to a good end, and count no more
        succeed(throttle, ADA)
    for _ in range(5):  # nor does what says nothing of the password
        with pytest.raises(StaleForm), throttle.attempt(ADA, WrongCredentials):
            raise StaleForm


def test_only_what_still_counts_is_kept() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for number in range(10_002):
        fail(throttle, {f"e-mail {number}": Limit(2)})
    clock.time += PERIOD
    fail(throttle, {"e-mail last": Limit(2)})
    assert list(throttle._counts) == ["e-mail last"]
