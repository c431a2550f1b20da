"""Turns: a few at a time, and nobody is kept for ever."""

import threading

import pytest

from core.ui.turns import Turns
from tests.support.waiting import at_once


def test_so_many_have_a_turn_at_once_and_everybody_gets_one() -> None:
    turns, most = Turns(at_once=2, patience=30), threading.Semaphore(2)
    both = threading.Barrier(2)

    def act(_: int) -> bool:
        with turns.turn():
            is_free = most.acquire(blocking=False)
            both.wait(10)  # so it is not one at a time either
            most.release()
            return is_free

    assert at_once(8, act) == [True] * 8


def test_who_has_waited_too_long_goes_on_without_one_and_gives_none_back() -> None:
    turns = Turns(at_once=1, patience=0.01)
    with turns.turn():
        with turns.turn():
            pass
        with turns.turn():
            pass
    with pytest.raises(LookupError), turns.turn():
        raise LookupError  # the turn is given back all the same
    with turns.turn():
        assert not turns._free.acquire(blocking=False)
    assert turns._free.acquire(blocking=False)
