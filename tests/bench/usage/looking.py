"""The usage page over a year of calls, beside the same figures out of the rows: by PostgreSQL, pandas and DuckDB."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
from sqlalchemy import text
from sqlmodel import Session

from core import clock
from core.analytics import frames
from core.analytics.chart_axes import Buckets
from core.analytics.chart_details import errors, heat, latency, ratings
from core.analytics.chart_style import colours
from core.analytics.charts import stacked
from core.analytics.metrics import COST
from core.analytics.periods import Period
from core.analytics.slices import Slice
from core.ids import new_id
from core.models import CallPurpose, CallStatus, Kind, ModelCall, UsageSource
from core.repositories.model_calls import ModelCalls
from core.services.usage import UsageService
from core.services.usage_views import Wanted
from tests.bench.measure import p95
from tests.bench.stand import Stand
from tests.bench.table import Row, at_most, ms
from tests.bench.usage.ledger import Ledger, fill

BERLIN, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata")
QUERIES_GOAL, PAGE_GOAL = 0.060, 0.250
"""Seconds, for the last 365 days without a filter."""
ROUNDS = 15


def measure(stand: Stand) -> list[Row]:
    sizes = (stand.calls,) if stand.calls else ((20_000,) if stand.is_quick else (1_000_000,))
    return [row for size in sizes for row in _measured(stand, size)]


def _measured(stand: Stand, size: int) -> Iterator[Row]:
    with stand.database() as database:
        ledger = fill(database, size, stand.progress)
        yield Row(f"{size:,} calls: summed up anew", f"{ledger.seconds:.0f} s")
        for name, slice_ in _slices(ledger).items():
            yield from _looked(stand, ledger, f"{size:,} calls, {name}", slice_, is_whole=name == "365 days")
        yield from _booked(stand, ledger)


def _slices(ledger: Ledger) -> dict[str, Slice]:
    today = clock.now().date()
    company = ledger.analyst.company_id
    year, month = (Period(today - timedelta(days=days - 1), today, BERLIN) for days in (365, 30))
    return {
        "365 days": Slice(company, year),
        "30 days": Slice(company, month),
        "365 days, one model": Slice(company, year, models=("model-1",)),
        "365 days, answers": Slice(company, year, purposes=("answer",)),
        "365 days, one person": Slice(company, year, user_ids=(ledger.person_id,)),
        "365 days in Kolkata": Slice(company, Period(year.first, year.last, KOLKATA)),
        "30 days in Kolkata": Slice(company, Period(month.first, month.last, KOLKATA)),
    }


def _looked(stand: Stand, ledger: Ledger, name: str, slice_: Slice, *, is_whole: bool) -> Iterator[Row]:
    rounds = stand.pick(ROUNDS, 3)
    with ledger.database.snapshot() as session:
        connection = session.connection()
        queries: dict[str, Callable[[], object]] = {
            "by model": lambda: frames.over_time(connection, slice_, "model"),
            "over time": lambda: frames.over_time(connection, slice_),
            "people over time": lambda: frames.people_over_time(connection, slice_),
            "people": lambda: frames.subjects(connection, slice_, Kind.PERSON),
            "rooms": lambda: frames.subjects(connection, slice_, Kind.ROOM),
            "models": lambda: frames.models(connection, slice_),
            "latency": lambda: frames.latency(connection, slice_),
            "errors": lambda: frames.errors_by_code(connection, slice_),
            "heat map": lambda: frames.heat(connection, slice_),
        }
        times = {what: _timed(query, rounds) for what, query in queries.items()}
        if is_whole:
            for what, found in times.items():
                yield Row(f"{name}: {what}", f"{ms(_p50(found))}, p95 {ms(p95(found))}")
        sums = [sum(one) for one in zip(*times.values(), strict=True)]
        floor = _duck(ledger, slice_, stand.folder / "calls.parquet", rounds)
        goal = QUERIES_GOAL if is_whole else None
        row = at_most(f"{name}: all queries, beside DuckDB", ms(_p50(sums)), ms(floor), _p50(sums) / floor, 1.0)
        yield row
        yield Row(
            f"{name}: all queries, p95",
            ms(p95(sums)),
            goal=f"≤ {ms(goal)}" if goal else "",
            is_met=_p50(sums) <= goal if goal else None,
        )
        if is_whole:
            raw = _timed(lambda: _grouped(session, slice_), 2)
            yield at_most(
                f"{name}: beside GROUP BY over the rows", ms(_p50(sums)), ms(_p50(raw)), _p50(sums) / _p50(raw)
            )
    if is_whole:
        yield from _page(stand, ledger, name, slice_)


def _page(stand: Stand, ledger: Ledger, name: str, slice_: Slice) -> Iterator[Row]:
    service, period = UsageService(ledger.database), slice_.period
    wanted = Wanted(period.first, period.last, BERLIN)

    def draw() -> None:
        view = service.look(ledger.analyst, wanted)
        buckets, known = Buckets.of(period), colours(view.models["model"], list(view.models["model"]))
        for figure in (
            stacked(view.main, buckets, COST, known, name="Cost by model"),
            latency(view.latency, buckets, name="How long answers take"),
            heat(view.heat, name="Calls by weekday and hour"),
            errors(view.errors, name="Errors by kind"),
            ratings(view.models, name="Ratings"),
        ):
            figure.to_json()

    times = _timed(draw, stand.pick(ROUNDS, 3))
    yield Row(
        f"{name}: the page with its charts, p50 and p95",
        f"{ms(_p50(times))}, {ms(p95(times))}",
        goal=f"≤ {ms(PAGE_GOAL)}",
        is_met=_p50(times) <= PAGE_GOAL,
    )


SAME = """
    SELECT {week} AS week, model, sum(cost), count(*) FROM {calls} WHERE {where} GROUP BY 1, 2;
    SELECT {week} AS week, count(DISTINCT user_id), sum(output_tokens) FROM {calls} WHERE {where} GROUP BY 1;
    SELECT user_id, sum(cost), count(*) FROM {calls} WHERE {where} GROUP BY 1;
    SELECT room_id, sum(cost) FROM {calls} WHERE {where} AND room_id IS NOT NULL GROUP BY 1;
    SELECT model, {p50}, {p95}, sum(cost) FROM {calls} WHERE {where} AND purpose = 'answer' GROUP BY 1;
    SELECT {week} AS week, {p50}, {p95} FROM {calls} WHERE {where} AND purpose = 'answer' GROUP BY 1;
    SELECT error_code, count(*) FROM {calls} WHERE {where} AND error_code IS NOT NULL GROUP BY 1;
    SELECT extract(dow FROM {local}), extract(hour FROM {local}), count(*) FROM {calls} WHERE {where} GROUP BY 1, 2
