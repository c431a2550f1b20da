"""The usage page reads its sums, and the ledger, by their indexes, whatever is asked."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, event, text

from core import clock
from core.analytics import frames, hours
from core.analytics.periods import Period
from core.analytics.slices import Slice
from core.database.engine import Database
from core.ids import derived_id
from core.models import Kind
from core.services.usage_keeping import UsageKeeper
from tests.support.builders import make_company, make_user

LARGE = ("model_calls", "usage_slots", "usage_spans", "usage_presence", "usage_latencies")
Company = tuple[UUID, UUID]
DAYS = 21
CALLS_AN_HOUR = 12 / 3
CALLS = """
    INSERT INTO model_calls (id, created_at, company_id, user_id, purpose, provider, model, input_tokens, output_tokens,
        usage_source, cost, first_token_ms, duration_ms, status)
    SELECT gen_random_uuid(), CAST(:now AS timestamptz) - n * interval '5 minutes',
        (CAST(:companies AS uuid[]))[1 + n % 3], (CAST(:people AS uuid[]))[1 + n % :size],
        CASE n % 9 WHEN 0 THEN 'title' ELSE 'answer' END, 'x', 'model-' || n % 5, 100, 10, 'exact', 0.01, 200 + n % 700,
        1000 + n % 9000, CASE n % 50 WHEN 0 THEN 'failed' ELSE 'complete' END
    FROM generate_series(1, :count) n"""


@contextmanager
def seen(connection: Connection) -> Iterator[list[tuple[str, Any]]]:
    found: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        found.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    yield found
    event.remove(connection, "before_cursor_execute", note)


@pytest.fixture
def company(database: Database) -> Company:
    """One of three, with a ledger of some weeks, and one of its people."""
    with database.transaction() as session:
        companies = [make_company(session) for _ in range(3)]
        people = [make_user(session, companies[number % 3]).id for number in range(90)]
        given = {"now": clock.now(), "companies": [one.id for one in companies], "people": people}
        session.execute(text(CALLS), given | {"count": DAYS * 288, "size": len(people)})
    keeper = UsageKeeper(database)
    keeper.begin()
    list(keeper.work())
    with database.transaction() as session:
        session.execute(text(f"ANALYZE {', '.join(LARGE)}"))
    return companies[0].id, people[0]


def scans(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The nodes that read one of the LARGE tables, or an index of it."""
    if plan.get("Relation Name") in LARGE:
        yield plan
    for part in plan.get("Plans", ()):
        yield from scans(part)


def times_of(scan: dict[str, Any]) -> str:
    """By which times of it an index is searched, if at all."""
    under = [scan, *scan.get("Plans", ())]  # a bitmap has its condition below
    return " ".join(node.get("Index Cond", "") for node in under)


def test_each_table_is_read_by_company_and_time(database: Database, company: Company) -> None:
    company_id, user_id = company
    today = clock.now().date()
    week = Period(today - timedelta(days=6), today, ZoneInfo("America/New_York"))
    day = Period(today, today, ZoneInfo("Asia/Kolkata"))
    with database.transaction() as session:
        connection = session.connection()
        with seen(connection) as statements:
            for slice_ in (
                Slice(company_id, week),
                Slice(company_id, day),
                Slice(company_id, week, models=("model-1",)),
                Slice(company_id, week, purposes=("title",)),
                Slice(company_id, week, user_ids=(user_id,)),
            ):
                for by in (None, "model", "purpose"):
                    frames.over_time(connection, slice_, by)
                frames.people_over_time(connection, slice_)
                for kind in (Kind.PERSON, Kind.ROOM):
                    frames.subjects(connection, slice_, kind)
                for read in (frames.models, frames.latency, frames.errors_by_code, hours.heat):
                    read(connection, slice_)
        assert len(statements) > 50
        # Of tables as small as these it may be faster to read all. What matters is that there is another way.
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        seen_tables = set()
        for statement, parameters in statements:
            plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
            for scan in scans(plan[0]["Plan"]):
                seen_tables.add(scan["Relation Name"])
                assert {"start", "created_at"} & set(re.findall(r"\w+", times_of(scan))), f"{statement}\n{scan}"
        assert seen_tables == set(LARGE)


def test_calls_of_a_person_and_of_a_room_are_counted_from_their_index(database: Database, company: Company) -> None:
    """They lie scattered over the ledger: each would be a page of its own."""
    company_id, user_id = company
    today = clock.now().date()
    period = Period(today - timedelta(days=6), today, ZoneInfo("UTC"))
    with database.transaction() as session:
        connection = session.connection()
        with seen(connection) as statements:
            for slice_ in (
                Slice(company_id, period, user_ids=(user_id,)),
                Slice(company_id, period, user_ids=(user_id,), models=("model-1",), purposes=("answer",)),
                Slice(company_id, period, room_ids=(derived_id("room"),)),
            ):
                for by in (None, "model", "purpose"):
                    frames.over_time(connection, slice_, by)
                for kind in (Kind.PERSON, Kind.ROOM):
                    frames.subjects(connection, slice_, kind)
                for read in (frames.people_over_time, frames.models, frames.latency, hours.heat):
                    read(connection, slice_)
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        for statement, parameters in statements:
            plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
            for scan in scans(plan[0]["Plan"]):
                if scan["Relation Name"] == "usage_spans":  # what is kept of each of them
                    assert {"start", "subject"} <= set(re.findall(r"\w+", times_of(scan))), f"{statement}\n{scan}"
                else:
                    assert scan["Node Type"] == "Index Only Scan", f"{statement}\n{scan}"


@pytest.mark.parametrize("read", [frames.whole, partial(frames.subjects, kind=Kind.PERSON)])
def test_what_somebody_used_is_added_up_from_days_whatever_they_used_in_them(
    database: Database, company: Company, read: Callable[[Connection, Slice], object]
) -> None:
    """Single calls are read where a day of theirs begins within one of UTC alone."""
    company_id, user_id = company
    today = clock.now().date()
    period = Period(today - timedelta(days=DAYS // 2 - 1), today, ZoneInfo("Asia/Kolkata"))
    slice_ = Slice(company_id, period, user_ids=(user_id,))
    with database.transaction() as session:
        # As somebody who asks all day.
        session.execute(text("UPDATE model_calls SET user_id = :me WHERE company_id = :company"),
            {"me": user_id, "company": company_id})  # fmt: skip
        connection = session.connection()
        with seen(connection) as statements:
            read(connection, slice_)
        [(statement, parameters)] = statements
        plan = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters).scalar_one()
    found = list(scans(plan[0]["Plan"]))
    assert {scan["Relation Name"] for scan in found} == {"model_calls", "usage_spans"}
    calls = sum(scan["Actual Rows"] * scan["Actual Loops"] for scan in found if scan["Relation Name"] == "model_calls")
    assert calls <= 4 * 6 * CALLS_AN_HOUR, calls
