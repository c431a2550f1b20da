from typing import Any
from uuid import UUID

import pytest

from core.assistant.live import Snapshot
from core.ids import new_id
from core.web import growth
from core.web.growth import OFTEN, SELDOM, Growth


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


class Application:
    def __init__(self) -> None:
        self.text = ""
        self.runner = self

    def glance(self, run_id: UUID) -> Snapshot:
        return Snapshot(self.text, is_over=False)


@pytest.mark.parametrize(("viewers", "pause"), [(1, OFTEN), (10, OFTEN), (25, 0.5), (50, SELDOM), (500, SELDOM)])
def test_the_more_watch_the_less_often_each_is_told(
    viewers: int, pause: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, application, room, run = Clock(), Application(), new_id(), new_id()
    monkeypatch.setattr(growth, "time", clock)
    growing = Growth(application)  # type: ignore[arg-type]
    growing.follow(room, run)
    told: list[Any] = []
    for tick in range(1_000):  # of a hundredth of a second
        clock.now = 100 + tick / 100
        application.text += "word "
        told += growing.look({room: viewers}).values()
    assert len(told) == pytest.approx(10 / pause, rel=0.1)
    assert {one for one, _ in told} == {run}


def test_it_follows_one_run_a_room_until_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, application, room = Clock(), Application(), new_id()
    monkeypatch.setattr(growth, "time", clock)
    first, second = new_id(), new_id()
    growing = Growth(application)  # type: ignore[arg-type]
    assert growing.due_at == float("inf")
    growing.follow(room, first)
    application.text = "It is"
    assert growing.look({room: 1}) == {room: (first, 5)}
    clock.now += 1
    assert growing.look({room: 1}) == {}  # no longer than before
    growing.follow(room, first)
    assert growing.look({room: 1}) == {}
    growing.follow(room, second)
    assert growing.look({room: 1}) == {room: (second, 5)}
    assert growing.due_at < float("inf")
    growing.look({})
    assert growing.due_at == float("inf")
    growing.follow(room, second)
    growing.follow(room, None)
    assert growing.due_at == float("inf")
