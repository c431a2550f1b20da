"""Answers written for real: two applications are two processes as far as the database can tell."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic_ai.exceptions import ModelRateLimitError
from sqlalchemy import text
from sqlalchemy.engine import URL

from core import clock
from core.assistant.context import GO_ON
from core.assistant.live import LiveAnswer, Snapshot
from core.assistant.provider import Assistant
from core.assistant.runs import RunStore
from core.bootstrap import Application
from core.config import Settings
from core.database.engine import Database
from core.errors import (
    AnswerInterrupted,
    ModelBusy,
    ModelCutShort,
    ModelEmpty,
    ModelError,
    ModelKeyRefused,
    ParleyError,
)
from core.ids import new_id, reference_of
from core.models import AnswerRun, CallPurpose, CallStatus, Message, MessageStatus, ModelCall, RunStatus, UsageSource
from core.permissions import Actor
from core.repositories.answer_runs import AnswerRuns, Arrived
from core.services.chat import ChatService
from core.services.views import Asked, MessageView, Queued
from core.telemetry import who
from tests.conftest import autocommit
from tests.support.builders import make_actor, make_company, make_user
from tests.support.ledgers import calls_of
from tests.support.models import Answer, ScriptedModel
from tests.support.talks import admit_all, begun, ignore
from tests.support.waiting import Following, until


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path, shutdown_grace=0)  # type: ignore[call-arg]


@pytest.fixture
def database(fresh_database: Database) -> Database:
    return fresh_database


@pytest.fixture
def me(database: Database) -> Actor:
    with database.transaction() as session:
        return make_actor(make_user(session, make_company(session)))


Serve = Callable[..., Application]


@pytest.fixture
def serve(settings: Settings, database: Database) -> Iterator[Serve]:
    """Starts an application over a model; all of them are stopped at the end."""
    with ExitStack() as stack:

        def start(model: ScriptedModel, **changes: Any) -> Application:
            return stack.enter_context(serving(settings.model_copy(update=changes), database, model))

        yield start


@contextmanager
def serving(settings: Settings, database: Database, model: ScriptedModel) -> Iterator[Application]:
    application = Application(settings, database, Assistant(settings, model_factory=lambda name: model))
    application.start()
    try:
        yield application
    finally:
        if application.runner.is_running:
            application.stop()


def follow(application: Application, asked: Asked) -> Following[Snapshot]:
    return Following(application.runner.watch(asked.run_id))


def last_text(following: Following[Snapshot]) -> str:
    return following.seen[-1].text if following.seen else ""


def answer(application: Application, me: Actor, asked: Asked) -> MessageView:
    return application.transcripts.read(me, asked.conversation_id).messages[-1]


def ended(application: Application, me: Actor, asked: Asked) -> MessageView:
    until(lambda: answer(application, me, asked).status is not MessageStatus.PENDING)
    return answer(application, me, asked)


def run_of(database: Database, asked: Asked) -> AnswerRun:
    with database.reading() as session:
        return session.get_one(AnswerRun, asked.run_id)


def ledger(database: Database, asked: Asked) -> list[ModelCall]:
    with database.reading() as session:
        return calls_of(session, asked.answer_id)


def execute(database: Database, statement: str, **values: Any) -> None:
    with database.transaction() as session:
        session.execute(text(statement), values)


def age(database: Database, asked: Asked, seconds: int) -> None:
    """As if nothing had been heard of the run for that long."""
    moment = clock.now() - timedelta(seconds=seconds)
    execute(database, "UPDATE answer_runs SET heartbeat_at = :moment WHERE id = :id", moment=moment, id=asked.run_id)


def ask_unattended(database: Database, me: Actor, question: str = "Why?") -> Asked:
    """Asked of a process whose runner then does nothing."""
    return begun(
        ChatService(database, lambda name: name or "", ignore, ignore, ignore, admit=admit_all).ask(me, question)
    )


def held(*deltas: str) -> tuple[ScriptedModel, threading.Event]:
    """A model that says all but the last delta, then waits for the gate."""
    gate = threading.Event()
    return ScriptedModel(Answer(deltas=deltas, gate=gate)), gate


# The straight way.


def test_an_answer_is_written_kept_and_booked(serve: Serve, database: Database, me: Actor) -> None:
    model = ScriptedModel("Because it is so.", "Still so.")
    application = serve(model)
    first = begun(application.chat.ask(me, "Why?"))
    said = ended(application, me, first)
    assert (said.content, said.status, said.tokens) == ("Because it is so.", MessageStatus.COMPLETE, 7)
    run = run_of(database, first)
    assert (run.status, run.partial, run.error_code) == (RunStatus.COMPLETE, "", None)
    assert run.finished_at and run.worker_id

    (call,) = ledger(database, first)
    assert (call.purpose, call.status, call.usage_source) == (
        CallPurpose.ANSWER,
        CallStatus.COMPLETE,
        UsageSource.EXACT,
    )
    assert (call.input_tokens, call.cached_tokens, call.output_tokens) == (40, 16, 7)
    assert (call.company_id, call.user_id, call.run_id) == (me.company_id, me.user_id, first.run_id)
    assert (call.provider, call.model) == ("embedded", application.assistant.default_model)
    assert call.cost == 0
    assert call.first_token_ms is not None and call.duration_ms >= call.first_token_ms

    second = begun(application.chat.ask(me, "And now?", conversation_id=first.conversation_id))
    assert ended(application, me, second).content == "Still so."
    told = str(model.history[-1].messages)
    assert all(words in told for words in ("Why?", "Because it is so.", "And now?", me.display_name))
    assert model.open_streams == 0


class Overheard(logging.Handler):
    """For whom each line of the runner was."""

    def __init__(self) -> None:
        super().__init__()
        self.known: list[dict[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage().startswith("run_ended"):
            self.known.append(who.known())


def test_the_log_says_for_whom_a_run_is_whoever_had_it_begun(serve: Serve, me: Actor) -> None:
    application, heard = serve(ScriptedModel("So.")), Overheard()
    runner = logging.getLogger("core.assistant.runner")
    runner.addHandler(heard)
    runner.setLevel(logging.INFO)
    try:
        with who.noted(request=new_id(), person=new_id(), conversation=new_id()):
            asked = begun(application.chat.ask(me, "Why?"))
        ended(application, me, asked)
        until(lambda: bool(heard.known))
    finally:
        runner.removeHandler(heard)
        runner.setLevel(logging.NOTSET)
    ids = {"run": asked.run_id, "person": me.user_id, "conversation": asked.conversation_id}
    assert heard.known == [{name: str(id_) for name, id_ in ids.items()}]


def test_watching_shows_the_answer_growing_to_its_end_whenever_one_comes(serve: Serve, me: Actor) -> None:
    model, gate = held("One ", "two ", "three.")
    application = serve(model)
    asked = begun(application.chat.ask(me, "Count."))
    first = follow(application, asked)
    until(lambda: last_text(first) == "One two ")
    late = follow(application, asked)
    until(lambda: late.seen)
    assert late.seen[0] == Snapshot("One two ", is_over=False)
    elsewhere = follow(serve(ScriptedModel()), asked)
    until(lambda: last_text(elsewhere) == "One two ")
    for _ in application.runner.watch(asked.run_id):
        break  # leaving early harms nothing
    gate.set()
    for watcher in (first, late, elsewhere):
        *growing, end = watcher.to_the_end()
        assert end == Snapshot("One two three.", is_over=True)
        assert not any(snapshot.is_over for snapshot in growing)
        assert are_prefixes([snapshot.text for snapshot in watcher.seen])
    assert follow(application, asked).to_the_end() == [end]


def are_prefixes(seen: Sequence[str]) -> bool:
    return all(later.startswith(earlier) for earlier, later in pairwise(seen))


def test_answers_in_several_conversations_do_not_wait_for_each_other(serve: Serve, me: Actor) -> None:
    gate = threading.Event()
    application = serve(ScriptedModel(Answer(deltas=["slow ", "one"], gate=gate), "quick one"))
    slow = begun(application.chat.ask(me, "Slowly."))
    until(lambda: run_of(application.database, slow).partial == "slow ")
    quick = begun(application.chat.ask(me, "Quickly."))
    assert ended(application, me, quick).content == "quick one"
    gate.set()
    assert ended(application, me, slow).content == "slow one"


# Stopping.


@pytest.mark.parametrize("by", ["this process", "another process"])
def test_stopping_keeps_what_was_seen_and_books_it(serve: Serve, database: Database, me: Actor, by: str) -> None:
    # The answer goes on by itself until it is stopped: another process's wish is seen with the next text.
    model = ScriptedModel(Answer(deltas=["more "] * 1_000, delay=0.03))
    writer = serve(model)
    stopper = writer if by == "this process" else serve(ScriptedModel())
    asked = begun(writer.chat.ask(me, "Go on."))
    watcher = follow(writer, asked)
    until(lambda: last_text(watcher))
    stopper.chat.stop(me, asked.conversation_id)
    *_, end = watcher.to_the_end()
    said = answer(writer, me, asked)
    assert (said.content, said.status) == (end.text, MessageStatus.STOPPED)
    assert 0 < len(said.content) < 5_000
    (call,) = ledger(database, asked)
    assert (call.status, call.usage_source) == (CallStatus.STOPPED, UsageSource.ESTIMATED)
    assert call.output_tokens and call.output_tokens == said.tokens
    assert model.open_streams == 0
    assert ended(writer, me, begun(writer.chat.ask(me, "And?", conversation_id=asked.conversation_id))).content


def test_stopping_a_silent_answer_does_not_wait_for_its_first_word(serve: Serve, database: Database, me: Actor) -> None:
    model, gate = held("never")
    application = serve(model)
    asked = begun(application.chat.ask(me, "Think."))
    until(lambda: model.open_streams)
    application.chat.stop(me, asked.conversation_id)
    said = ended(application, me, asked)
    assert (said.content, said.status) == ("", MessageStatus.STOPPED)
    (call,) = ledger(database, asked)
    assert call.status is CallStatus.STOPPED
    gate.set()


def test_a_silent_answer_is_stopped_from_another_process_as_soon(serve: Serve, me: Actor) -> None:
    model, gate = held("never")
    writer, other = serve(model), serve(ScriptedModel())
    asked = begun(writer.chat.ask(me, "Think."))
    until(lambda: model.open_streams)
    other.chat.stop(me, asked.conversation_id)
    until(lambda: answer(other, me, asked).status is MessageStatus.STOPPED, patience=3)
    gate.set()


# Failing.


@pytest.mark.parametrize(
    ("script", "status", "content", "code", "source"),
    [
        (ModelKeyRefused(), MessageStatus.FAILED, "", ModelKeyRefused, UsageSource.MISSING),
        ("  ", MessageStatus.FAILED, "", ModelEmpty, UsageSource.EXACT),
        (
            Answer(deltas=["So ", "far"], error=ModelCutShort()),
            MessageStatus.INTERRUPTED,
            "So far",
            ModelCutShort,
            UsageSource.ESTIMATED,
        ),
        (
            Answer(deltas=["So ", "far"], finish_reason=None),
            MessageStatus.INTERRUPTED,
            "So far",
            ModelCutShort,
            UsageSource.ESTIMATED,
        ),
    ],
    ids=["before a token", "blank", "after tokens", "without a finish reason"],
)
def test_a_failed_answer_keeps_what_came_and_says_why(
    serve: Serve,
    database: Database,
    me: Actor,
    script: Exception | str | Answer,
    status: MessageStatus,
    content: str,
    code: type[ModelError],
    source: UsageSource,
) -> None:
    application = serve(ScriptedModel(script, "Better."))
    asked = begun(application.chat.ask(me, "Why?"))
    said = ended(application, me, asked)
    assert (said.content.strip(), said.status) == (content, status)
    run = run_of(database, asked)
    assert (run.status.value, run.error_code) == (status.value, code.code)
    (call,) = ledger(database, asked)
    assert (call.status.value, call.error_code, call.usage_source) == (status.value, run.error_code, source)
    again = application.chat.regenerate(me, asked.answer_id)
    assert ended(application, me, again).content == "Better."


def test_an_attempt_that_failed_and_the_one_that_counted_are_both_booked(
    serve: Serve, database: Database, me: Actor
) -> None:
    application = serve(ScriptedModel(ModelRateLimitError("scripted", "slow down"), "At last."))
    asked = begun(application.chat.ask(me, "Why?"))
    assert ended(application, me, asked).content == "At last."
    booked = [(call.status, call.error_code, call.output_tokens) for call in ledger(database, asked)]
    assert booked == [(CallStatus.FAILED, ModelBusy.code, None), (CallStatus.COMPLETE, None, 7)]


def test_a_model_that_is_no_longer_offered_gives_way_to_the_first(serve: Serve, database: Database, me: Actor) -> None:
    asked = ask_unattended(database, me)
    execute(database, "UPDATE answer_runs SET model = 'withdrawn'")
    age(database, asked, 6)
    application = serve(ScriptedModel())
    assert ended(application, me, asked).status is MessageStatus.COMPLETE
    assert [call.model for call in ledger(database, asked)] == [application.assistant.default_model]


@pytest.mark.parametrize("odd", ["\0", "\ud83d"], ids=["NUL", "half a character"])
def test_an_answer_with_what_cannot_be_stored_is_kept_without_it(serve: Serve, me: Actor, odd: str) -> None:
    application = serve(ScriptedModel(["So ", odd, "it is."]))
    asked = begun(application.chat.ask(me, "Why?"))
    said = ended(application, me, asked)
    assert (said.content.replace("\ufffd", ""), said.status) == ("So it is.", MessageStatus.COMPLETE)


# What waits, and what goes on.


def test_questions_that_wait_are_answered_one_by_one(serve: Serve, database: Database, me: Actor) -> None:
    gate = threading.Event()
    model = ScriptedModel(Answer(deltas=["1", "!"], gate=gate), "2!", "3!")
    application = serve(model)
    asked = begun(application.chat.ask(me, "one"))
    for text_ in ("two", "three"):
        assert isinstance(application.chat.ask(me, text_, conversation_id=asked.conversation_id), Queued)
    gate.set()
    until(lambda: len(application.transcripts.read(me, asked.conversation_id).messages) == 6)
    ended(application, me, asked)
    said = [message.content for message in application.transcripts.read(me, asked.conversation_id).messages]
    assert said == ["one", "1!", "two", "2!", "three", "3!"]
    assert (model.open_streams, len(model.history)) == (0, 3)


def test_sending_now_stops_what_is_written_in_another_process(serve: Serve, me: Actor) -> None:
    gate = threading.Event()
    writer = serve(ScriptedModel(Answer(deltas=["So far", " and no further"], gate=gate), "Quick."))
    other = serve(ScriptedModel())
    asked = begun(writer.chat.ask(me, "one"))
    waiting = other.chat.ask(me, "two", conversation_id=asked.conversation_id)
    assert isinstance(waiting, Queued)
    until(lambda: run_of(writer.database, asked).partial == "So far")
    other.queue.send_now(me, waiting.queued_id)
    until(lambda: answer(writer, me, asked).content == "Quick.")
    shown = other.transcripts.read(me, asked.conversation_id).messages
    assert [(message.content, message.status) for message in shown] == [
        ("one", MessageStatus.COMPLETE),
        ("So far", MessageStatus.STOPPED),
        ("two", MessageStatus.COMPLETE),
        ("Quick.", MessageStatus.COMPLETE),
    ]


def test_an_answer_goes_on_from_where_it_stopped(serve: Serve, database: Database, me: Actor) -> None:
    gate = threading.Event()
    model = ScriptedModel(Answer(deltas=["Because", " it", " never"], gate=gate), ["is", " so."])
    application = serve(model)
    asked = begun(application.chat.ask(me, "Why?"))
    until(lambda: run_of(database, asked).partial == "Because it")
    application.chat.stop(me, asked.conversation_id)
    assert ended(application, me, asked).content == "Because it"
    again = application.chat.resume(me, asked.answer_id)
    seen = follow(application, again).to_the_end()
    assert seen[-1].text == "Because it is so." and seen[0].text.startswith("Because it")
    said = ended(application, me, again)
    assert (said.content, said.status, said.can_resume) == ("Because it is so.", MessageStatus.COMPLETE, False)
    *_, told, last = [part for message in model.history[1].messages for part in message.parts]
    assert (told.content, last.content) == ("Because it", GO_ON.content)  # type: ignore[union-attr]
    stopped, whole = ledger(database, asked)
    assert (stopped.status, whole.status) == (CallStatus.STOPPED, CallStatus.COMPLETE)
    assert said.tokens == (stopped.output_tokens or 0) + (whole.output_tokens or 0)


def test_a_continuation_that_fails_loses_nothing_of_what_was_there(serve: Serve, database: Database, me: Actor) -> None:
    gate = threading.Event()
    application = serve(ScriptedModel(Answer(deltas=["Because", " it"], gate=gate), ModelKeyRefused()))
    asked = begun(application.chat.ask(me, "Why?"))
    until(lambda: run_of(database, asked).partial == "Because")
    application.chat.stop(me, asked.conversation_id)
    ended(application, me, asked)
    application.chat.resume(me, asked.answer_id)
    until(lambda: answer(application, me, asked).status is MessageStatus.INTERRUPTED)
    said = answer(application, me, asked)
    assert (said.content, said.problem) == ("Because", ModelKeyRefused.sentence)
    assert [call.status for call in ledger(database, asked)] == [CallStatus.STOPPED, CallStatus.FAILED]


def test_an_attempt_that_failed_is_booked_while_the_next_one_is_under_way(
    serve: Serve, database: Database, me: Actor
) -> None:
    """Else it would be forgotten with the process."""
    gate = threading.Event()
    application = serve(ScriptedModel(ModelRateLimitError("scripted", "slow down"), Answer(["At", " last"], gate=gate)))
    asked = begun(application.chat.ask(me, "Why?"))
    until(lambda: ledger(database, asked))
    gate.set()
    ended(application, me, asked)
    assert [call.status for call in ledger(database, asked)] == [CallStatus.FAILED, CallStatus.COMPLETE]


def test_a_title_under_way_is_booked_when_the_process_stops(serve: Serve, database: Database, me: Actor) -> None:
    model = ScriptedModel("So.", Answer(["A", " title"], gate=threading.Event()))
    application = serve(model, **REMOTE)
    asked = begun(application.chat.ask(me, "Why?"))
    ended(application, me, asked)
    until(lambda: model.open_streams)
    application.stop()
    titled = ledger(database, asked)[1]
    assert (titled.purpose, titled.status) == (CallPurpose.TITLE, CallStatus.INTERRUPTED)


def test_what_is_stopped_before_it_begins_asks_no_model(serve: Serve, database: Database, me: Actor) -> None:
    asked = ask_unattended(database, me)
    execute(database, "UPDATE answer_runs SET stop_requested_at = now()")
    age(database, asked, 6)
    model = ScriptedModel()
    application = serve(model)
    assert ended(application, me, asked).status is MessageStatus.STOPPED
    assert (model.history, ledger(database, asked)) == ([], [])


class Reluctant(RunStore):
    """Can't read what a run needs."""

    def begin(self, run_id: UUID) -> None:
        raise LookupError("a row that isn't what it should be")


