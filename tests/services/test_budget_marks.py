"""Whom budgets tell that they come to their end, and how often."""

from collections.abc import Callable
from uuid import UUID

import pytest

from core.database.engine import Database
from core.errors import BudgetSpent
from core.models import (
    BudgetScope,
    ConversationKind,
    RunStatus,
)
from core.services.views import Asked
from tests.support.budgets import Till, at_once


@pytest.fixture
def till(database: Database) -> Till:
    return Till(database)


def test_answers_that_end_at_once_tell_of_a_mark_once(fresh_database: Database) -> None:
    till = Till(fresh_database)
    most = till.most()
    till.set(8 * most + 50, marks="50, 80, 100")
    till.set(9 * most, BudgetScope.COMPANY)
    jobs = [till.desk.store.begin(till.desk.ask(till.me, "How much?").run_id) for _ in range(8)]

    def end(number: int) -> None:
        job = jobs[number]
        assert job
        till.desk.store.finish(job, RunStatus.COMPLETE, "So.", [till.call(most)])

    assert at_once(8, end) == ["done"] * 8
    (standing, _) = sorted(till.spending.standings(till.me), key=lambda one: one.limit)
    assert (int(standing.used), int(standing.held)) == (8 * most, 0)
    mine, theirs = till.told(till.me), till.told(till.admin)
    assert [text.partition(":")[0] for text in mine] == ["Your budget has reached 80 %", "Your budget has reached 50 %"]
    assert len(theirs) == 3 and sum("of the company" in text for text in theirs) == 1


def test_marks_are_told_once_to_the_person_and_the_admins(till: Till) -> None:
    most = till.most()
    till.set(10 * most)
    for used, told in ((most * 7, 0), (most, 1), (1, 1)):
        till.finish(till.desk.ask(till.me, "How much?"), tokens=used)
        assert len(till.told(till.me)) == len(till.told(till.admin)) == told
    assert till.told(till.me)[0].startswith("Your budget has reached 80 %")
    assert till.me.display_name in till.told(till.admin)[0]
    (notice,) = till.spending.notices(till.me)
    till.spending.put_away(till.admin, notice.id)
    assert till.told(till.me)
    till.spending.put_away(till.me, notice.id)
    assert not till.told(till.me)


def asked_anew(till: Till, asked: Asked, room_id: UUID) -> None:
    till.desk.chat.ask(till.me, "And then?")


def asked_on(till: Till, asked: Asked, room_id: UUID) -> None:
    till.desk.chat.ask(till.me, "And then?", conversation_id=asked.conversation_id)


def asked_otherwise(till: Till, asked: Asked, room_id: UUID) -> None:
    till.desk.chat.edit_and_resend(till.me, asked.question_id, "And then?")


def written_again(till: Till, asked: Asked, room_id: UUID) -> None:
    till.desk.chat.regenerate(till.me, asked.answer_id)


def tried_again(till: Till, asked: Asked, room_id: UUID) -> None:
    till.desk.chat.retry(till.me, asked.answer_id)


def gone_on_with(till: Till, asked: Asked, room_id: UUID) -> None:
    till.desk.chat.resume(till.me, asked.answer_id)


def said_in_a_room(till: Till, asked: Asked, room_id: UUID) -> None:
    till.desk.talks.send(till.me, room_id, "@Assistant and then?")


@pytest.mark.parametrize(
    "way",
    [asked_anew, asked_on, asked_otherwise, written_again, tried_again, gone_on_with, said_in_a_room],
    ids=lambda way: way.__name__,
)
def test_a_refusal_is_told_as_the_last_mark_whatever_was_asked(
    till: Till, way: Callable[[Till, Asked, UUID], None]
) -> None:
    room_id = till.desk.rooms.create(till.me, ConversationKind.COMPANY, "Plans")
    asked = till.desk.ask(till.me, "How much?")
    till.finish(asked, tokens=1, status=RunStatus.INTERRUPTED)
    before = till.one("SELECT count(*) FROM messages"), till.one("SELECT count(*) FROM answer_runs")
    till.set(50, marks="40, 90")
    for _ in range(2):
        with pytest.raises(BudgetSpent):
            way(till, asked, room_id)
    (mine,), (theirs,) = till.told(till.me), till.told(till.admin)
    assert mine.startswith("Your budget has refused a question: 1 of 50 tokens used today")
    assert theirs.startswith(f"The budget of {till.me.display_name} has refused a question")
    assert (till.one("SELECT count(*) FROM messages"), till.one("SELECT count(*) FROM answer_runs")) == before
    assert till.one("SELECT count(*) FROM notices WHERE right(key, 2) = '90'") == 2


def test_what_the_queue_is_refused_is_told_as_well(till: Till) -> None:
    asked = till.desk.ask(till.me, "How much?")
    till.desk.queue_up(asked, "And then?")
    till.set(50)
    till.finish(asked, tokens=1)
    assert "has refused a question" in till.told(till.me)[0]


def test_many_refusals_at_once_are_told_once(fresh_database: Database) -> None:
    till = Till(fresh_database)
    till.set(50)
    till.set(60, BudgetScope.COMPANY)
    outcomes = at_once(20, lambda _: till.desk.chat.ask(till.me, "How much?"))
    assert outcomes == ["BudgetSpent"] * 20
    assert (len(till.told(till.me)), len(till.told(till.admin))) == (1, 2)  # of both budgets it did not fit
    assert till.one("SELECT count(*) FROM conversations") == 0


def test_nobody_is_told_of_a_budget_without_marks(till: Till) -> None:
    till.set(50, marks="")
    with pytest.raises(BudgetSpent):
        till.desk.chat.ask(till.me, "How much?")
    assert till.told(till.me) == till.told(till.admin) == []
