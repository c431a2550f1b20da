"""PostgreSQL says nothing, hangs up, or is not there: what a caller sees, and how soon."""

import logging
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from core.config import Settings
from core.database.engine import Database, connect, postgres_url
from core.database.watchdog import IDLE_BEFORE_PING, unhurried, watch
from core.errors import DatabaseUnavailable
from tests.conftest import autocommit
from tests.support.waiting import at_once, until

PATIENCE = 0.4
CONNECT_TIMEOUT = 2  # libpq knows no shorter one
SOON = 3.0
"""Seconds; several times the patience, so that a slow machine fails no test."""


@pytest.fixture
def engine(fresh_url: URL) -> Iterator[Engine]:
    engine = create_engine(fresh_url)
    watch(engine, patience=PATIENCE, ping_patience=PATIENCE)
    yield engine
    engine.dispose()


@pytest.fixture
def database(engine: Engine) -> Database:
    return Database(engine)


def backend(session: Session) -> int:
    return int(session.execute(text("SELECT pg_backend_pid()")).scalar_one())


def backend_of(database: Database) -> int:
    with database.transaction() as session:
        return backend(session)


@contextmanager
def halted(*pids: int) -> Iterator[None]:
    """These processes of the server take what is sent to them and do nothing."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def refused_soon() -> Iterator[None]:
    began = time.monotonic()
    with pytest.raises(DatabaseUnavailable):
        yield
    assert time.monotonic() - began < SOON


@pytest.fixture
def outside(server_url: URL) -> Iterator[Connection]:
    """An administrator's."""
    with autocommit(server_url) as engine, engine.connect() as connection:
        yield connection


def end_connections(outside: Connection, database: Database) -> int:
    """As a restart does it; they are gone when this returns. How many there were."""
    of_database = "FROM pg_stat_activity WHERE datname = :name"
    name = {"name": database.engine.url.database}
    ended = outside.execute(text(f"SELECT pg_terminate_backend(pid) {of_database}"), name).scalars().all()
    until(lambda: not outside.execute(text(f"SELECT count(*) {of_database}"), name).scalar_one())
    return len(ended)


def look(database: Database, seconds: float = 0.0) -> None:
    with database.reading() as session:
        session.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": seconds})


def fill_pool(database: Database) -> None:
    """Several connections rest in it."""
    assert at_once(4, lambda _: look(database, 0.02)) == [None] * 4


def test_a_statement_that_is_not_answered(database: Database) -> None:
    with refused_soon(), database.transaction() as session:
        pid = backend(session)
        with halted(pid):
            session.execute(text("SELECT 1"))
    assert backend_of(database) != pid


def test_a_commit_that_is_not_answered(database: Database) -> None:
    with refused_soon(), halted_at_end(database):
        pass
    database.check()


@contextmanager
def halted_at_end(database: Database) -> Iterator[None]:
    """A transaction whose server falls silent after the last statement."""
    pid = 0
    try:
        with database.transaction() as session:
            session.execute(text("CREATE TABLE IF NOT EXISTS written (id int)"))
            pid = backend(session)
            os.kill(pid, signal.SIGSTOP)
            yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_rollback_that_is_not_answered(database: Database) -> None:
    began = time.monotonic()
    with pytest.raises((KeyError, DatabaseUnavailable)), halted_at_end(database):
        raise KeyError
    assert time.monotonic() - began < SOON
    database.check()


def test_connections_that_fell_silent_at_rest_are_replaced_before_anybody_gets_one(
    outside: Connection, database: Database
) -> None:
    fill_pool(database)
    time.sleep(IDLE_BEFORE_PING)
    name = {"name": database.engine.url.database}
    pids = outside.execute(text("SELECT pid FROM pg_stat_activity WHERE datname = :name"), name).scalars().all()
    assert len(pids) > 1
    with halted(*pids):
        began = time.monotonic()
        look(database)
        assert PATIENCE <= time.monotonic() - began < SOON
        began = time.monotonic()
        for _ in pids[1:]:
            look(database)
        assert time.monotonic() - began < PATIENCE * (len(pids) - 1), "all were dropped with the first"


def test_a_server_that_takes_calls_and_never_answers(settings: Settings) -> None:
    """One caller waits for the time-out, those who come meanwhile are told at once."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = postgres_url("postgresql://ada@{}:{}/parley".format(*listening.getsockname()))
        database = connect(settings.model_copy(update={"database_connect_timeout": CONNECT_TIMEOUT}), url)

        def refused_after(_: int) -> float:
            began = time.monotonic()
            with pytest.raises(DatabaseUnavailable):
                look(database)
            return time.monotonic() - began

        assert CONNECT_TIMEOUT <= refused_after(0) < CONNECT_TIMEOUT + SOON
        *told_at_once, tried = sorted(outcome for outcome in at_once(8, refused_after) if isinstance(outcome, float))
        assert len(told_at_once) == 7
        assert max(told_at_once) < CONNECT_TIMEOUT <= tried


def test_a_restart_is_noticed_by_nobody(outside: Connection, database: Database) -> None:
    for _ in range(50):
        fill_pool(database)
        assert end_connections(outside, database) > 1
        look(database)


def test_what_the_server_says_to_a_resting_connection_does_not_end_it(database: Database) -> None:
    pid = backend_of(database)
    with database.transaction() as session:
        session.execute(text("LISTEN something"))
    with autocommit(database.engine.url) as outside, outside.connect() as connection:
        connection.execute(text("NOTIFY something"))
    assert backend_of(database) == pid


def test_what_may_take_any_time_is_waited_for(engine: Engine, database: Database) -> None:
    with engine.connect() as connection:
        with unhurried(connection):
            connection.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": PATIENCE * 1.5})
        with pytest.raises(OperationalError):
            connection.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": SOON})
    look(database)


def test_an_outage_is_two_lines_in_the_log(
    outside: Connection, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    def act(number: int) -> None:
        if number:
            look(database, PATIENCE * 0.9)
        else:
            time.sleep(PATIENCE * 0.5)
            end_connections(outside, database)

    look(database)
    outcomes = at_once(5, act)
    assert [type(outcome) for outcome in outcomes[1:]] == [DatabaseUnavailable] * 4
    assert end_connections(outside, database) == 0
    look(database)
    lines = [record.getMessage().partition(" ")[0] for record in caplog.records if record.levelno > logging.INFO]
    assert lines == ["database_lost", "database_back"]


def test_a_statement_that_postgres_gave_up_is_named_in_the_log_without_its_values(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(DatabaseUnavailable), database.transaction() as session:
        session.execute(text("SET LOCAL statement_timeout = 50"))
        session.execute(text("SELECT pg_sleep(1)\n WHERE length(:word) > 0"), {"word": "private"})
    [line] = [record.getMessage() for record in caplog.records if record.levelno > logging.INFO]
    assert line == "statement_given_up state=57014 statement=SELECT pg_sleep(1) WHERE length(%(word)s) > 0"
