"""Questions that wait: in order, their senders' to change, and never asked twice or lost."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from core import clock
from core.database.engine import Database
from core.errors import Conflict, Invalid
from core.ids import new_id
from core.models import MAX_MESSAGE, MessageStatus, QueuedQuestion, RunStatus
from core.permissions import Actor
from core.repositories.answer_runs import AnswerRuns
from core.repositories.messages import Messages
from core.services.questions import MAX_QUEUED
from core.services.views import Asked, Queued
from tests.support.snapshots import snapshot
from tests.support.talks import DENIED, DONE, HIDDEN, WHO, Desk, outcome
from tests.support.waiting import at_once

FASTER = "Conflict"


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
def busy_desk(fresh_database: Database) -> Desk:
    return Desk(fresh_database)


def last_of(desk: Desk, asked: Asked) -> Asked:
    """The question that was begun last."""
    run_id = desk.started[-1]
    messages = desk.read(asked.conversation_id).messages
    return Asked(asked.conversation_id, messages[-2].id, messages[-1].id, run_id)


def test_further_questions_are_asked_one_by_one_in_their_order(desk: Desk) -> None:
    asked = desk.ask(desk.me, "one")
    desk.queue_up(asked, "two", "three")
    assert desk.waiting(asked.conversation_id) == ["two", "three"]
    assert desk.texts(asked.conversation_id) == ["one", ""]
    for number, waiting in (("two", ["three"]), ("three", [])):
        desk.answer(last_of(desk, asked), "So.")
        assert desk.waiting(asked.conversation_id) == waiting
        assert desk.texts(asked.conversation_id)[-2:] == [number, ""]
    desk.answer(last_of(desk, asked), "Done.")
    assert desk.texts(asked.conversation_id) == ["one", "So.", "two", "So.", "three", "Done."]
    assert [message.seq for message in desk.read(asked.conversation_id).messages] == [1, 2, 3, 4, 5, 6]
    assert len(desk.started) == 3


@pytest.mark.parametrize("way", ["retry", "send now", "ask"])
def test_after_a_failed_answer_the_queue_waits_for_a_person(desk: Desk, way: str) -> None:
    asked = desk.ask(desk.me, "one")
    (waiting,) = desk.queue_up(asked, "two")
    desk.answer(asked, "", error_code="model_busy")
    assert desk.read(asked.conversation_id).active_run_id is None
    assert desk.waiting(asked.conversation_id) == ["two"]
    match way:
        case "retry":
            desk.answer(desk.chat.retry(desk.me, asked.answer_id), "At last.")
            expected = ["one", "At last.", "two", ""]
        case "send now":
            desk.queue.send_now(desk.me, waiting)
            expected = ["one", "", "two", ""]
        case _:
            assert isinstance(desk.chat.ask(desk.me, "three", conversation_id=asked.conversation_id), Queued)
            expected = ["one", "", "two", ""]
    assert desk.texts(asked.conversation_id) == expected
    assert desk.waiting(asked.conversation_id) == (["three"] if way == "ask" else [])
    assert desk.started[-1] == desk.read(asked.conversation_id).active_run_id


def test_send_now_stops_the_answer_and_goes_first(desk: Desk) -> None:
    asked = desk.ask(desk.me, "one")
    _, _, last = desk.queue_up(asked, "two", "three", "four")
    desk.queue.send_now(desk.me, last)
    assert desk.stopped == [asked.run_id]
    assert desk.waiting(asked.conversation_id) == ["four", "two", "three"]
    job = desk.store.begin(asked.run_id)
    assert job and job.wants_stop
    desk.store.finish(job, RunStatus.STOPPED, "As far as", [])
    assert desk.texts(asked.conversation_id) == ["one", "As far as", "four", ""]


def test_an_edit_holds_the_queue_and_saving_lets_it_go_on(desk: Desk) -> None:
    asked = desk.ask(desk.me, "one")
    first, _ = desk.queue_up(asked, "tow", "three")
    desk.queue.hold(desk.me, first)
    desk.answer(asked)
    transcript = desk.read(asked.conversation_id)
    assert transcript.active_run_id is None
    assert [question.is_held for question in transcript.queued] == [True, False]
    desk.queue.edit(desk.me, first, "two")
    assert desk.texts(asked.conversation_id) == ["one", "So.", "two", ""]
    assert desk.waiting(asked.conversation_id) == ["three"]


def test_an_abandoned_edit_does_not_hold_the_queue_for_ever(desk: Desk) -> None:
    asked = desk.ask(desk.me, "one")
    (first,) = desk.queue_up(asked, "two")
    desk.queue.hold(desk.me, first)
    desk.answer(asked)
    assert desk.store.list_due() == []
    with desk.database.transaction() as session:
        session.get_one(QueuedQuestion, first).held_until = clock.now() - timedelta(seconds=1)
    assert desk.store.list_due() == [asked.conversation_id]
    assert desk.store.move_on(asked.conversation_id) == desk.read(asked.conversation_id).active_run_id
    assert desk.texts(asked.conversation_id)[2] == "two"
    assert desk.store.list_due() == []


def test_a_queue_that_nobody_moved_on_is_found(desk: Desk) -> None:
    """The answer was ended by a process of the version before, which knows no queue."""
    asked, failed = desk.ask(desk.me, "one"), desk.ask(desk.me, "other")
    for one in (asked, failed):
        desk.queue_up(one, "two")
    desk.answer(failed, "", error_code="model_busy")
    with desk.database.transaction() as session:
        AnswerRuns(session).finish(asked.run_id, RunStatus.COMPLETE)
        Messages(session).complete(asked.answer_id, "So.", MessageStatus.COMPLETE, 1)
    assert desk.store.list_due() == [asked.conversation_id]
    desk.store.move_on(asked.conversation_id)
    assert desk.texts(asked.conversation_id) == ["one", "So.", "two", ""]


@pytest.mark.parametrize("change", ["released", "removed"])
def test_what_was_in_the_way_gone_the_queue_goes_on(desk: Desk, change: str) -> None:
    asked = desk.ask(desk.me, "one")
    first, _ = desk.queue_up(asked, "two", "three")
    desk.queue.hold(desk.me, first)
    desk.answer(asked)
    {"released": desk.queue.release, "removed": desk.queue.remove}[change](desk.me, first)
    assert desk.texts(asked.conversation_id)[2] == ("two" if change == "released" else "three")


Act = Callable[[Desk, Actor, UUID], Any]
ACTS: dict[str, Act] = {
    "hold": lambda desk, actor, question: desk.queue.hold(actor, question),
    "release": lambda desk, actor, question: desk.queue.release(actor, question),
    "edit": lambda desk, actor, question: desk.queue.edit(actor, question, "Other words"),
    "remove": lambda desk, actor, question: desk.queue.remove(actor, question),
    "send_now": lambda desk, actor, question: desk.queue.send_now(actor, question),
}
# In the order of WHO. To others who read the conversation a question shows, and is not theirs to change.
ALLOWED = (DONE, DENIED, FASTER, FASTER, DENIED)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("act", list(ACTS))
def test_a_waiting_question_is_its_senders(desk: Desk, act: str, who: str) -> None:
    asked = desk.ask(desk.me, "one")
    (question,) = desk.queue_up(asked, "two")
    actor = desk.somebody(who, asked.conversation_id)
    before = snapshot(desk.database)
    found = outcome(lambda: ACTS[act](desk, actor, question))
    assert found == ALLOWED[WHO.index(who)]
    if found != DONE:
        assert snapshot(desk.database) == before


@pytest.mark.parametrize("act", list(ACTS))
def test_what_was_sent_meanwhile_says_so(desk: Desk, act: str) -> None:
    asked = desk.ask(desk.me, "one")
    (question,) = desk.queue_up(asked, "two")
    desk.answer(asked)
    before = snapshot(desk.database)
    with pytest.raises(Conflict, match="sent meanwhile"):
        ACTS[act](desk, desk.me, question)
    assert snapshot(desk.database) == before


@pytest.mark.parametrize("text", ["", " \n", "x" * (MAX_MESSAGE + 1), "a\0b"], ids=["empty", "blank", "long", "NUL"])
def test_a_bad_edit_changes_nothing(desk: Desk, text: str) -> None:
    asked = desk.ask(desk.me, "one")
    (question,) = desk.queue_up(asked, "two")
    with pytest.raises(Invalid, match=r"^The message .*\.$"):
        desk.queue.edit(desk.me, question, text)
    assert desk.waiting(asked.conversation_id) == ["two"]


def test_the_queue_has_an_end(desk: Desk) -> None:
    asked = desk.ask(desk.me, "one")
    desk.queue_up(asked, *(f"Question {number}" for number in range(MAX_QUEUED)))
    with pytest.raises(Invalid, match="waiting here already"):
        desk.chat.ask(desk.me, "One too many", conversation_id=asked.conversation_id)
    assert len(desk.waiting(asked.conversation_id)) == MAX_QUEUED


def test_the_same_key_is_one_question_while_it_waits_and_after(desk: Desk) -> None:
    asked, key = desk.ask(desk.me, "one"), new_id()

    def send() -> Asked | Queued:
        return desk.chat.ask(desk.me, "two", conversation_id=asked.conversation_id, client_key=key)

    first = send()
    assert isinstance(first, Queued) and send() == first
    desk.answer(asked)
    later = send()
    assert isinstance(later, Asked) and later.run_id == desk.started[-1]
    assert desk.texts(asked.conversation_id) == ["one", "So.", "two", ""]


def test_twenty_sends_of_one_waiting_question_are_one(busy_desk: Desk) -> None:
    desk, key = busy_desk, new_id()
    asked = desk.ask(desk.me, "one")
    outcomes = at_once(
        20, lambda _: desk.chat.ask(desk.me, "two", conversation_id=asked.conversation_id, client_key=key)
    )
    assert outcomes == [outcomes[0]] * 20 and isinstance(outcomes[0], Queued)
    assert desk.waiting(asked.conversation_id) == ["two"]


def test_a_question_that_comes_as_the_answer_ends_is_never_stuck(busy_desk: Desk) -> None:
    """Either it is queued and the end takes it along, or the end was first and it is asked at once."""
    desk = busy_desk
    for number in range(15):
        asked = desk.ask(desk.me, "one")
        acts: list[Callable[[], Any]] = [
            lambda asked=asked: desk.answer(asked),  # type: ignore[misc]
            lambda asked=asked: desk.chat.ask(desk.me, "two", conversation_id=asked.conversation_id),  # type: ignore[misc]
        ]
        outcomes = at_once(2, lambda place, acts=acts: acts[place]())  # type: ignore[misc]
        assert not [one for one in outcomes if isinstance(one, BaseException)], number
        assert desk.texts(asked.conversation_id) == ["one", "So.", "two", ""]
        assert desk.waiting(asked.conversation_id) == []


def test_what_somebody_who_left_had_waiting_is_passed_over(desk: Desk) -> None:
    colleague = desk.person()
    asked = desk.ask(desk.me, "one")
    desk.join(colleague, asked.conversation_id)
    desk.queue_up(asked, "theirs", actor=colleague)
    desk.queue_up(asked, "mine")
    desk.leave(colleague, asked.conversation_id)
    desk.answer(asked)
    assert desk.texts(asked.conversation_id)[2] == "mine"


def test_a_deleted_conversation_asks_nothing_more(desk: Desk) -> None:
    asked = desk.ask(desk.me, "one")
    desk.queue_up(asked, "two")
    desk.conversations.delete(desk.me, asked.conversation_id)
    desk.answer(asked)
    desk.conversations.restore(desk.me, asked.conversation_id)
    assert desk.waiting(asked.conversation_id) == ["two"]
    assert desk.read(asked.conversation_id).messages[-1].status is MessageStatus.COMPLETE


def test_readers_are_told_of_every_change(desk: Desk) -> None:
    asked = desk.ask(desk.me, "one")
    seen = desk.transcripts.state(desk.me, asked.conversation_id)
    first, second = desk.queue_up(asked, "two", "three")
    for change in (
        lambda: desk.queue.hold(desk.me, first),
        lambda: desk.queue.edit(desk.me, first, "Two"),
        lambda: desk.queue.send_now(desk.me, second),
        lambda: desk.queue.remove(desk.me, first),
        lambda: desk.answer(asked),
    ):
        desk.changed.clear()
        change()
        now = desk.transcripts.state(desk.me, asked.conversation_id)
        assert now != seen
        seen = now
        assert desk.read(asked.conversation_id).state == now
    assert outcome(lambda: desk.transcripts.state(desk.stranger(), asked.conversation_id)) == HIDDEN
