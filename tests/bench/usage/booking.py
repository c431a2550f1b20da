"""What the sums cost when a call is booked: time, WAL, and sixteen writers at once."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count
from statistics import median
from uuid import UUID

from sqlalchemy import text

from core import clock
from core.database.engine import Database
from core.ids import new_id
from core.models import CallPurpose, CallStatus, ModelCall, UsageSource
from core.repositories.model_calls import ModelCalls
from tests.bench.measure import Timing, interleaved, p95
from tests.bench.rooms.appending import wal_of
from tests.bench.rooms.writers import together
from tests.bench.stand import Stand, run
from tests.bench.table import Row, at_least, at_most, kilobytes, ms, per_second
from tests.bench.usage.ledger import Ledger
from tests.support.builders import make_company, make_user

WRITERS = 16
ROWS = [
    "1 calls, book a call with its sums",
    "1 calls, WAL of that",
    "1 calls, 16 book at once",
    "1 calls, the sums of 1 such calls",
]
TOKENS = 120
"""That each call writes."""
ALONE = text("INSERT INTO model_calls SELECT * FROM json_populate_recordset(NULL::model_calls, CAST(:rows AS json))")
COUNTED = text(
    "SELECT (SELECT count(*) FROM model_calls WHERE company_id = :company),"
    " (SELECT coalesce(sum(calls), 0)::bigint FROM usage_spans WHERE company_id = :company AND kind = 'person'"
    " AND span = 'month'), (SELECT coalesce(sum(output_tokens), 0)::bigint FROM usage_slots"
    " WHERE company_id = :company AND grain = 'hour' AND face = 'total'),"
    " (SELECT coalesce(sum(calls), 0)::bigint FROM usage_latencies WHERE company_id = :company"
    " AND clocked = 'duration' AND span = 'day' AND model = '')"
)


def measure(stand: Stand, ledger: Ledger) -> list[Row]:
    """Beside the large ledger, in a company of their own, which is gone again afterwards."""
    name, database = f"{ledger.size:,} calls", ledger.database
    with _company(database) as (company, people), _company(database) as (other, strangers):
        numbers = count()

        def call(company_id: UUID, users: list[UUID], place: int | None = None) -> ModelCall:
            number = next(numbers)
            return made_call(company_id, users[(number if place is None else place) % len(users)], number)

        def summed() -> None:
            _book(database, call(company, people))

        def alone() -> None:
            _insert(database, call(other, strangers))

        ours, floor = interleaved([summed, alone], rounds=stand.rounds(60, 10, "booking"), batch=10)
        wal, floor_wal = (wal_of(database.engine.url, one, stand.pick(1_000, 100)) for one in (summed, alone))
        rows = [
            at_most(
                f"{name}, book a call with its sums",
                _both(ours),
                f"{_both(floor)} its row alone",
                ours.ratio(floor),
            ),
            at_most(f"{name}, WAL of that", kilobytes(wal), f"{kilobytes(floor_wal)} its row alone", wal / floor_wal),
        ]
        booking = [partial(lambda n: _book(database, call(company, people, n)), n) for n in range(WRITERS)]
        inserting = [partial(lambda n: _insert(database, call(other, strangers, n)), n) for n in range(WRITERS)]
        rows += _at_once(stand, name, booking, inserting)
        with database.reading() as session:
            calls, of_people, tokens, clocked = session.execute(COUNTED, {"company": company}).one()
        fault = None if calls == of_people == clocked and calls * TOKENS == tokens else "not the same"
        rows.append(Row(f"{name}, the sums of {calls:,} such calls", fault or "exact", goal="exact"))
    return rows


def _at_once(
    stand: Stand, name: str, ours: Sequence[Callable[[], None]], floor: Sequence[Callable[[], None]]
) -> Iterator[Row]:
    rates: tuple[list[float], list[float]] = [], []
    times: tuple[list[float], list[float]] = [], []
    for _ in stand.rounds(4, 1, "16 booking"):
        for place, calls in enumerate((ours, floor)):
            seconds, took = together(calls, stand.pick(3, 1))
            rates[place].append(len(took) / seconds)
            times[place].extend(took)
    yield at_least(
        f"{name}, {WRITERS} book at once",
        f"{per_second(median(rates[0]), 'calls')}, p95 {ms(p95(times[0]))}",
        f"{per_second(median(rates[1]), 'rows')}, p95 {ms(p95(times[1]))}, rows alone",
        median(rates[0]) / median(rates[1]),
    )


@contextmanager
def _company(database: Database) -> Iterator[tuple[UUID, list[UUID]]]:
    """One with some people, for as long as this lasts."""
    with database.transaction() as session:
        company = make_company(session)
        company_id = company.id
        # Names of their own: those of the ledger may be from a run before.
        people = [make_user(session, company, email=f"{new_id()}@example.com").id for _ in range(WRITERS)]
    try:
        yield company_id, people
    finally:
        with database.transaction() as session:
            session.execute(text("SET LOCAL statement_timeout = 0"))
            for statement in (
                "DELETE FROM users WHERE id = ANY(:people)",
                "DELETE FROM usage_numbers WHERE user_id = ANY(:people)",
                "DELETE FROM companies WHERE id = :company",
            ):
                session.execute(text(statement), {"people": people, "company": company_id})
        run(database.engine.url, "SET statement_timeout = 0", "VACUUM")


def _book(database: Database, call: ModelCall) -> None:
    with database.transaction() as session:
        ModelCalls(session).add_all([call])


def _insert(database: Database, call: ModelCall) -> None:
    with database.transaction() as session:
        session.execute(ALONE, {"rows": json.dumps([call.model_dump(mode="json")])})


def made_call(company_id: UUID, user_id: UUID, number: int) -> ModelCall:
    return ModelCall(
        id=new_id(),
        created_at=clock.now(),
        company_id=company_id,
        user_id=user_id,
        purpose=CallPurpose.ANSWER,
        provider="api.example.com",
        model=f"model-{number % 6}",
        input_tokens=900,
        output_tokens=TOKENS,
        usage_source=UsageSource.EXACT,
        first_token_ms=200 + number * 37 % 700,
        duration_ms=1_000 + number * 911 % 9_000,
        status=CallStatus.COMPLETE,
    )


def _both(timing: Timing) -> str:
    return f"p50 {ms(timing.median)}, p95 {ms(timing.p95)}"
