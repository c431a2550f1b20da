"""PostgreSQL goes away and comes back while people ask and answers arrive: nobody loses anything, nothing is twice."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from core.errors import DatabaseUnavailable
from core.models import CallStatus, MessageStatus, UsageSource
from core.ui.failures import WHILE_AWAY
from tests.e2e.served import STREAMLIT, Parley, served
from tests.faults.conftest import House, OpenTab, first_person, only_whole, rounds
from tests.faults.kept import Kept
from tests.faults.lossy import LossyWire
from tests.faults.postgres import Postgres
from tests.support.openai_server import USAGE, OpenAIServer, Reply
from tests.support.tab import Tab
from tests.support.waiting import until

BACK = 40.0
"""Seconds until everything goes on again after the worst of it."""
AWAY = DatabaseUnavailable.sentence
CRASHES = ("page_crashed", "run_crashed", "answer_crashed", "keeping_failed", "sweep_failed")

Fault = Callable[[Postgres, Kept, Random], None]


def shut_down_at_once(postgres: Postgres, _kept: Kept, chance: Random) -> None:
    postgres.crash(signal.SIGQUIT)
    time.sleep(chance.uniform(0.0, 2.0))
    postgres.start()


def kill_the_postmaster(postgres: Postgres, _kept: Kept, chance: Random) -> None:
    postgres.crash(signal.SIGKILL)
    time.sleep(chance.uniform(0.0, 2.0))
    postgres.start()


def end_connections(_postgres: Postgres, kept: Kept, _chance: Random) -> None:
    """As an administrator does it."""
    assert kept.terminate_backends()


def kill_a_backend(_postgres: Postgres, kept: Kept, chance: Random) -> None:
    """`kill -9` of one: the postmaster ends all the others and recovers."""
    with suppress(ProcessLookupError):
        os.kill(chance.choice(kept.backends()), signal.SIGKILL)


FAULTS: tuple[Fault, ...] = (shut_down_at_once, kill_a_backend, end_connections, kill_the_postmaster)


def test_nothing_is_lost_while_postgres_is_away(
    parley: Parley,
    kept: Kept,
    postgres: Postgres,
    provider: OpenAIServer,
    tab: OpenTab,
    chance: Random,
    tally: Counter[str],
) -> None:
    """One process all along. Three tabs have their answers written when it happens, one asks in the midst of it."""
    tabs = [tab() for _ in range(4)]
    log_before = parley.log_size
    for number in range(rounds(30)):
        fault = FAULTS[number % len(FAULTS)]
        asked = {one: f"postgres-{number}-{place}" for place, one in enumerate(tabs)}
        wholes = {question: script(provider, question, chance) for question in asked.values()}
        *early, late = tabs
        for one in early:
            ask_until_it_is_there(one, asked[one])
        time.sleep(chance.uniform(0.0, 1.5))
        accident = threading.Thread(target=fault, args=(postgres, kept, chance))
        began = time.monotonic()
        accident.start()
        time.sleep(chance.uniform(0.0, 0.5))
        ask_until_it_is_there(late, asked[late])
        accident.join()
        for one in tabs:
            wait_whole(one, asked[one], wholes[asked[one]])
        print(f"round {number}: {fault.__name__}, all whole after {time.monotonic() - began:.1f} s")
        until(lambda: kept.active_runs() == 0)
        for question, whole in wholes.items():
            check(question, whole, kept, provider)
        assert kept.gaps() == []
        tally.update({f"postgres: {fault.__name__}": 1, "questions": len(asked), "answers whole": len(asked)})
    assert {alert for one in tabs for alert in one.alerts_seen} <= {AWAY, WHILE_AWAY}
    assert [crash for crash in CRASHES if crash in parley.logged(log_before)] == []


@only_whole
def test_a_commit_that_nobody_heard_of_is_not_done_twice(
    house: House,
    kept: Kept,
    provider: OpenAIServer,
    tab: OpenTab,
    chance: Random,
    tally: Counter[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Every fifth connection that commits breaks before the answer to it, whatever the commit was for."""
    url = kept.make_database("lossy")
    with LossyWire(Path(str(url.query["host"])) / ".s.PGSQL.5432", chance).serving() as wire:
        address = f"postgresql://postgres@127.0.0.1:{wire.port}/lossy?gssencmode=disable&sslmode=disable"
        folder = tmp_path_factory.mktemp("lossy")
        settings = house.settings | {"PARLEY_DATA_DIR": str(folder / "data"), "DATABASE_URL": address}
        with served(Parley(folder, STREAMLIT, **settings)) as parley:
            check_lossy(parley, wire, Kept(url), provider, tab, chance)
    tally["postgres: commits not heard of"] += wire.lost


