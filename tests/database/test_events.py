import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from core.database.channel import KEYS_PER_PAYLOAD, NAME
from core.database.events import Events, Subscription
from core.ids import new_id
from tests.conftest import autocommit
from tests.support.waiting import PATIENCE, until


@contextmanager
def running(url: URL) -> Iterator[Events]:
    events = Events(url)
    events.start()
    try:
        until(lambda: events.is_listening)
        yield events
    finally:
        events.stop()


@pytest.fixture
def here(fresh_url: URL) -> Iterator[Events]:
    with running(fresh_url) as events:
        yield events


@pytest.fixture
def there(fresh_url: URL) -> Iterator[Events]:
    """Another process's."""
    with running(fresh_url) as events:
        yield events


async def hint(subscription: Subscription) -> float:
    """Waits for one. When it came."""
    await asyncio.wait_for(subscription.hint(), PATIENCE)
    return time.monotonic()


async def hears_nothing(subscription: Subscription) -> bool:
    try:
        await asyncio.wait_for(subscription.hint(), 0.3)
    except TimeoutError:
        return True
    return False


def break_connections(url: URL) -> None:
    with autocommit(url) as engine, engine.connect() as connection:
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'parley-events'")
        )


def test_a_change_is_heard_in_every_process_and_by_who_subscribed_to_it_only(here: Events, there: Events) -> None:
    first, second = new_id(), new_id()

    async def listen() -> None:
        with here.subscribe(first) as mine, there.subscribe(first) as theirs, there.subscribe(second) as other:
            published = time.monotonic()
            here.publish(first)
            assert max([await hint(mine), await hint(theirs)]) - published < 1
            assert await hears_nothing(other)
            there.publish(second)
            await hint(other)
            assert await hears_nothing(mine)
        here.publish(first)

    asyncio.run(listen())


def test_a_burst_goes_out_in_a_few_notifications(here: Events, there: Events, fresh_url: URL) -> None:
    conversations = [new_id() for _ in range(KEYS_PER_PAYLOAD + 10)]
    with psycopg.connect(fresh_url.set(drivername="postgresql").render_as_string(False), autocommit=True) as watching:
        watching.execute(f"LISTEN {NAME}")

        async def listen() -> None:
            with there.subscribe(conversations[0]) as first, there.subscribe(conversations[-1]) as last:
                took = time.monotonic()
                for number in range(1_000):
                    here.publish(conversations[number % len(conversations)])
                took = time.monotonic() - took
                assert took < 0.5  # nobody who publishes waits for PostgreSQL
                await hint(first)
                await hint(last)

        asyncio.run(listen())
        heard = [notify.payload.split(",") for notify in watching.notifies(timeout=0.5)]
    assert len(heard) < 10
    assert {key for keys in heard for key in keys} == {one.hex for one in conversations}


def test_after_a_lost_connection_everybody_looks_again_and_nothing_published_is_lost(
    here: Events, there: Events, fresh_url: URL
) -> None:
    conversation = new_id()

    async def listen() -> None:
        with here.subscribe(conversation) as mine, there.subscribe(conversation) as theirs:
            break_connections(fresh_url)
            await hint(mine)  # nobody said anything
            await hint(theirs)
            until(lambda: here.is_listening and there.is_listening)
            here.publish(conversation)
            await hint(theirs)
            await hint(mine)

    asyncio.run(listen())


def test_while_postgresql_is_away_this_process_hears_itself_and_others_are_told_later(
    fresh_url: URL, there: Events
) -> None:
    here = Events(fresh_url.set(database="not_there_yet"))
    here.start()
    conversation = new_id()

    async def listen() -> None:
        with here.subscribe(conversation) as mine:
            here.publish(conversation)
            await hint(mine)
            assert await hears_nothing(mine)

    asyncio.run(listen())
    assert not here.is_listening
    began = time.monotonic()
    here.stop()
    assert time.monotonic() - began < 1


def test_stopping_ends_subscriptions_and_still_sends(here: Events, there: Events) -> None:
    conversation = new_id()

    async def listen() -> None:
        with here.subscribe(conversation) as mine, there.subscribe(conversation) as theirs:
            here.publish(conversation)
            began = time.monotonic()
            here.stop()
            assert time.monotonic() - began < 1
            await hint(mine)
            assert mine.has_ended
            await hint(theirs)
            assert not theirs.has_ended
        with here.subscribe(conversation) as late:
            await hint(late)
            assert late.has_ended

    asyncio.run(listen())
    here.publish(conversation)
    here.stop()
    assert [thread.name for thread in threading.enumerate()].count("events") == 1  # the other's


def test_without_a_start_nothing_happens(fresh_url: URL) -> None:
    events = Events(fresh_url)
    events.publish(new_id())
    events.stop()
