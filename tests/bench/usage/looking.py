"""The usage page over a year of calls, beside the same figures out of the rows: by PostgreSQL, pandas and DuckDB."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import psycopg
from pandas import DataFrame
from sqlalchemy import text

from core.analytics import chart_details, charts, frames
from core.analytics.chart_axes import Buckets
from core.analytics.chart_style import colours
from core.analytics.metrics import COST
from core.analytics.periods import Period
from core.analytics.slices import Slice
from core.permissions import Actor
from core.services.usage import UsageService
from core.services.usage_views import UsageView, Wanted
from core.ui.usage_details import latency_buckets
from tests.bench.measure import Timing, timed
from tests.bench.stand import Stand, plain
from tests.bench.table import Row, at_most, ms, within
from tests.bench.usage import booking
from tests.bench.usage.floors import FIGURES, Floor, Rows, agree, grouped
from tests.bench.usage.ledger import Ledger, ledger_of
from tests.bench.usage.parquet import opened, written

BERLIN, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata")
QUERIES_GOAL, PAGE_GOAL, GROWTH_GOAL = 0.060, 0.250, 1.6
"""Seconds at the median, for the last 365 days without a filter; and times those of a ledger a tenth as large."""
MOST_IN_PANDAS = 2_000_000
"""Calls: in memory, as objects, a million are 1.3 GB."""
WHOLE, MONTH, MODEL = "365 days", "30 days in Kolkata", "365 days, one model"
OWN, ROOM = "365 days, one person's own", "365 days, one room"
BESIDE_DUCKDB_FROM = 1_000_000
"""Calls: fewer are no task for either."""
ROWS = [
    "1 calls, summed up anew",
    "1 calls, a month of sums beside its calls",
    *(f"1 calls, query: {figure.name}" for figure in FIGURES),
    *(
        f"1 calls, {what}: {view}"
        for what in ("beside DuckDB", "beside its rows", "the page")
        for view in (WHOLE, MONTH, MODEL, OWN, ROOM)
    ),
    "1 calls, all queries",
    "1 calls, all queries, beside pandas over all rows",
    *booking.ROWS,
    *(f"1 calls beside 1: {what}, {WHOLE}" for what in ("all queries", "the page")),
]
READ = "created_at, user_id, room_id, purpose, model, input_tokens, output_tokens, cost, first_token_ms, duration_ms"
READ += ", status, error_code"


@dataclass(frozen=True)
class View:
    name: str
    slice_: Slice
    actor: Actor
    wanted: Wanted


def measure(stand: Stand) -> Iterator[Row]:
    """The smallest ledger by its whole year alone, the others in every view."""
    sizes = sorted(stand.calls or ((5_000, 20_000) if stand.is_quick else (100_000, 1_000_000)))
    wholes: list[tuple[float, float]] = []
    for size in sizes:
        with ledger_of(stand, size) as ledger:
            yield from _about(ledger)
            for view in _views(ledger):
                if view.name == WHOLE or size > sizes[0] or len(sizes) == 1:
                    found, medians = _looked(stand, ledger, view)
                    yield from found
                    if view.name == WHOLE:
                        wholes.append(medians)
            if size == sizes[-1]:
                yield from booking.measure(stand, ledger)
    for what, least, most in zip(("all queries", "the page"), wholes[0], wholes[-1], strict=True):
        name = f"{sizes[-1]:,} calls beside {sizes[0]:,}: {what}, {WHOLE}"
        yield at_most(name, ms(most), ms(least), most / least, GROWTH_GOAL)


def _about(ledger: Ledger) -> list[Row]:
    name = f"{ledger.size:,} calls"
    return [
        Row(f"{name}, summed up anew", f"{ledger.summed:.0f} s", f"{ledger.filled:.0f} s to make the rows"),
        Row(f"{name}, a month of sums beside its calls", f"{ledger.differences} differences", goal="none"),
    ]  # fmt: skip


def _views(ledger: Ledger) -> Iterator[View]:
    for name, days, zone, chosen in (
        (WHOLE, 365, BERLIN, {}),
        (MONTH, 30, KOLKATA, {}),
        (MODEL, 365, BERLIN, {"models": ("model-1",)}),
        (OWN, 365, BERLIN, {"user_ids": (ledger.person.user_id,)}),
        (ROOM, 365, BERLIN, {"room_ids": (ledger.room_id,)}),
    ):
        last = ledger.until.astimezone(zone).date()
        period = Period(last - timedelta(days=days - 1), last, zone)
        filters: dict[str, Any] = chosen
        is_mine = "user_ids" in filters
        wanted = Wanted(period.first, period.last, zone, is_mine=is_mine, **({} if is_mine else filters))
        slice_ = Slice(ledger.analyst.company_id, period, **filters)
        yield View(name, slice_, ledger.person if is_mine else ledger.analyst, wanted)


def _looked(stand: Stand, ledger: Ledger, view: View) -> tuple[list[Row], tuple[float, float]]:
    """Its rows, and the medians of all queries and of the page, in seconds."""
    name = f"{ledger.size:,} calls"
    ours, raw, duck = _timed_figures(stand, ledger, view)
    all_ours, all_raw, all_duck = (_together(times) for times in (ours, raw, duck))
    rows: list[Row] = []
    is_whole = view.name == WHOLE
    if is_whole:
        rows += [_row(f"{name}, query: {figure.name}", ours[n], raw[n], duck[n]) for n, figure in enumerate(FIGURES)]
        rows.append(_goal(f"{name}, all queries", all_ours, QUERIES_GOAL))
        rows += _by_pandas(ledger, view, f"{name}, all queries, beside pandas over all rows", all_ours)
    limit = 1 if ledger.size >= BESIDE_DUCKDB_FROM else None
    beside = f"{_both(all_duck)} DuckDB"
    rows.append(
        at_most(f"{name}, beside DuckDB: {view.name}", _both(all_ours), beside, all_ours.ratio(all_duck), limit)
    )
    floor = f"{ms(all_raw.median)} GROUP BY"
    rows.append(at_most(f"{name}, beside its rows: {view.name}", ms(all_ours.median), floor, _share(all_ours, all_raw)))
    page = _page(stand, ledger, view)
    rows.append(_goal(f"{name}, the page: {view.name}", page, PAGE_GOAL if is_whole else None))
    return rows, (all_ours.median, page.median)


def _timed_figures(stand: Stand, ledger: Ledger, view: View) -> tuple[list[Timing], list[Timing], list[Timing]]:
    """By figure: ours and DuckDB's by turns, PostgreSQL's out of the rows once before. They agree, or it ends here."""
    slice_, folder = view.slice_, stand.folder
    calls, ratings = written(ledger, folder)
    rounds = 12 if view.name == WHOLE else 8
    ours, raw, duck = ([Timing() for _ in FIGURES] for _ in range(3))
    with ExitStack() as stack:
        connection = stack.enter_context(ledger.database.snapshot()).connection()
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))  # the rows take their time
        frames.settle(connection)
        rower = stack.enter_context(plain(ledger.database.engine.url))
        rower.execute("SET statement_timeout = 0")
        ducker = stack.enter_context(opened())
        by_duck = [figure.statements(Floor(slice_, calls, ratings, is_duck=True)) for figure in FIGURES]
        by_rows = [figure.statements(Floor(slice_, "model_calls", "ratings", is_duck=False)) for figure in FIGURES]
        for place, figure in enumerate(FIGURES):
            shown = figure.shown(figure.ours(connection, slice_), slice_)
            agree(figure, f"{view.name}, DuckDB", shown, figure.told(_fetched(ducker, by_duck[place]), slice_))
            began = perf_counter()
            rows = _fetched(rower, by_rows[place])
            raw[place].rounds.append([perf_counter() - began])
            agree(figure, f"{view.name}, rows", shown, figure.told(rows, slice_))
        for _ in stand.rounds(rounds, 3, f"{ledger.size:,}: {view.name}"):
            # As a page does: all of them, one after the other.
            turns = [[timed(partial(figure.ours, connection, slice_)) for figure in FIGURES] for _ in range(2)]
            for place, times in enumerate(zip(*turns, strict=True)):
                ours[place].rounds.append(list(times))
            for place, statements in enumerate(by_duck):
                duck[place].rounds.append([timed(partial(_fetched, ducker, statements))])
    return ours, raw, duck


def _fetched(connection: Any, statements: list[str]) -> list[Rows]:
    """`connection`: of psycopg, or of DuckDB."""
    return [connection.execute(statement).fetchall() for statement in statements]


def _together(times: list[Timing]) -> Timing:
    """All figures of a round, one after the other."""
    turns = zip(*(time.rounds for time in times), strict=True)
    return Timing([[sum(calls) for calls in zip(*turn, strict=True)] for turn in turns])


def _by_pandas(ledger: Ledger, view: View, what: str, ours: Timing) -> list[Row]:
    if ledger.size > MOST_IN_PANDAS:
        return [Row(what, ms(ours.median), "not tried: 1.3 GB a million calls")]
    with plain(ledger.database.engine.url) as connection:
        connection.execute("SET statement_timeout = 0")

        def read() -> None:
            now, then = (
                _frame(connection, view.slice_, one) for one in (view.slice_.period, view.slice_.period.before)
            )
            grouped(now, then, view.slice_.period)

        seconds = min(timed(read) for _ in range(2))
    return [at_most(what, ms(ours.median), ms(seconds), ours.median / seconds)]


def _frame(connection: "psycopg.Connection[tuple]", slice_: Slice, period: Period) -> DataFrame:
    statement = f"SELECT {READ} FROM model_calls WHERE company_id = %s AND created_at >= %s AND created_at < %s"
    found = connection.execute(statement, [slice_.company_id, period.start, period.end])
    frame = DataFrame(found.fetchall(), columns=READ.split(", "))
    frame["created_at"] = pd.to_datetime(frame["created_at"], utc=True)
    frame["cost"] = frame["cost"].astype(float)
    return frame


def _page(stand: Stand, ledger: Ledger, view: View) -> Timing:
    """What a visit takes on the server: everything that is read, and every chart as it is sent."""
    service, timing = UsageService(ledger.database), Timing()

    def visit() -> None:
        choices = service.choices(view.actor)
        _drawn(service.look(view.actor, view.wanted), choices.models)

    visit()
    for _ in range(stand.pick(20, 5)):
        timing.rounds.append([timed(visit)])
    return timing


def _drawn(view: UsageView, known: tuple[str, ...]) -> None:
    for figure in (
        charts.stacked(
            view.main, Buckets.of(view.period), COST, colours(view.models["model"], known), name="Cost by model"
        ),
        chart_details.latency(view.latency, latency_buckets(view), name="How long answers take"),
        chart_details.errors(view.errors, name="Errors by kind"),
        chart_details.ratings(view.models, name="Ratings by model"),
        chart_details.heat(view.heat, name="Calls by weekday and hour"),
    ):
        figure.to_json()


def _row(name: str, ours: Timing, raw: Timing, duck: Timing) -> Row:
    floor = f"{ms(duck.median)} DuckDB, {ms(raw.median)} GROUP BY"
    return at_most(name, _both(ours), floor, ours.ratio(duck))


def _goal(name: str, timing: Timing, goal: float | None) -> Row:
    return Row(name, _both(timing), goal=within(goal, "p50") if goal else "")


def _both(timing: Timing) -> str:
    return f"p50 {ms(timing.median)}, p95 {ms(timing.p95)}"


def _share(ours: Timing, raw: Timing) -> float:
    return ours.median / median(call for calls in raw.rounds for call in calls)
