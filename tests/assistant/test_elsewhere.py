"""Answers of other processes, looked at by many here."""

import threading
from uuid import UUID

import pytest

from core.assistant import elsewhere
from core.assistant.elsewhere import Elsewhere
from core.assistant.live import Snapshot
from core.ids import new_id
from tests.support.waiting import at_once


class Database:
    def __init__(self) -> None:
        self.text, self.is_over, self.reads = "", False, 0
        self.known: list[str] = []

    def read(self, run_id: UUID, known: str) -> Snapshot:
        self.reads += 1
        self.known.append(known)
        return Snapshot(self.text, self.is_over)


def test_many_viewers_cost_one_read_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    database, run = Database(), new_id()
    answers = Elsewhere(database.read)
    database.text = "It is"
    assert at_once(20, lambda _: answers.glance(run)) == [Snapshot("It is", is_over=False)] * 20
    assert database.reads == 1
    database.text = "It is nine."
    assert answers.glance(run).text == "It is"
    monkeypatch.setattr(elsewhere, "FRESH", 0.0)
    assert answers.glance(run).text == "It is nine."
    assert database.known == ["", "It is"]  # what is known already is not read again


def test_one_that_ended_is_not_read_any_more_and_old_ones_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "FRESH", 0.0)
    monkeypatch.setattr(elsewhere, "FORGOTTEN_AFTER", -1.0)
    database, run = Database(), new_id()
    answers = Elsewhere(database.read)
    database.text, database.is_over = "Nine.", True
    assert [answers.glance(run) for _ in range(3)] == [Snapshot("Nine.", is_over=True)] * 3
    assert database.reads == 1
    answers.glance(new_id())
    assert run not in answers._known


def test_a_slow_read_of_one_keeps_nobody_from_another() -> None:
    reading, done = threading.Event(), threading.Event()
    slow, quick = new_id(), new_id()

    def read(run_id: UUID, known: str) -> Snapshot:
        if run_id == slow:
            reading.set()
            done.wait(10)
        return Snapshot("There.", is_over=False)

    answers = Elsewhere(read)
    thread = threading.Thread(target=answers.glance, args=[slow])
    thread.start()
    reading.wait(10)
    assert answers.glance(quick).text == "There."
    done.set()
    thread.join()
