import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session

from core import clock
from core.database.engine import Database
from core.ids import new_id
from core.models import AnswerRun, Conversation, Message, RunStatus
from core.repositories.answer_runs import AnswerRuns, Arrived
from tests.support.builders import make_company, make_conversation, make_messages, make_user
from tests.support.waiting import at_once, until

NOW = clock.now()
WORKER, OTHER_WORKER = new_id(), new_id()


def make_talk(session: Session) -> tuple[Conversation, Message]:
    conversation = make_conversation(session, make_user(session, make_company(session)))
    return conversation, make_messages(session, conversation, ["Why?", ""])[1]


def make_run(session: Session, answer: Message, *, age: timedelta = timedelta(0), **fields: Any) -> AnswerRun:
    owner = session.get_one(Conversation, answer.conversation_id).owner_id
    run = AnswerRun(
        conversation_id=answer.conversation_id,
        message_id=answer.id,
        asked_by=owner,
        heartbeat_at=NOW - age,
        **fields,
    )
    return AnswerRuns(session).add(run)


def test_a_run_is_claimed_kept_and_finished_once(database: Database) -> None:
    with database.transaction() as session:
        runs = AnswerRuns(session)
        run = make_run(session, make_talk(session)[1])
        claimed = runs.claim(run.id, WORKER)
        assert claimed and (claimed.id, claimed.status, claimed.worker_id) == (run.id, RunStatus.RUNNING, WORKER)
        assert runs.claim(run.id, OTHER_WORKER) is None
        assert runs.keep(WORKER, [Arrived(run.id, 0, "Bec")]) == {run.id: False}
        assert runs.keep(OTHER_WORKER, [Arrived(run.id, 0, "No")]) == {}
        runs.request_stop(run.id)
        assert runs.keep(WORKER, [Arrived(run.id, 3, "ause")]) == {run.id: True}
        found = runs.get(run.id)
        assert found and (found.partial, found.finished_at) == ("Because", None)
        assert runs.finish(run.id, RunStatus.STOPPED) is True
        assert runs.finish(run.id, RunStatus.COMPLETE) is False
        assert runs.keep(WORKER, [Arrived(run.id, 7, " of")]) == {}
        assert runs.claim(run.id, WORKER) is None
        found = runs.get(run.id)
        assert found and (found.status, found.partial) == (RunStatus.STOPPED, "")
        assert found.finished_at and found.stop_requested_at


def test_stopping_what_has_ended_has_no_effect(database: Database) -> None:
    with database.transaction() as session:
        run = make_run(session, make_talk(session)[1], status=RunStatus.COMPLETE)
        AnswerRuns(session).request_stop(run.id)
        session.refresh(run)
        assert run.stop_requested_at is None


@pytest.mark.parametrize("status", list(RunStatus))
def test_only_queued_and_running_runs_are_active(database: Database, status: RunStatus) -> None:
    with database.transaction() as session:
        conversation, answer = make_talk(session)
        run = make_run(session, answer, status=status)
        active = AnswerRuns(session).get_active(conversation.id)
        assert active == (run if status in (RunStatus.QUEUED, RunStatus.RUNNING) else None)
        assert status.is_active == (active is not None)


def test_a_conversation_writes_one_answer_at_a_time(database: Database) -> None:
    with database.transaction() as session:
        runs = AnswerRuns(session)
        conversation, answer = make_talk(session)
        first, second = make_run(session, answer), make_run(session, answer)
        elsewhere = make_run(session, make_talk(session)[1])
        assert runs.get_active(conversation.id) == first
        assert runs.claim(first.id, WORKER)
        assert runs.claim(second.id, OTHER_WORKER) is None
        assert runs.claim(elsewhere.id, OTHER_WORKER)
        runs.finish(first.id, RunStatus.FAILED, "model_busy")
        assert runs.get_active(conversation.id) == second
        assert runs.get_by_message(answer.id) == second
        assert runs.claim(second.id, OTHER_WORKER)
        assert runs.list_failures([answer.id]) == {answer.id: (first.id, "model_busy")}


