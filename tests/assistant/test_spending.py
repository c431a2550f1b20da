"""What a conversation came to is what its ledger says, whatever becomes of its answers."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from core import clock
from core.assistant.counting import book, end_run
from core.assistant.jobs import Job
from core.assistant.ledger import Call, rows_of
from core.assistant.provider import Assistant, Usage
from core.assistant.runs import News, RunStore
from core.config import Settings
from core.database.engine import Database
from core.ids import new_id
from core.models import CallPurpose, CallStatus, RunStatus, UsageSource
from core.repositories.answer_runs import Arrived
from core.services.views import Asked
from core.telemetry import counted
from core.telemetry.meters import Counter
from tests.support.models import ScriptedModel
from tests.support.talks import Desk

SERVICE: dict[str, Any] = {"openai_base_url": "https://api.openai.com/v1", "models": ["gpt-4o-mini"]}
LOST = timedelta(seconds=15)


class Booking:
    """A conversation, its answers ended by hand, with a model that costs something."""

    def __init__(self, database: Database) -> None:
        self.desk = Desk(database)
        settings = Settings(_env_file=None, **SERVICE)  # type: ignore[call-arg]
        assistant = Assistant(settings, model_factory=lambda _: ScriptedModel())
        self.stores = [RunStore(database, assistant, new_id(), LOST) for _ in range(2)]
        self.store = self.stores[0]
        self.asked = self.desk.ask(self.desk.me, "Why?")

    def begin(self, asked: Asked | None = None) -> Job:
        job = self.store.begin((asked or self.asked).run_id)
        assert job
        return job

    def keep(self, job: Job, *calls: Call, text: str = "") -> None:
        self.store.keep([News(job, Arrived(job.run_id, 0, text), calls)])

    def counted(self) -> tuple[int, Decimal]:
        return self._one("SELECT tokens, spent FROM conversations WHERE id = :id")

    def booked(self) -> tuple[int, Decimal, int]:
        """By the ledger: tokens, USD, and how many calls."""
        return self._one(
            "SELECT coalesce(sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)), 0),"
            " coalesce(sum(cost), 0), count(*) FROM model_calls WHERE conversation_id = :id"
        )

    def _one(self, statement: str) -> Any:
        with self.desk.database.reading() as session:
            return tuple(session.execute(text(statement), {"id": self.asked.conversation_id}).one())

    def age(self, run_id: UUID) -> None:
        moment = clock.now() - 2 * LOST
        with self.desk.database.transaction() as session:
            session.execute(
                text("UPDATE answer_runs SET heartbeat_at = :at WHERE id = :id"), {"at": moment, "id": run_id}
            )

    def assert_counted(self, calls: int) -> None:
        tokens, cost, count = self.booked()
        assert count == calls
        assert self.counted() == (tokens, cost)


@pytest.fixture
def booking(database: Database) -> Booking:
    return Booking(database)


USAGE = Usage(1_000, 200, 77, UsageSource.EXACT)


def call(
    purpose: CallPurpose = CallPurpose.ANSWER,
    status: CallStatus = CallStatus.COMPLETE,
    usage: Usage = USAGE,
    model: str = "gpt-4o-mini",
) -> Call:
    return Call(purpose, model, usage, status, 1.0)


FAILED = call(status=CallStatus.FAILED, usage=Usage(None, None, None, UsageSource.MISSING))
COSTLY_FAILURE = call(status=CallStatus.FAILED, usage=Usage(313, None, 7, UsageSource.EXACT))


def total(counter: Counter) -> float:
    """Over its labels, but for cached tokens: those are among the ones that were read."""
    return sum(sample.value for sample in counter.family().samples if ("kind", "cached") not in sample.labels)


def whole(booking: Booking) -> int:
    booking.store.finish(booking.begin(), RunStatus.COMPLETE, "So.", [call()])
    return 1


def tried_twice(booking: Booking) -> int:
    """The attempt that failed is in the ledger before the answer has ended, and comes once more with the end."""
    job = booking.begin()
    booking.keep(job, COSTLY_FAILURE)
    booking.keep(job, COSTLY_FAILURE, FAILED, text="So")
    booking.store.finish(job, RunStatus.COMPLETE, "So.", [COSTLY_FAILURE, FAILED, call()])
    return 3


def failed(booking: Booking) -> int:
    booking.store.finish(booking.begin(), RunStatus.FAILED, "", [FAILED], "model_busy")
    return 1


def stopped_unasked(booking: Booking) -> int:
    booking.store.finish(booking.begin(), RunStatus.STOPPED, "", [])
    return 0


def ended_twice(booking: Booking) -> int:
    """The first acknowledgement was lost."""
    job, calls = booking.begin(), [call()]
    for _ in range(2):
        booking.store.finish(job, RunStatus.COMPLETE, "So.", calls)
    return 1


def titled_twice(booking: Booking) -> int:
    job, titling = booking.begin(), call(CallPurpose.TITLE)
    booking.store.finish(job, RunStatus.COMPLETE, "So.", [call()])
    for _ in range(2):
        booking.store.title(job, "Reasons", titling)
    return 2


def reaped(booking: Booking) -> int:
    """The process died in the second attempt; the first one is in the ledger."""
    job = booking.begin()
    booking.keep(job, COSTLY_FAILURE, text="So far")
    booking.age(job.run_id)
    assert booking.stores[1].interrupt(job.run_id) == booking.asked.conversation_id
    return 2


def reaped_and_back(booking: Booking) -> int:
    """The process was only asleep: it writes nothing more."""
    job = booking.begin()
    booking.keep(job, COSTLY_FAILURE, text="So far")
    booking.age(job.run_id)
    booking.stores[1].interrupt(job.run_id)
    booking.keep(job, FAILED, call())
    booking.store.finish(job, RunStatus.COMPLETE, "So far, so good.", [COSTLY_FAILURE, FAILED, call()])
    return 2


def written_again(booking: Booking) -> int:
    """Two runs of one message, each counted when it ended."""
    booking.store.finish(booking.begin(), RunStatus.FAILED, "", [COSTLY_FAILURE], "model_busy")
    again = booking.desk.chat.retry(booking.desk.me, booking.asked.answer_id)
    booking.store.finish(booking.begin(again), RunStatus.COMPLETE, "So.", [call()])
    return 2


def of_unknown_price(booking: Booking) -> int:
    unknown = call(model="nobody-knows", usage=Usage(11, None, None, UsageSource.ESTIMATED))
    booking.store.finish(booking.begin(), RunStatus.COMPLETE, "So.", [unknown])
    return 1


COURSES: list[Callable[[Booking], int]] = [
    whole,
    tried_twice,
    failed,
    stopped_unasked,
    ended_twice,
    titled_twice,
    reaped,
    reaped_and_back,
    written_again,
    of_unknown_price,
]


@pytest.mark.parametrize("course", COURSES, ids=lambda course: course.__name__)
def test_the_process_counts_each_new_row_and_each_end_once(booking: Booking, course: Callable[[Booking], int]) -> None:
    calls, tokens, ends = map(total, (counted.model_calls, counted.tokens, counted.runs_ended))
    count = course(booking)
    assert total(counted.model_calls) - calls == count
    assert total(counted.tokens) - tokens == booking.booked()[0]
    assert total(counted.runs_ended) - ends == (2 if course is written_again else 1)


def test_what_is_rolled_back_is_not_counted_whatever_was_kept_on_the_way(booking: Booking) -> None:
    job, before = booking.begin(), [total(counted.model_calls), total(counted.runs_ended)]
    with pytest.raises(RuntimeError), booking.desk.database.transaction() as session:
        book(session, rows_of(session, "openai", [(job.origin, call())]))
        end_run(session, job.run_id, RunStatus.COMPLETE)
        with session.begin_nested():  # its release is told like a commit
            session.execute(text("SELECT 1"))
        raise RuntimeError("rolled back")
    assert [total(counted.model_calls), total(counted.runs_ended)] == before


@pytest.mark.parametrize("course", COURSES, ids=lambda course: course.__name__)
def test_a_conversation_counts_each_of_its_ledger_rows_once(booking: Booking, course: Callable[[Booking], int]) -> None:
    booking.assert_counted(course(booking))
    asked = booking.desk.ask(booking.desk.me, "And then?", conversation_id=booking.asked.conversation_id)
    before = booking.booked()[2]
    booking.store.finish(booking.begin(asked), RunStatus.COMPLETE, "So.", [call()])
    booking.assert_counted(before + 1)
    assert booking.counted()[0] >= 1_077


def test_what_costs_something_is_among_them(booking: Booking) -> None:
    whole(booking)
    assert booking.counted()[1] > 0


def test_nothing_is_counted_of_a_conversation_that_is_gone(booking: Booking) -> None:
    job = booking.begin()
    with booking.desk.database.transaction() as session:
        session.execute(text("DELETE FROM conversations WHERE id = :id"), {"id": booking.asked.conversation_id})
    booking.store.finish(job, RunStatus.COMPLETE, "So.", [call()])
    booking.store.title(job, "Reasons", call(CallPurpose.TITLE))
    with booking.desk.database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM model_calls WHERE conversation_id IS NULL")).scalar_one() == 2