def test_a_run_that_can_never_begin_is_ended_and_the_conversation_goes_on(
    serve: Serve, database: Database, me: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    application = serve(ScriptedModel("At last."))
    usual = application.runner.store
    application.runner.store = Reluctant(database, usual.assistant, usual.worker_id, usual.lost_after)
    asked = begun(application.chat.ask(me, "Why?"))
    said = ended(application, me, asked)
    assert (said.status, said.problem, ledger(database, asked)) == (MessageStatus.FAILED, ParleyError.sentence, [])
    assert f"run_not_begun reference={reference_of(asked.run_id)}" in caplog.text
    application.runner.store = usual
    again = application.chat.retry(me, asked.answer_id)
    until(lambda: answer(application, me, again).content == "At last.")


class Held(RunStore):
    """Whose answers can't end until they are let."""

    ending: threading.Semaphore
    let: threading.Event

    def finish(self, *arguments: Any, **options: Any) -> UUID | None:
        self.ending.release()
        self.let.wait()
        return super().finish(*arguments, **options)


def test_what_arrives_is_kept_however_many_answers_end(serve: Serve, database: Database, me: Actor) -> None:
    ends = 8  # as many as have a thread for it
    application = serve(ScriptedModel(Answer(deltas=["more "] * 1_000, delay=0.02), *["Short."] * ends))
    usual = application.runner.store
    store = application.runner.store = Held(database, usual.assistant, usual.worker_id, usual.lost_after)
    store.ending, store.let = threading.Semaphore(0), threading.Event()
    asked = begun(application.chat.ask(me, "Go on."))
    until(lambda: run_of(database, asked).partial)
    try:
        for number in range(ends):
            application.chat.ask(me, f"Question {number}")
        assert all(store.ending.acquire(timeout=10) for _ in range(ends))
        kept = run_of(database, asked).partial
        until(lambda: len(run_of(database, asked).partial) > len(kept), patience=5)
    finally:
        store.let.set()
    application.chat.stop(me, asked.conversation_id)
    assert ended(application, me, asked).status is MessageStatus.STOPPED


def test_who_watches_a_silent_answer_hears_of_it_all_the_same(serve: Serve, me: Actor) -> None:
    """Only then Streamlit can end the run of a page that was left."""
    model, gate = held("Well", " then")
    application = serve(model)
    asked = begun(application.chat.ask(me, "Why?"))
    following = follow(application, asked)
    until(lambda: [snapshot.text for snapshot in following.seen].count("Well") == 3)
    gate.set()
    assert following.to_the_end()[-1].text == "Well then"


# Processes that end, and others that find what they left.


def test_a_process_that_stops_keeps_what_its_answers_have(serve: Serve, database: Database, me: Actor) -> None:
    model, gate = held("So ", "far ", "no further")
    application = serve(model)
    asked = begun(application.chat.ask(me, "Why?"))
    watcher = follow(application, asked)
    until(lambda: last_text(watcher) == "So far ")
    application.stop()
    assert watcher.to_the_end()[-1] == Snapshot("So far ", is_over=True)
    said = answer(application, me, asked)
    assert (said.content, said.status) == ("So far ", MessageStatus.INTERRUPTED)
    assert run_of(database, asked).error_code == AnswerInterrupted.code
    (call,) = ledger(database, asked)
    assert (call.status, call.usage_source) == (CallStatus.INTERRUPTED, UsageSource.ESTIMATED)
    assert model.open_streams == 0
    gate.set()


def test_a_process_that_stops_lets_its_answers_finish_within_the_grace(serve: Serve, me: Actor) -> None:
    model, gate = held("All ", "of it.")
    application = serve(model, shutdown_grace=30)
    asked = begun(application.chat.ask(me, "Why?"))
    until(lambda: model.open_streams)
    stopping = threading.Thread(target=application.stop)
    stopping.start()
    until(lambda: not application.runner.is_running)
    gate.set()
    stopping.join()
    said = answer(application, me, asked)
    assert (said.content, said.status) == ("All of it.", MessageStatus.COMPLETE)


def test_what_a_dead_worker_left_is_kept_and_what_a_live_one_writes_is_left_alone(
    serve: Serve, database: Database, me: Actor
) -> None:
    dead, silent, alive = (ask_unattended(database, me) for _ in range(3))
    with database.transaction() as session:
        runs = AnswerRuns(session)
        for asked, partial in ((dead, "As far as I"), (silent, ""), (alive, "Still")):
            worker = new_id()
            assert runs.claim(asked.run_id, worker)
            runs.keep(worker, [Arrived(asked.run_id, 0, partial)])
    for asked, seconds in ((dead, 16), (silent, 16), (alive, 10)):
        age(database, asked, seconds)
    application = serve(ScriptedModel("From the beginning."))
    for asked, kept, source in ((dead, "As far as I", UsageSource.ESTIMATED), (silent, "", UsageSource.MISSING)):
        said = ended(application, me, asked)
        assert (said.content, said.status) == (kept, MessageStatus.INTERRUPTED)
        (call,) = ledger(database, asked)
        assert (call.status, call.usage_source) == (CallStatus.INTERRUPTED, source)
        assert (call.output_tokens or 0) == (said.tokens or 0) == (4 if kept else 0)
    run = run_of(database, alive)
    assert (run.status, run.partial) == (RunStatus.RUNNING, "Still")
    again = application.chat.regenerate(me, dead.answer_id)
    assert ended(application, me, again).content == "From the beginning."


def test_a_worker_that_was_given_up_writes_no_more(serve: Serve, database: Database, me: Actor) -> None:
    model, gate = held("So ", "far ", "and further")
    writer = serve(model)
    asked = begun(writer.chat.ask(me, "Why?"))
    until(lambda: run_of(database, asked).partial == "So far ")
    age(database, asked, 31)
    other = serve(ScriptedModel())
    assert ended(other, me, asked).content == "So far "
    gate.set()
    until(lambda: not model.open_streams)
    writer.stop()
    assert answer(other, me, asked).content == "So far "
    assert [call.status for call in ledger(database, asked)] == [CallStatus.INTERRUPTED]


def test_a_question_nobody_took_up_is_answered_by_another_process(serve: Serve, database: Database, me: Actor) -> None:
    waiting, recent = ask_unattended(database, me, "Anybody?"), ask_unattended(database, me)
    age(database, waiting, 6)
    application = serve(ScriptedModel("Here."))
    assert ended(application, me, waiting).content == "Here."
    assert run_of(database, recent).status is RunStatus.QUEUED


def test_a_question_to_a_process_that_stops_waits_for_another(serve: Serve, database: Database, me: Actor) -> None:
    model, gate = held("So ", "there.")
    stopping = serve(model, shutdown_grace=30)
    first = begun(stopping.chat.ask(me, "Why?"))
    until(lambda: model.open_streams)
    thread = threading.Thread(target=stopping.stop)
    thread.start()
    until(lambda: not stopping.runner.is_running)
    second = begun(stopping.chat.ask(me, "And now?"))
    watcher = follow(stopping, second)
    gate.set()
    thread.join()
    third = begun(stopping.chat.ask(me, "Anybody?"))
    for asked in (second, third):
        assert run_of(database, asked).status is RunStatus.QUEUED
        age(database, asked, 6)
    other = serve(ScriptedModel(default="Here."))
    assert [ended(other, me, asked).content for asked in (first, second, third)] == ["So there.", "Here.", "Here."]
    assert watcher.to_the_end()[-1] == Snapshot("Here.", is_over=True)


def test_a_process_that_slept_does_not_give_up_its_own_answers(serve: Serve, database: Database, me: Actor) -> None:
    """A laptop's lid, or PostgreSQL away for long: the heartbeat is old, but whoever would miss it is alive."""
    model, gate = held("Still ", "here ", "and whole.")
    application = serve(model)
    asked = begun(application.chat.ask(me, "Why?"))
    until(lambda: run_of(database, asked).partial == "Still here ")
    dead = ask_unattended(database, me)
    with database.transaction() as session:
        assert AnswerRuns(session).claim(dead.run_id, new_id())
    for old in (asked, dead):
        age(database, old, 31)
    assert ended(application, me, dead).status is MessageStatus.INTERRUPTED
    gate.set()
    said = ended(application, me, asked)
    assert (said.content, said.status) == ("Still here and whole.", MessageStatus.COMPLETE)


# A database that goes away.


@contextmanager
def away(url: URL) -> Iterator[None]:
    """Ends every connection to this database and takes no new ones."""
    name = url.database
    with autocommit(url.set(database="postgres")) as engine, engine.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false"))
        connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"))
        try:
            yield
        finally:
            connection.execute(text(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true"))


def test_an_answer_outlives_the_databases_absence(
    serve: Serve, fresh_url: URL, database: Database, me: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    model, gate = held("Nothing ", "is ", "lost.")
    application = serve(model)
    asked = begun(application.chat.ask(me, "Why?"))
    watcher = follow(application, asked)
    until(lambda: run_of(database, asked).partial == "Nothing is ")
    with away(fresh_url):
        gate.set()
        until(lambda: last_text(watcher) == "Nothing is lost.")
        until(lambda: "database_lost" in caplog.text)
    assert watcher.to_the_end()[-1] == Snapshot("Nothing is lost.", is_over=True)
    said = answer(application, me, asked)
    assert (said.content, said.status) == ("Nothing is lost.", MessageStatus.COMPLETE)
    assert len(ledger(database, asked)) == 1


def test_a_statement_that_was_cancelled_does_not_end_the_keeping(serve: Serve, database: Database, me: Actor) -> None:
    """As a statement's time-out does, when somebody holds the row for too long."""
    application = serve(ScriptedModel(Answer(deltas=["more "] * 1_000, delay=0.02)))
    asked = begun(application.chat.ask(me, "Go on."))
    until(lambda: run_of(database, asked).partial)
    with database.transaction() as session:
        session.get_one(AnswerRun, asked.run_id, with_for_update=True)
        cancel_who_waits(database)
    kept = run_of(database, asked).partial
    until(lambda: len(run_of(database, asked).partial) > len(kept), patience=3)
    application.chat.stop(me, asked.conversation_id)
    assert ended(application, me, asked).status is MessageStatus.STOPPED


def test_nor_is_the_end_of_an_answer_lost_with_it(serve: Serve, database: Database, me: Actor) -> None:
    model, gate = held("Nothing ", "is ", "lost.")
    application = serve(model)
    asked = begun(application.chat.ask(me, "Why?"))
    until(lambda: run_of(database, asked).partial)
    with database.transaction() as session:
        session.get_one(Message, asked.answer_id, with_for_update=True)  # only the end writes there
        gate.set()
        cancel_who_waits(database)
    said = ended(application, me, asked)
    assert (said.content, said.status) == ("Nothing is lost.", MessageStatus.COMPLETE)


def cancel_who_waits(database: Database) -> None:
    """Ends the statement that waits for a lock in this database, as soon as there is one."""
    cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity"
    waiting = "datname = current_database() AND wait_event_type = 'Lock'"

    def act() -> list[Any]:
        with database.reading() as session:
            return list(session.execute(text(f"{cancel} WHERE {waiting}")))

    until(act)


# Titles.

REMOTE = {"openai_base_url": "http://service.example/v1", "models": ["large"]}


def test_a_services_model_improves_the_title_once(serve: Serve, database: Database, me: Actor) -> None:
    application = serve(ScriptedModel("Like so.", "Password reset", "More."), **REMOTE)
    asked = begun(application.chat.ask(me, "how do i reset my password, please?"))
    assert application.conversations.get(me, asked.conversation_id).title == "how do i reset my password, please?"
    until(lambda: application.conversations.get(me, asked.conversation_id).title == "Password reset")
    booked = [(call.purpose, call.provider, call.model, call.cost) for call in ledger(database, asked)]
    assert booked == [
        (CallPurpose.ANSWER, "service.example", "large", None),  # no price is known: not the same as free
        (CallPurpose.TITLE, "service.example", "large", None),
    ]
    more = begun(application.chat.ask(me, "More?", conversation_id=asked.conversation_id))
    assert ended(application, me, more).content == "More."
    assert application.conversations.get(me, asked.conversation_id).title == "Password reset"


def test_the_title_a_person_gave_stays(serve: Serve, database: Database, me: Actor) -> None:
    gate = threading.Event()
    model = ScriptedModel("Like so.", Answer(deltas=["A better ", "title"], gate=gate))
    application = serve(model, **REMOTE)
    asked = begun(application.chat.ask(me, "How?"))
    until(lambda: len(model.history) == 2)
    application.conversations.rename(me, asked.conversation_id, "Mine")
    gate.set()
    until(lambda: len(ledger(database, asked)) == 2)
    assert application.conversations.get(me, asked.conversation_id).title == "Mine"


# The live answer alone.


def test_a_viewer_is_woken_by_text_and_by_the_end() -> None:
    live = LiveAnswer()
    assert live.wait_beyond(0, 0.0) == Snapshot("", is_over=False)
    waiting = Following(live.wait_beyond(length, 60.0) for length in (0, 3, 6))
    live.append("one")
    until(lambda: len(waiting.seen) == 1)
    live.append("two")
    until(lambda: len(waiting.seen) == 2)
    live.close()
    assert waiting.to_the_end() == [Snapshot("one", False), Snapshot("onetwo", False), Snapshot("onetwo", True)]
