"""A year of model calls, made inside PostgreSQL, and what it is summed up to by Parley itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from time import perf_counter
from uuid import UUID

from rich.progress import Progress
from sqlalchemy import Connection, text

from core import clock
from core.database.engine import Database
from core.ids import derived_id, new_id
from core.permissions import Actor, Role
from core.services.usage_keeping import UsageKeeper
from tests.bench.stand import Stand, run
from tests.support.builders import make_company, make_user

PEOPLE, ROOMS, DAYS = 500, 20, 365
HOUR, HOURS = timedelta(hours=1), DAYS * 24
BUSY, IDLE = 12, 1
"""How much likelier a call is between 7 and 17 o'clock UTC; at weekends a fifth as likely."""
PIECE = 24 * 14
"""Hours that are made at once."""

# People, rooms and models are unevenly used, as they are.
CALLS = """
    INSERT INTO model_calls (id, created_at, company_id, user_id, room_id, purpose, provider, model, input_tokens,
        cached_tokens, output_tokens, usage_source, cost, price_source, first_token_ms, duration_ms, status, error_code)
    SELECT uuidv7(at - clock_timestamp()), at, :company,
        (CAST(:people AS uuid[]))[1 + floor(power(who, 1.5) * array_length(CAST(:people AS uuid[]), 1))::int],
        CASE WHEN place < 0.3
            THEN (CAST(:rooms AS uuid[]))[1 + floor(place / 0.3 * array_length(CAST(:rooms AS uuid[]), 1))::int] END,
        CASE WHEN kind < 0.85 THEN 'answer' WHEN kind < 0.95 THEN 'title' WHEN kind < 0.99 THEN 'tool'
            ELSE 'summary' END,
        'api.example.com', model, CASE WHEN NOT is_missing THEN read END,
        CASE WHEN NOT is_missing THEN (read * 0.2)::int END, CASE WHEN NOT is_missing THEN written END,
        CASE WHEN is_missing THEN 'missing' WHEN sure < 0.03 THEN 'estimated' ELSE 'exact' END,
        CASE WHEN NOT is_missing AND priced > 0.01
            THEN ((read * 2.5 + written * 10) * (1 + length(model) % 3) / 1e6)::numeric(16, 8) END,
        CASE WHEN NOT is_missing AND priced > 0.01 THEN 'genai-prices' END,
        CASE WHEN end_ >= 0.015 AND kind < 0.95 THEN least(first, took) END, took,
        CASE WHEN end_ < 0.015 THEN 'failed' WHEN end_ < 0.02 THEN 'interrupted' WHEN end_ < 0.05 THEN 'stopped'
            ELSE 'complete' END,
        CASE WHEN end_ < 0.008 THEN 'model_busy' WHEN end_ < 0.012 THEN 'model_unavailable'
            WHEN end_ < 0.015 THEN 'model_refused' WHEN end_ < 0.02 THEN 'interrupted' END
    FROM (SELECT start + (n - random()) / count * interval '1 hour' AS at, random() AS who, random() AS place,
            random() AS kind, random() AS end_, random() AS sure, random() AS priced,
            'model-' || floor(power(random(), 2) * 6) AS model, (200 * exp(1.2 * random_normal()))::int + 40 AS read,
            (180 * exp(0.9 * random_normal()))::int + 1 AS written,
            (350 * exp(0.5 * random_normal()))::int + 20 AS first, (3000 * exp(0.6 * random_normal()))::int + 20 AS took
        FROM unnest(CAST(:starts AS timestamptz[]), CAST(:counts AS int[])) h (start, count)
            CROSS JOIN LATERAL generate_series(1, count) n) drawn
        CROSS JOIN LATERAL (SELECT end_ < 0.012 AS is_missing) m"""
RATINGS = """
    INSERT INTO ratings (message_id, user_id, company_id, room_id, model, score, created_at)
    SELECT gen_random_uuid(), user_id, company_id, room_id, model, CASE WHEN random() < 0.8 THEN 'up' ELSE 'down' END,
        created_at FROM model_calls WHERE purpose = 'answer' AND status = 'complete' AND random() < 0.01"""
BUSIEST = """
    SELECT subject FROM usage_spans WHERE kind = 'room' AND span = 'month'
    GROUP BY subject ORDER BY sum(calls) DESC LIMIT 1"""
SECONDARY = """
    SELECT indexname, indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND tablename = 'model_calls' AND indexname <> 'model_calls_pkey'"""
NOTES = "CREATE TABLE IF NOT EXISTS bench_notes (size int, until timestamptz, company uuid, person uuid, filled float8,"
NOTES += " summed float8, differences int, month date)"