def check_lossy(
    parley: Parley, wire: LossyWire, kept: Kept, provider: OpenAIServer, tab: OpenTab, chance: Random
) -> None:
    token = first_person(parley)
    tabs = [tab(at=parley, token=token) for _ in range(4)]
    asked_before = len(provider.requests)
    wire.share = 0.2
    for number in range(rounds(10)):
        asked = {one: f"lossy-{number}-{place}" for place, one in enumerate(tabs)}
        wholes = {question: script(provider, question, chance) for question in asked.values()}
        for one, question in asked.items():
            ask_until_it_is_there(one, question)
        for one, question in asked.items():
            wait_whole(one, question, wholes[question])
        until(lambda: kept.active_runs() == 0, patience=BACK)
        for question, whole in wholes.items():
            check(question, whole, kept, provider)
        assert kept.gaps() == []
    wire.share = 0.0
    until(lambda: kept.count("model_calls") == len(provider.requests) - asked_before)


def script(provider: OpenAIServer, question: str, chance: Random) -> str:
    chunks = [f"{question}-{number:03d} " for number in range(60)]
    provider.replies_to[question] = [Reply(chunks, delay=chance.uniform(0.02, 0.05))]
    return "".join(chunks)


def ask_until_it_is_there(tab: Tab, question: str) -> None:
    """As a person does who is told that the database is away, and whose browser connects again by itself."""
    deadline = time.monotonic() + BACK
    while time.monotonic() < deadline:
        if not tab.is_open:
            tab.reopen(BACK)
        if tab.can_ask and not tab.is_drawing:
            tab.ask(question)
        elif not tab.is_drawing:
            tab.rerun()  # they reload the page
        tab.until(lambda: question in tab.questions or not tab.is_open or not tab.is_drawing, BACK)
        if question in tab.questions:
            return
    pytest.fail(f"{question} did not get through:\n{tab}")


def wait_whole(tab: Tab, question: str, whole: str) -> None:
    deadline = time.monotonic() + BACK
    while not tab.is_settled(question, whole):
        assert time.monotonic() < deadline, f"not back on the page:\n{tab}"
        tab.until(lambda: tab.is_settled(question, whole) or not tab.is_open or (not tab.is_drawing), BACK)
        if not tab.is_open:
            tab.reopen(BACK)
        elif not tab.is_settled(question, whole):
            assert AWAY in tab.alerts, f"neither whole nor said to be away:\n{tab}"
            time.sleep(0.2)
            tab.rerun()


def check(question: str, whole: str, kept: Kept, provider: OpenAIServer) -> None:
    """One question, one answer with all of its text, one call made, one booked, with the figures of the provider."""
    assert len(kept.questions(question)) == 1
    [answer] = kept.answers_to(question)
    assert (answer.status, answer.content) == (MessageStatus.COMPLETE, whole)
    assert len(provider.requests_with(question)) == 1
    [call] = kept.calls(question)
    assert (call.status, call.usage_source) == (CallStatus.COMPLETE, UsageSource.EXACT)
    assert call.output_tokens == USAGE["completion_tokens"]