"""
"""The page's figures out of the rows, in SQL that PostgreSQL and DuckDB both understand."""


def _same(slice_: Slice, calls: str, *, is_duck: bool) -> list[str]:
    period = slice_.period
    where = f"created_at >= '{period.start.isoformat()}' AND created_at < '{period.end.isoformat()}'"
    for column, values in (("model", slice_.models), ("purpose", slice_.purposes), ("user_id", slice_.user_ids)):
        if values:
            where += f" AND {column} IN ({', '.join(repr(str(value)) for value in values)})"
    local = f"(created_at AT TIME ZONE '{period.zone.key}')"
    share = "quantile_cont(duration_ms, {})" if is_duck else "percentile_cont({}) WITHIN GROUP (ORDER BY duration_ms)"
    statement = SAME.format(
        week=f"date_trunc('{period.bucket}', {local})",
        local=local,
        calls=calls,
        where=where,
        p50=share.format(0.5),
        p95=share.format(0.95),
    )
    return statement.split(";")


def _grouped(session: Session, slice_: Slice) -> None:
    session.execute(text("SET statement_timeout = 0"))
    for statement in _same(slice_, "model_calls", is_duck=False):
        session.execute(text(statement)).all()


def _duck(ledger: Ledger, slice_: Slice, path: Path, rounds: int) -> float:
    """Seconds, at the median, for the same figures out of Parquet."""
    if not path.exists():
        _written(ledger, path)
    with duckdb.connect() as duck:
        duck.execute("SET TimeZone = 'UTC'")
        statements = _same(slice_, f"'{path}'", is_duck=True)
        return _p50(
            _timed(lambda: [duck.execute(statement).fetchall() for statement in statements], max(rounds // 3, 2))
        )


def _written(ledger: Ledger, path: Path) -> None:
    columns = (
        "created_at, user_id::text, room_id::text, purpose, model, output_tokens, cost::float8, duration_ms, error_code"
    )
    with ledger.database.engine.connect() as connection:
        connection.execute(text("SET statement_timeout = 0"))
        streamed = connection.execution_options(stream_results=True)
        chunks = pd.read_sql_query(
            text(f"SELECT {columns} FROM model_calls ORDER BY created_at"), streamed, chunksize=500_000
        )
        pieces = []
        for number, chunk in enumerate(chunks):
            piece = path.with_suffix(f".{number}.piece")
            chunk.to_parquet(piece)
            pieces.append(str(piece))
    with duckdb.connect() as duck:
        duck.execute(f"COPY (SELECT * FROM read_parquet({pieces!r})) TO '{path}' (FORMAT parquet)")


def _booked(stand: Stand, ledger: Ledger) -> Iterator[Row]:
    """One call, booked with its sums, and its row alone."""

    def row() -> ModelCall:
        return ModelCall(
            id=new_id(),
            company_id=ledger.analyst.company_id,
            user_id=ledger.person_id,
            purpose=CallPurpose.ANSWER,
            provider="x",
            model="model-1",
            input_tokens=10,
            output_tokens=5,
            usage_source=UsageSource.EXACT,
            first_token_ms=100,
            duration_ms=900,
            status=CallStatus.COMPLETE,
        )

    alone = "INSERT INTO model_calls SELECT * FROM json_populate_recordset(NULL::model_calls, CAST(:rows AS json))"

    def with_sums() -> None:
        with ledger.database.transaction() as session:
            ModelCalls(session).add_all([row()])

    def without() -> None:
        with ledger.database.transaction() as session:
            session.execute(text(alone), {"rows": f"[{row().model_dump_json()}]"})

    ours, floor = _timed(with_sums, stand.pick(300, 30)), _timed(without, stand.pick(300, 30))
    yield at_most(
        "Booking a call with its sums, beside its row alone", ms(_p50(ours)), ms(_p50(floor)), _p50(ours) / _p50(floor)
    )


def _timed(call: Callable[[], object], rounds: int) -> list[float]:
    call()
    times = []
    for _ in range(rounds):
        began = perf_counter()
        call()
        times.append(perf_counter() - began)
    return times


def _p50(times: list[float]) -> float:
    return sorted(times)[len(times) // 2]
