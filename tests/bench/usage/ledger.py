"""A year of model calls, made inside PostgreSQL, and what it is summed up to by Parley itself."""

from dataclasses import dataclass
from time import perf_counter
from uuid import UUID

from rich.progress import Progress
from sqlalchemy import text

from core import clock
from core.database.engine import Database
from core.ids import derived_id
from core.permissions import Actor, Role
from core.services.usage_keeping import UsageKeeper
from tests.support.builders import make_company, make_user

PEOPLE, MODELS, DAYS = 500, 6, 365
PIECE = 500_000
CALLS = """
    INSERT INTO model_calls (id, created_at, company_id, user_id, room_id, purpose, provider, model, input_tokens,
        cached_tokens, output_tokens, usage_source, cost, first_token_ms, duration_ms, status, error_code)
    SELECT gen_random_uuid(), CAST(:now AS timestamptz) - (1 - n::float8 / CAST(:size AS int)) * interval '365 days',
        :company,
        (CAST(:people AS uuid[]))[1 + floor(random() * 500)::int],
        CASE WHEN random() < 0.3 THEN (CAST(:people AS uuid[]))[1 + floor(random() * 20)::int] END,
        CASE WHEN k < 0.85 THEN 'answer' WHEN k < 0.95 THEN 'title' WHEN k < 0.99 THEN 'tool' ELSE 'summary' END,
        'api.example.com', 'model-' || floor(power(random(), 2) * 6), (random() * 4000)::int, (random() * 500)::int,
        (random() * 800)::int, CASE WHEN random() < 0.97 THEN 'exact' ELSE 'estimated' END,
        CASE WHEN random() < 0.99 THEN (random() * 0.02)::numeric(16, 8) END, (150 * exp(0.5 * z))::int,
        (3000 * exp(0.6 * z))::int, CASE WHEN f < 0.02 THEN 'failed' ELSE 'complete' END,
        CASE WHEN f < 0.02 THEN 'model_busy' END
    FROM (SELECT n, random() AS k, random() AS f, random_normal() AS z
        FROM generate_series(CAST(:first AS int), CAST(:last AS int)) n) calls"""


@dataclass(frozen=True)
class Ledger:
    database: Database
    analyst: Actor
    person_id: UUID
    seconds: float
    """What summing it up took."""


def fill(database: Database, size: int, progress: Progress) -> Ledger:
    with database.transaction() as session:
        company = make_company(session)
        people = [make_user(session, company).id for _ in range(PEOPLE)]
    given = {"now": clock.now(), "company": company.id, "people": people, "size": size}
    for first in progress.track(range(1, size + 1, PIECE), description=f"{size:,} calls"):
        with database.transaction() as session:
            session.execute(text("SET LOCAL statement_timeout = 0"))
            session.execute(text(CALLS), given | {"first": first, "last": min(first + PIECE - 1, size)})
    keeper, began = UsageKeeper(database), perf_counter()
    keeper.begin()
    for _ in progress.track(keeper.work(), total=keeper.days_left(), description="Summed up by day"):
        pass
    seconds = perf_counter() - began
    with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM ANALYZE"))
    analyst = Actor(derived_id("analyst"), company.id, "", "Analyst", frozenset({Role.ANALYST}))
    return Ledger(database, analyst, people[0], seconds)
