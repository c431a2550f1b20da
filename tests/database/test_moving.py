"""Whoever would write into a database while it is moved: they are kept out, or the move is."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL

from core.config import Settings
from core.database import copying
from core.database.copying import Contents
from core.database.engine import connect
from core.database.events import Events
from core.database.migrate import migrate
from core.errors import Conflict
from core.locks import Lock
from tests.conftest import cloned
from tests.support.stalled import stalled
from tests.support.waiting import until


@pytest.fixture
def source(fresh_url: URL) -> Iterator[Engine]:
    engine = create_engine(fresh_url)
    yield engine
    engine.dispose()


@pytest.fixture
def target(server_url: URL) -> Iterator[Engine]:
    with cloned(server_url, "template0") as url:
        engine = create_engine(url)
        yield engine
        engine.dispose()


@contextmanager
def under_way(source: Engine, target: Engine) -> Iterator["Future[Contents]"]:
    """A move that can't go on before the block ends, because somebody holds a table."""
    with ThreadPoolExecutor(1) as pool, stalled(source.url) as held:
        moving = pool.submit(copying.move, source, target)
        held.wait(moving.done)
        yield moving


def is_empty(target: Engine) -> bool:
    with target.connect() as connection:
        return not connection.execute(text(copying.OBJECTS)).scalar_one()


def test_a_parley_that_starts_meanwhile_is_told_where_to_and_the_move_goes_on(
    source: Engine, target: Engine, settings: Settings
) -> None:
    started = connect(settings, source.url)
    with under_way(source, target) as moving:
        with pytest.raises(Conflict, match="is being moved to another server"):
            migrate(started.engine)
        with pytest.raises(Conflict, match="is being moved already"):
            copying.move(started.engine, target)
        started.dispose()
    assert moving.result() == copying.look_into(target)
    migrate(started.engine)  # what it was in is as it was
    started.dispose()


def test_a_lock_that_ends_like_that_of_a_move_is_another(source: Engine) -> None:
    with source.connect() as others:
        others.execute(text("SELECT pg_advisory_xact_lock((1::bigint << 32) + :key)"), {"key": Lock.MOVING})
        others.execute(text("SELECT pg_advisory_xact_lock(0, :key)"), {"key": Lock.MOVING})
        migrate(source)


@pytest.mark.parametrize("since", ["before", "meanwhile"])
@pytest.mark.parametrize("who", ["a process that serves", "a command"])
def test_one_that_runs_all_the_same_stops_the_move_and_nothing_is_there(
    who: str, since: str, source: Engine, target: Engine, settings: Settings
) -> None:
    """Whatever its address calls it, a process that serves is seen."""
    events = Events(source.url.update_query_dict({"application_name": "desk"}))
    command = connect(settings, source.url)
    start = events.start if who == "a process that serves" else command.check
    stop = events.stop if who == "a process that serves" else command.dispose
    try:
        if since == "before":
            start()
            until(lambda: who == "a command" or events.is_listening)
            with pytest.raises(Conflict, match="Parley is running"):
                copying.move(source, target)
        else:
            with under_way(source, target) as moving:
                start()
                until(lambda: who == "a command" or events.is_listening)
            with pytest.raises(Conflict, match=r"Parley is running.* Nothing was moved"):
                moving.result()
    finally:
        stop()
    assert is_empty(target)
    assert copying.move(source, target) == copying.look_into(target)
