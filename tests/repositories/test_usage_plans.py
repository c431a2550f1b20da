"""The usage page reads its sums, and the ledger, by their indexes, whatever is asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, event, text

from core import clock
from core.analytics import frames
from core.analytics.periods import Period
from core.analytics.slices import Slice
from core.database.engine import Database
from core.models import Kind
from core.services.usage_keeping import UsageKeeper
from tests.support.builders import make_company, make_user

LARGE = ("model_calls", "usage_slots", "usage_spans", "usage_presence", "usage_latencies")
DAYS = 21
CALLS = """
    INSERT INTO model_calls (id, created_at, company_id, user_id, purpose, provider, model, input_tokens, output_tokens,
        usage_source, cost, first_token_ms, duration_ms, status)
    SELECT gen_random_uuid(), CAST(:now AS timestamptz) - n * interval '5 minutes',
        (CAST(:companies AS uuid[]))[1 + n % 3], (CAST(:people AS uuid[]))[1 + n % 3],
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
def company(database: Database) -> tuple[UUID, UUID]:
    """One of three, with a ledger of some weeks, and one of its people."""
    with database.transaction() as session:
        companies = [make_company(session) for _ in range(3)]
        people = [make_user(session, one).id for one in companies]
        given = {"now": clock.now(), "companies": [one.id for one in companies], "people": people}
        session.execute(text(CALLS), given | {"count": DAYS * 288})
    keeper = UsageKeeper(database)
    keeper.begin()
    list(keeper.work())
    with database.transaction() as session:
        session.execute(text(f"ANALYZE {', '.join(LARGE)}"))
    return companies[0].id, people[0]


def test_no_table_is_read_from_end_to_end(database: Database, company: tuple[UUID, UUID]) -> None:
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
                for read in (frames.models, frames.latency, frames.errors_by_code, frames.heat):
                    read(connection, slice_)
        assert len(statements) > 50
        for statement, parameters in statements:
            plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars())
            scanned = [table for table in LARGE if f"Seq Scan on {table}" in plan]
            assert not scanned, f"{statement}\n{plan}"