def test_of_two_workers_one_gets_the_run(fresh_database: Database) -> None:
    with fresh_database.transaction() as session:
        run_ids = [make_run(session, make_talk(session)[1]).id for _ in range(5)]

    def claim_all(_: int) -> list[UUID]:
        won = []
        for run_id in run_ids:
            with fresh_database.transaction() as session:
                if AnswerRuns(session).claim(run_id, new_id()):
                    won.append(run_id)
        return won

    outcomes = at_once(4, claim_all)
    assert sorted(run_id for won in outcomes if isinstance(won, list) for run_id in won) == sorted(run_ids)


def test_of_two_queued_runs_claimed_at_the_same_moment_one_waits(fresh_database: Database) -> None:
    """The second worker asks before the first one's claim is committed, and is told the same as afterwards."""
    with fresh_database.transaction() as session:
        _, answer = make_talk(session)
        first, second = make_run(session, answer).id, make_run(session, answer).id

    def claim_second(_: int) -> AnswerRun | None:
        with fresh_database.transaction() as session:
            return AnswerRuns(session).claim(second, OTHER_WORKER)

    outcomes: list[AnswerRun | BaseException | None] = []
    thread = threading.Thread(target=lambda: outcomes.extend(at_once(1, claim_second)))
    with fresh_database.transaction() as session:
        assert AnswerRuns(session).claim(first, WORKER)
        thread.start()
        until(lambda: outcomes or is_somebody_waiting(fresh_database))
    thread.join()
    assert outcomes == [None]


def is_somebody_waiting(database: Database) -> bool:
    """Whether a transaction in this database waits for another one's lock."""
    statement = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with database.reading() as session:
        return bool(session.execute(text(statement)).scalar_one())


def test_stale_runs_are_found_and_fresh_ones_are_not(database: Database) -> None:
    with database.transaction() as session:
        runs = AnswerRuns(session)

        def aged(seconds: int, status: RunStatus) -> AnswerRun:
            return make_run(session, make_talk(session)[1], age=timedelta(seconds=seconds), status=status)

        stale, queued = aged(31, RunStatus.RUNNING), aged(31, RunStatus.QUEUED)
        aged(29, RunStatus.RUNNING), aged(31, RunStatus.COMPLETE), aged(29, RunStatus.QUEUED)
        since = NOW - timedelta(seconds=30)
        assert runs.list_stale(since) == [stale.id]
        assert runs.list_unclaimed(since) == [queued.id]
        runs.claim(queued.id, WORKER)
        runs.keep(WORKER, [Arrived(stale.id, 0, "")])  # not its worker: no sign of life
        assert runs.list_stale(since) == [stale.id]
        assert runs.list_unclaimed(since) == []


def test_two_sweepers_do_not_take_the_same_run(fresh_database: Database) -> None:
    with fresh_database.transaction() as session:
        stale = make_run(session, make_talk(session)[1], age=timedelta(seconds=31), status=RunStatus.RUNNING)
    with fresh_database.transaction() as mine, fresh_database.transaction() as theirs:
        assert AnswerRuns(mine).get_stale(stale.id, NOW) == stale
        assert AnswerRuns(theirs).get_stale(stale.id, NOW) is None


def test_what_arrives_is_kept_at_its_cursor_for_many_runs_at_once(database: Database) -> None:
    """The statement is repeated when its acknowledgement was lost: what it kept the first time is not doubled."""
    with database.transaction() as session:
        runs = AnswerRuns(session)
        told, silent = (make_run(session, make_talk(session)[1], age=timedelta(seconds=31)) for _ in range(2))
        for run in (told, silent):
            assert runs.claim(run.id, WORKER)
        arrived = [Arrived(told.id, 0, "Zürich 🏔️, "), Arrived(silent.id, 0, "Ja")]
        runs.keep(WORKER, arrived)
        runs.keep(WORKER, arrived)
        cursor = len("Zürich 🏔️, ")
        runs.keep(WORKER, [Arrived(told.id, cursor, "so."), Arrived(silent.id, 2, "")])
        assert [runs.get_since(run.id, 0) for run in (told, silent)] == [
            (RunStatus.RUNNING, told.message_id, "Zürich 🏔️, so."),
            (RunStatus.RUNNING, silent.message_id, "Ja"),
        ]
        assert runs.get_since(told.id, cursor) == (RunStatus.RUNNING, told.message_id, "so.")
        assert runs.get_since(new_id(), 0) is None
        assert runs.list_stale(NOW) == []
