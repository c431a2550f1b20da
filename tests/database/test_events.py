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
from core.database.events import Events, Heard, Hint, Subscription
from core.ids import new_id
from tests.conftest import autocommit
from tests.support.listening import break_connections
from tests.support.waiting import PATIENCE, until

SOON = 3.0
"""Seconds; who waits for a connection that doesn't come about takes five."""


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


async def told(subscription: Subscription) -> Heard:
    """Waits for something."""
    while True:
        await asyncio.wait_for(subscription.hint(), PATIENCE)
        heard, has_missed = subscription.take()
        if heard or has_missed or subscription.has_ended:
            return heard


async def hears(subscription: Subscription, wanted: Heard) -> None:
    """Waits until it has heard exactly that."""
    heard: Heard = set()
    while heard < wanted:
        heard |= await told(subscription)
    assert heard == wanted


async def hears_nothing(subscription: Subscription) -> bool:
    try:
        await asyncio.wait_for(told(subscription), 0.3)
    except TimeoutError:
        return True
    return False


def test_a_change_is_heard_in_every_process_as_what_it_is(here: Events, there: Events) -> None:
    room, person = new_id(), new_id()

    async def listen() -> None:
        with here.subscribe() as mine, there.subscribe() as theirs:
            assert mine.take() == theirs.take() == (set(), True)  # what was before, nobody knows
            published = time.monotonic()
            here.publish(room)
            await hears(mine, {(Hint.CHANGED, room)})
            await hears(theirs, {(Hint.CHANGED, room)})
            assert time.monotonic() - published < SOON
            for publish, id_ in (
                (there.publish_presence, room),
                (there.publish_reads, room),
                (there.publish_person, person),
                (there.publish_rooms, person),
            ):
                publish(id_)
            told_all = {(Hint.PRESENCE, room), (Hint.READS, room), (Hint.PERSON, person), (Hint.ROOMS, person)}
            await hears(mine, told_all)
            await hears(theirs, told_all)
            assert await hears_nothing(mine)
        here.publish(room)

    asyncio.run(listen())


def test_what_a_newer_release_says_is_not_heard_and_stops_nothing(here: Events, fresh_url: URL) -> None:
    room = new_id()

    async def listen() -> None:
        with here.subscribe() as mine:
            mine.take()
            for payload in (f"z{new_id().hex}", "", "x" * 100, f"{room.hex},q"):
                notify(fresh_url, payload)
            await hears(mine, {(Hint.CHANGED, room)})

    asyncio.run(listen())


def notify(url: URL, payload: str) -> None:
    with autocommit(url) as engine, engine.connect() as connection:
        connection.execute(text("SELECT pg_notify(:name, :payload)"), {"name": NAME, "payload": payload})


def test_a_burst_goes_out_in_a_few_notifications(here: Events, there: Events, fresh_url: URL) -> None:
    conversations = [new_id() for _ in range(KEYS_PER_PAYLOAD + 10)]
    with psycopg.connect(fresh_url.set(drivername="postgresql").render_as_string(False), autocommit=True) as watching:
        watching.execute(f"LISTEN {NAME}")

        async def listen() -> None:
            with there.subscribe() as mine:
                mine.take()
                took = time.monotonic()
                for number in range(1_000):
                    here.publish(conversations[number % len(conversations)])
                took = time.monotonic() - took
                assert took < 2  # nobody who publishes waits for PostgreSQL
                await hears(mine, {(Hint.CHANGED, one) for one in conversations})

        asyncio.run(listen())
        heard = [notify.payload.split(",") for notify in watching.notifies(timeout=0.5)]
    assert len(heard) < 10
    assert {key for keys in heard for key in keys} == {one.hex for one in conversations}


def test_after_a_lost_connection_everybody_looks_again_and_nothing_published_is_lost(
    here: Events, there: Events, fresh_url: URL
) -> None:
    conversation = new_id()

    async def listen() -> None:
        with here.subscribe() as mine, there.subscribe() as theirs:
            assert mine.take() == theirs.take() == (set(), True)
            break_connections(fresh_url)
            for one in (mine, theirs):
                await asyncio.wait_for(one.hint(), PATIENCE)
                assert one.take() == (set(), True)  # nobody said anything
            until(lambda: here.is_listening and there.is_listening)
            here.publish(conversation)
            await hears(theirs, {(Hint.CHANGED, conversation)})
            await hears(mine, {(Hint.CHANGED, conversation)})

    asyncio.run(listen())


def test_while_postgresql_is_away_this_process_hears_itself_and_others_are_told_later(
    fresh_url: URL, there: Events
) -> None:
    here = Events(fresh_url.set(database="not_there_yet"))
    here.start()
    conversation = new_id()

    async def listen() -> None:
        with here.subscribe() as mine:
            mine.take()
            here.publish(conversation)
            await hears(mine, {(Hint.CHANGED, conversation)})
            assert await hears_nothing(mine)

    asyncio.run(listen())
    assert not here.is_listening
    began = time.monotonic()
    here.stop()
    assert time.monotonic() - began < SOON


def test_stopping_ends_subscriptions_and_still_sends(here: Events, there: Events) -> None:
    conversation = new_id()

    async def listen() -> None:
        with here.subscribe() as mine, there.subscribe() as theirs:
            mine.take()
            theirs.take()
            here.publish(conversation)
            began = time.monotonic()
            here.stop()
            assert time.monotonic() - began < SOON
            await told(mine)
            assert mine.has_ended
            await hears(theirs, {(Hint.CHANGED, conversation)})
            assert not theirs.has_ended
        with here.subscribe() as late:
            await told(late)
            assert late.has_ended

    asyncio.run(listen())
    here.publish(conversation)
    here.stop()
    assert [thread.name for thread in threading.enumerate()].count("events") == 1  # the other's


def test_without_a_start_nothing_happens(fresh_url: URL) -> None:
    events = Events(fresh_url)
    events.publish(new_id())
    events.stop()