@dataclass(frozen=True)
class Ledger:
    database: Database
    analyst: Actor
    person: Actor
    size: int
    until: datetime
    """When it was made: its last call is right before."""
    filled: float
    summed: float
    """Seconds that making it, and summing it up, took."""
    differences: int
    """Of the month that was compared."""
    room_id: UUID
    """One of the busiest."""


@contextmanager
def ledger_of(stand: Stand, size: int) -> Iterator[Ledger]:
    """Made when it isn't there from a run before."""
    with stand.kept(f"usage_{size}") as database:
        run(database.engine.url, NOTES)
        if not _notes(database):
            _fill(database, size, stand.progress)
        note = _notes(database)
        assert note
        size, until, company, person, filled, summed, differences = note
        analyst = Actor(derived_id("analyst"), company, "", "Analyst", frozenset({Role.ANALYST}))
        themselves = Actor(person, company, "", "Somebody", frozenset({Role.STAFF}))
        with database.reading() as session:
            room = session.execute(text(BUSIEST)).scalar_one()
        yield Ledger(database, analyst, themselves, size, until, filled, summed, differences, room)


def _notes(database: Database) -> "tuple[int, datetime, UUID, UUID, float, float, int] | None":
    with database.reading() as session:
        statement = "SELECT size, until, company, person, filled, summed, differences FROM bench_notes"
        row = session.execute(text(statement)).one_or_none()
        return row and tuple(row)  # type: ignore[return-value]


def _fill(database: Database, size: int, progress: Progress) -> None:
    until, began = clock.now(), perf_counter()
    run(database.engine.url, "TRUNCATE companies CASCADE", "TRUNCATE ratings, usage_numbers, usage_rebuilds")
    with database.transaction() as session:
        made = make_company(session)
        company, people = made.id, [make_user(session, made).id for _ in range(PEOPLE)]
    given = {"company": company, "people": people, "rooms": [new_id() for _ in range(ROOMS)]}
    engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        # The rows are right, and to look that up ten million times takes longer than to make them.
        for setting in ("session_replication_role = replica", "synchronous_commit = off", "statement_timeout = 0"):
            connection.execute(text(f"SET {setting}"))
        connection.execute(text("SET maintenance_work_mem = '512MB'"))
        indexes = {str(name): str(definition) for name, definition in connection.execute(text(SECONDARY))}
        for name in indexes:
            connection.execute(text(f"DROP INDEX {name}"))
        _insert(connection, size, until, given, progress)
        connection.execute(text(RATINGS))
        for definition in progress.track(indexes.values(), description="Indexes"):
            connection.execute(text(definition))
        connection.execute(text("RESET ALL"))
    run(database.engine.url, "SET statement_timeout = 0", "VACUUM ANALYZE model_calls", "ANALYZE")
    filled, began = perf_counter() - began, perf_counter()
    keeper = UsageKeeper(database)
    keeper.begin()
    for _ in progress.track(keeper.work(), total=keeper.days_left(), description="Summed up by day"):
        pass
    summed = perf_counter() - began
    run(database.engine.url, "SET statement_timeout = 0", "VACUUM ANALYZE")
    month = (until - timedelta(days=180)).date().replace(day=1)
    differences = len(keeper.verify(month))
    note = {"size": size, "until": until, "company": company, "person": people[7], "filled": filled}
    note |= {"summed": summed, "differences": differences, "month": month}
    with database.transaction() as session:
        columns = ", ".join(note)
        session.execute(text(f"INSERT INTO bench_notes ({columns}) VALUES (:{', :'.join(note)})"), note)


def _insert(connection: Connection, size: int, until: datetime, given: dict[str, object], progress: Progress) -> None:
    starts = [until - HOUR * (HOURS - number) for number in range(HOURS)]
    # What is left over by rounding goes on to the hour behind, so that they come to `size`.
    weights = list(accumulate((_weight(start) for start in starts), initial=0.0))
    counts = [
        round(after / weights[-1] * size) - round(before / weights[-1] * size) for before, after in pairwise(weights)
    ]
    for first in progress.track(range(0, HOURS, PIECE), description=f"{size:,} calls"):
        piece = {"starts": starts[first : first + PIECE], "counts": counts[first : first + PIECE]}
        connection.execute(text(CALLS), given | piece)


def _weight(hour: datetime) -> float:
    return (BUSY if 7 <= hour.hour < 17 else IDLE) * (0.2 if hour.weekday() >= 5 else 1.0)
