"""What is drawn, as tidy DataFrames: each reads one statement's worth of a Slice, and holds no row it does not show.

Measures are those of core.models.usage.Measures, with `cost` in USD (float) and everything else a whole number; a frame
over time has a row for each bucket of the period, also where nothing happened. Moments are in the period's zone.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from pandas import DataFrame
from sqlalchemy import Connection, text

from core.analytics.clocks import BUCKETS, CODES, coded, latencies, timed, times
from core.analytics.latency import Whole, percentiles
from core.analytics.periods import Bucket, Period
from core.analytics.slices import Slice
from core.analytics.sources import SUMS, Given, errors, ledger, placed, presence, ratings, spans
from core.models import ANY, DOLLAR, MEASURES, NOBODY, Clocked, Kind

MOST = 20
"""Subjects that are listed."""
SHARES = {"p50": 0.50, "p95": 0.95}
PREFIXES = {Clocked.DURATION: "", Clocked.FIRST_TOKEN: "first_"}
CLOCKS = tuple(PREFIXES)
PERCENTILES = tuple(f"{prefix}{name}" for prefix in PREFIXES.values() for name in SHARES)
"""Columns of milliseconds."""
TOTALS = ", ".join(f"coalesce(sum({name}), 0)::bigint AS {name}" for name in MEASURES)
PEOPLE = f"count(*) FILTER (WHERE calls > 0 AND subject <> '{NOBODY}')"
NONE: Whole = np.zeros(0, dtype=np.int64)
UTC_ZONE = ZoneInfo("UTC")


def settle(connection: Connection) -> None:
    """For the transaction that all of a page is read in. Each of its statements is over before another process of
    PostgreSQL has begun to help, and sorts a few megabytes, which belong into memory.
    """
    settings = {"max_parallel_workers_per_gather": "0", "work_mem": "32MB"}
    columns = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in settings.items())
    connection.execute(text(f"SELECT {columns}"))


def over_time(connection: Connection, slice_: Slice, by: str | None = None) -> DataFrame:
    """Columns bucket, the measures and, told apart `by` "model" or "purpose", series: one row for each bucket and each
    series that occurs.
    """
    given = Given(slice_)
    # Not what was put in and taken out again.
    statement = f"SELECT place, series, {SUMS} FROM {placed(slice_, given, by)} GROUP BY 1, 2 HAVING sum(calls) > 0"
    rows = connection.execute(text(statement), given.values).all()
    frame = _dollars(_filled(rows, slice_.period, MEASURES, None if by else [ANY]), "cost")
    return frame if by else frame.drop(columns="series")


def together(frame: DataFrame, period: Period) -> DataFrame:
    """What `over_time` reads of a period without telling anything apart, out of a frame that does."""
    size = len(period.edges)
    cells = frame[list(MEASURES)].to_numpy(dtype=np.float64).reshape(size, len(frame) // size, len(MEASURES))
    whole = DataFrame(cells.sum(axis=1).astype(np.int64), columns=list(MEASURES))
    whole["cost"] = cells[:, :, MEASURES.index("cost")].sum(axis=1)
    whole.insert(0, "bucket", _buckets(period))
    return whole


def people_over_time(connection: Connection, slice_: Slice) -> DataFrame:
    """Columns bucket and people: how many different ones asked for something within each."""
    given = Given(slice_)
    if slice_.is_personal:
        place = f"width_bucket(start, CAST({given.add(list(slice_.period.edges))} AS timestamptz[])) - 1"
        statement = f"SELECT {place}, '{ANY}', count(DISTINCT user_id) FROM {_asked(slice_, given)} GROUP BY 1"
    else:
        statement = f"""SELECT place, '{ANY}', sum(bit_count(people))::bigint FROM (
            SELECT place, block, bit_or(people) AS people FROM {presence(slice_, given)} GROUP BY 1, 2
        ) b GROUP BY 1"""
    rows = connection.execute(text(statement), given.values).all()
    return _filled(rows, slice_.period, ("people",), [ANY]).drop(columns="series")


def subjects(connection: Connection, slice_: Slice, kind: Kind, limit: int = MOST) -> DataFrame:
    """People or rooms by what they cost: columns subject (its id as text), the measures, and before: the cost in USD in
    the period before. Behind the `limit` dearest, a row without a subject is the sum over all, with their number in
    `people` and in `before_people` that of the period before; its other measures of then are before_….
    """
    given = Given(slice_)
    now = f"SELECT subject, {SUMS} FROM {spans(slice_, given, kind, 'subject')} GROUP BY 1"
    earlier = replace(slice_, period=slice_.period.before)
    then = f"SELECT subject, {SUMS} FROM {spans(earlier, given, kind, 'subject')} GROUP BY 1"
    befores = ", ".join(f"coalesce(sum({name}), 0)::bigint AS before_{name}" for name in MEASURES)
    found = _read(
        connection,
        f"""WITH nows AS ({now}), thens AS ({then}),
        top AS (SELECT * FROM nows WHERE calls > 0
            ORDER BY cost DESC, input_tokens + output_tokens DESC, subject LIMIT {limit}),
        whole AS (SELECT * FROM (SELECT {TOTALS}, {PEOPLE} AS people FROM nows) n,
            (SELECT coalesce(sum(cost), 0)::bigint AS before, {PEOPLE} AS before_people, {befores} FROM thens) t)
        SELECT * FROM (
            SELECT top.subject::text, {_named("top", MEASURES)}, 0 AS people, coalesce(thens.cost, 0) AS before,
                0 AS before_people, {", ".join(f"0 AS before_{name}" for name in MEASURES)}
            FROM top LEFT JOIN thens ON thens.subject = top.subject
            UNION ALL SELECT NULL, * FROM whole
        ) s ORDER BY subject IS NULL, cost DESC, input_tokens + output_tokens DESC, subject COLLATE "C"
        """,
        given,
    )
    return _dollars(found, "cost", "before", "before_cost")


def whole(connection: Connection, slice_: Slice) -> DataFrame:
    """One row: the measures over all, with the number of people in `people`. As in the last of `subjects`."""
    given = Given(slice_)
    each = f"SELECT subject, {SUMS} FROM {spans(slice_, given, Kind.PERSON, 'subject')} GROUP BY 1"
    return _dollars(_read(connection, f"SELECT {TOTALS}, {PEOPLE} AS people FROM ({each}) s", given), "cost")


def models(connection: Connection, slice_: Slice) -> DataFrame:
    """Columns model, the measures, the PERCENTILES, up and down: one row a model, the dearest first."""
    given = Given(slice_)
    statement = f"SELECT model, {SUMS} FROM {spans(slice_, given, Kind.MODEL, 'model')} GROUP BY 1"
    statement += ' HAVING sum(calls) > 0 ORDER BY cost DESC, calls DESC, model COLLATE "C"'
    found = _dollars(_read(connection, statement, given), "cost")
    found = pd.concat([found, _percentiles_by_model(connection, slice_, list(found["model"]))], axis=1)
    return _with_ratings(found, ratings_by_model(connection, slice_))


def ratings_by_model(connection: Connection, slice_: Slice) -> DataFrame:
    """Columns model, up and down: how many people liked answers of it, and how many did not."""
    given = Given(slice_)
    sums = "sum(up)::bigint AS up, sum(down)::bigint AS down"
    some = "HAVING sum(up) > 0 OR sum(down) > 0"
    return _read(connection, f"SELECT model, {sums} FROM {ratings(slice_, given)} GROUP BY 1 {some} ORDER BY 1", given)


def errors_by_code(connection: Connection, slice_: Slice) -> DataFrame:
    """Columns code and calls, the most frequent first."""
    given = Given(slice_)
    some = 'HAVING sum(calls) > 0 ORDER BY calls DESC, code COLLATE "C"'
    source = errors(slice_, given)
    return _read(connection, f"SELECT code, sum(calls)::bigint AS calls FROM {source} GROUP BY 1 {some}", given)


def latency(connection: Connection, slice_: Slice) -> DataFrame:
    """Columns bucket and the PERCENTILES: NaN where nothing was timed.

    By the hour they are of the period's zone; by the day, week and month of UTC, which the sums of times are kept in.
    """
    period, given = slice_.period, Given(slice_)
    if slice_.is_personal or period.bucket is Bucket.HOUR:
        edges = period.edges
        source = timed(slice_, given, period.start, period.end)
        place = f"width_bucket(created_at, CAST({given.add(list(edges))} AS timestamptz[])) - 1"
        statement = f"(SELECT {coded(place)} AS code, count(*) AS calls FROM {source} GROUP BY 1) s"
        columns = _percentiles(*_counted(connection, statement, given), len(edges))
    else:
        period = Period(period.first, period.last, zone=UTC_ZONE)
        codes, calls = _counted(connection, times(slice_, given, period), given)
        days, within = np.divmod(codes, CODES)
        first_days = [(edge.date() - period.first).days for edge in period.edges]
        places = np.searchsorted(first_days, days, side="right") - 1
        columns = _percentiles(places * CODES + within, calls, len(first_days))
    columns.insert(0, "bucket", _buckets(period))
    return columns


def _percentiles_by_model(connection: Connection, slice_: Slice, names: Sequence[str]) -> DataFrame:
    given = Given(slice_)
    if not names:
        return _percentiles(NONE, NONE, 0)
    return _percentiles(*_counted(connection, latencies(slice_, given, names), given), len(names))


def _counted(connection: Connection, source: str, given: Given) -> tuple[Whole, Whole]:
    """The columns code and calls of a source, as arrays: so they are read, and added up, in the least time."""
    arrays = f"SELECT array_agg(code), array_agg(calls) FROM {source}"
    codes, calls = connection.execute(text(arrays), given.values).one()
    return np.array(codes or (), dtype=np.int64), np.array(calls or (), dtype=np.int64)


def _percentiles(codes: Whole, calls: Whole, size: int) -> DataFrame:
    """The PERCENTILES of each of so many groups; `codes` as of `coded`, in any order."""
    groups, within = np.divmod(codes, CODES)
    clocked, buckets = np.divmod(within, BUCKETS)
    columns: dict[str, Any] = {}
    for number, clock in enumerate(CLOCKS):
        of = clocked == number
        values = percentiles(groups[of], buckets[of], calls[of], size=size, shares=tuple(SHARES.values()))
        columns |= {f"{PREFIXES[clock]}{name}": values[:, place] for place, name in enumerate(SHARES)}
    return DataFrame(columns)


def _with_ratings(found: DataFrame, rated: DataFrame) -> DataFrame:
    """A model of which nothing but ratings falls into the period is not among them."""
    scores = {name: dict(zip(rated["model"], rated[name], strict=True)) for name in ("up", "down")}
    columns = {name: [score.get(model, 0) for model in found["model"]] for name, score in scores.items()}
    return found.assign(**columns)


def _asked(slice_: Slice, given: Given) -> str:
    where = ledger(slice_, given, slice_.period.start, slice_.period.end)
    return f"(SELECT created_at AS start, user_id FROM model_calls WHERE {where}) s"


def _filled(
    rows: Sequence[Any], period: Period, columns: Sequence[str], names: Sequence[str] | None = None
) -> DataFrame:
    """Of rows of a bucket's place, a series and its numbers: columns bucket, series and these, with a row for each of
    both, of 0 where nothing was found. `names`: the series; None: those that occur.
    """
    names = sorted({row[1] for row in rows}) if names is None else names
    size, number = len(period.edges), {name: place for place, name in enumerate(names)}
    cells = np.zeros((size * len(names), len(columns)), dtype=np.int64)
    for place, name, *numbers in rows:
        cells[place * len(names) + number[name]] = numbers
    frame = DataFrame(cells, columns=list(columns))
    frame.insert(0, "bucket", _buckets(period).repeat(len(names)))
    frame.insert(1, "series", np.tile(np.array(names, dtype=object), size))
    return frame


def _buckets(period: Period) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(period.edges).tz_convert(period.zone)


def _dollars(frame: DataFrame, *columns: str) -> DataFrame:
    return frame.assign(**{name: frame[name].to_numpy(dtype=np.float64) / float(DOLLAR) for name in columns})


def _named(table: str, columns: Sequence[str]) -> str:
    return ", ".join(f"{table}.{column}" for column in columns)


def _read(connection: Connection, statement: str, given: Given) -> DataFrame:
    """As pandas.read_sql_query does, which takes a millisecond or two longer over it."""
    found = connection.execute(text(statement), given.values)
    names = list(found.keys())
    columns = list(zip(*found.all(), strict=True)) or [()] * len(names)
    return DataFrame({name: np.array(column) for name, column in zip(names, columns, strict=True)})
