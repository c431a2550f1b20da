"""The sums equal the ledger, whatever was booked and rated in which order, and a rebuild mends what does not."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session

from core import clock
from core.database.engine import Database
from core.ids import derived_id, new_id
from core.models import CallPurpose, CallStatus, ModelCall, Rating, Score, UsageSource
from core.repositories.model_calls import ModelCalls
from core.repositories.usage_rollups import ALL, OF_CALLS, RATINGS, Rollup
from core.services.usage_keeping import UsageKeeper
from tests.support.builders import make_company
from tests.support.ledgers import World, calls_between
from tests.support.properties import tried

PEOPLE = tuple(derived_id("person", str(number)) for number in range(3))
ROOMS = tuple(derived_id("room", str(number)) for number in range(2))


def differences(keeper: UsageKeeper) -> list[str]:
    return [f"{found.table} {found.keys}" for month in keeper.months() for found in keeper.verify(month)]


def ledger(session: Session, data: st.DataObject) -> tuple[World, list[ModelCall]]:
    world, now = World(make_company(session).id, PEOPLE, ROOMS), clock.now()
    made = calls_between(world, now - timedelta(days=40), now, (now - timedelta(days=30),))
    return world, data.draw(st.lists(made, min_size=1, max_size=20))


def sums(session: Session) -> dict[str, list[str]]:
    selects = {rollup.table: text(f"SELECT {rollup.columns} FROM {rollup.table}") for rollup in ALL}
    return {table: sorted(str(tuple(row)) for row in session.execute(select)) for table, select in selects.items()}


@tried(10)
@given(st.data())
def test_sums_equal_the_ledger_after_any_bookings(database: Database, data: st.DataObject) -> None:
    keeper = UsageKeeper(database)
    with database.transaction() as session:
        _, calls = ledger(session, data)
        for batch in data.draw(st.lists(st.lists(st.sampled_from(calls), max_size=6), max_size=6)):
            ModelCalls(session).add_all(list({call.id: call for call in batch}.values()))
    assert differences(keeper) == []
    with database.reading() as session:
        before = sums(session)
    keeper.begin()
    list(keeper.work())
    assert keeper.days_left() == 0
    with database.reading() as session:
        assert sums(session) == before


def a_ledger(session: Session, world: World, apart: timedelta = timedelta(days=6)) -> list[ModelCall]:
    """Of which each table of calls has rows: several days, a room, a failure."""
    now = clock.now()
    calls = [
        ModelCall(
            company_id=world.company_id,
            created_at=now - apart * number,
            user_id=PEOPLE[number % 3],
            room_id=ROOMS[0] if number % 2 else None,
            purpose=CallPurpose.ANSWER,
            provider="api.example.com",
            model=f"model-{number}",
            input_tokens=10,
            output_tokens=5,
            usage_source=UsageSource.EXACT,
            cost=Decimal("0.001"),
            first_token_ms=100,
            duration_ms=900,
            status=CallStatus.FAILED if number == 3 else CallStatus.COMPLETE,
        )
        for number in range(4)
    ]
    ModelCalls(session).add_all(calls)
    return calls


@pytest.mark.parametrize("rollup", ALL, ids=lambda rollup: rollup.table)
def test_verify_names_what_differs_and_a_rebuild_mends_it(database: Database, rollup: Rollup) -> None:
    keeper, table = UsageKeeper(database), rollup.table
    with database.transaction() as session:
        world = World(make_company(session).id, PEOPLE, ROOMS)
        a_ledger(session, world)
        rated = Rating(
            message_id=new_id(),
            user_id=PEOPLE[0],
            company_id=world.company_id,
            model="model-0",
            score=Score.UP,
            created_at=clock.now(),
        )
        session.add(rated)
        session.flush()
        session.execute(text(RATINGS.add("ratings")))
    assert differences(keeper) == []
    column = next(iter(rollup.sums))
    other = "~people" if column == "people" else f"{column} + 1"
    copied = ", ".join("'stray'" if key == "model" else key for key in rollup.keys)
    pieces = [f"span = '{span}'" for span in rollup.spans]
    if "grain" in rollup.keys:
        with database.reading() as session:
            grains = session.execute(text(f"SELECT DISTINCT grain FROM {table}")).scalars()
            pieces = [f"grain = '{grain}'" for grain in grains]
    first = f"ctid = (SELECT min(ctid) FROM {table})"
    harms = [
        *(f"DELETE FROM {table} WHERE ctid = (SELECT max(ctid) FROM {table} WHERE {piece})" for piece in pieces),
        f"INSERT INTO {table} ({rollup.columns}) SELECT {copied}, {', '.join(rollup.sums)} FROM {table} WHERE {first}",
        f"UPDATE {table} SET {column} = {other} WHERE {first}",
    ]
    for harm in harms:
        with database.transaction() as session:
            session.execute(text(harm))
        found = differences(keeper)
        assert found
        assert all(line.startswith(table) for line in found)
        keeper.begin()
        list(keeper.work())
        assert differences(keeper) == []


def test_people_book_while_the_sums_are_made_anew(fresh_database: Database) -> None:
    keeper, stop = UsageKeeper(fresh_database), threading.Event()
    with fresh_database.transaction() as session:
        world = World(make_company(session).id, PEOPLE, ROOMS)
        a_ledger(session, world)
    booked = [0, 0]

    def book(place: int) -> None:
        while not stop.is_set():
            with fresh_database.transaction() as session:
                booked[place] += len(a_ledger(session, world, timedelta()))

    threads = [threading.Thread(target=book, args=(place,)) for place in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            keeper.begin()
            list(keeper.work())
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert min(booked) > 0
    assert differences(keeper) == []


def test_a_rebuild_goes_on_where_it_was_interrupted(database: Database) -> None:
    keeper = UsageKeeper(database)
    with database.transaction() as session:
        a_ledger(session, World(make_company(session).id, PEOPLE, ROOMS))
        for rollup in OF_CALLS:
            session.execute(text(f"DELETE FROM {rollup.table}"))
    keeper.begin()
    days = keeper.days_left()
    assert days == 19
    work = keeper.work()
    assert [next(work) for _ in range(7)].count(1) == 2  # and nobody asks for the next
    another = UsageKeeper(database)
    assert another.days_left() == days - 7
    assert sum(another.work()) == 2
    assert another.days_left() == 0
    assert differences(another) == []
