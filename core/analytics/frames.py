"""What is drawn, as tidy DataFrames: each reads one statement's worth of a Slice, and holds no row it does not show.

Measures are those of core.models.usage.Measures, with `cost` in USD (float) and everything else a whole number; a frame
over time has a row for each bucket of the period, also where nothing happened. Moments are in the period's zone.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame
from sqlalchemy import Connection, text

from core.analytics.latency import percentiles
from core.analytics.periods import Bucket, Period
from core.analytics.slices import Slice
from core.analytics.sources import (
    SUMS,
    Given,
    errors,
    latencies,
    ledger,
    placed,
    presence,
    ratings,
    slots,
    spans,
    timed,
    timed_purposes,
)
from core.models import ANY, DOLLAR, MEASURES, NOBODY, Clocked, Kind, Span

MOST = 20
"""Subjects that are listed."""
SHARES = {"p50": 0.50, "p95": 0.95}
PREFIXES = {Clocked.DURATION: "", Clocked.FIRST_TOKEN: "first_"}
CLOCKS = tuple(PREFIXES)
PERCENTILES = tuple(f"{prefix}{name}" for prefix in PREFIXES.values() for name in SHARES)
"""Columns of milliseconds."""
HOURS_A_WEEK = 168
BUCKETS = 2**15
"""More than there are of milliseconds."""
MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
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
    source = placed(slice_, given, by)
    found = _read(connection, f"SELECT place, series, {SUMS} FROM {source} GROUP BY 1, 2", given)
    found = found[found["calls"] > 0]  # what was put in and taken out again
    names = sorted(found["series"].unique()) if by else [ANY]
    return _dollars(_filled(found, slice_.period, names, MEASURES)).drop(columns=[] if by else ["series"])


def people_over_time(connection: Connection, slice_: Slice) -> DataFrame:
    """Columns bucket and people: how many different ones asked for something within each."""
    given = Given(slice_)
    place = f"width_bucket(start, CAST({given.add(list(slice_.period.edges))} AS timestamptz[])) - 1"
    if slice_.is_personal:
        statement = (
            f"SELECT {place} AS place, count(DISTINCT user_id) AS people FROM {_asked(slice_, given)} GROUP BY 1"
        )
    else:
        statement = f"""SELECT place, sum(bit_count(people))::bigint AS people FROM (
            SELECT {place} AS place, block, bit_or(people) AS people FROM {presence(slice_, given)} GROUP BY 1, 2
        ) b GROUP BY 1"""
    found = _read(connection, statement, given).assign(series=ANY)
    return _filled(found, slice_.period, [ANY], ("people",)).drop(columns="series")


def subjects(connection: Connection, slice_: Slice, kind: Kind, limit: int = MOST) -> DataFrame:
    """People or rooms by what they cost: columns subject (its id as text), the measures, and before: the cost in USD in
    the period before. Behind the `limit` dearest, a row without a subject is the sum over all, with their number in
    `people` and in `before_people` that of the period before; its other measures of then are before_….
    """
    given = Given(slice_)
    now = f"SELECT subject, {SUMS} FROM {spans(slice_, given, kind, 'subject')} GROUP BY 1"
    earlier = replace(slice_, period=slice_.period.before)
    then = f"SELECT subject, {SUMS} FROM {spans(earlier, given, kind, 'subject')} GROUP BY 1"
    nought = ", ".join(f"0 AS before_{name}" for name in MEASURES)
    people = f"count(*) FILTER (WHERE calls > 0 AND subject <> '{NOBODY}')"
    totals = ", ".join(f"coalesce(sum({name}), 0)::bigint AS {name}" for name in MEASURES)
    befores = ", ".join(f"(SELECT coalesce(sum({name}), 0)::bigint FROM thens) AS before_{name}" for name in MEASURES)
    found = _read(
        connection,
        f"""WITH nows AS ({now}), thens AS ({then}),
        top AS (SELECT * FROM nows WHERE calls > 0
            ORDER BY cost DESC, input_tokens + output_tokens DESC, subject LIMIT {limit})
        SELECT top.subject::text AS subject, {_named("top", MEASURES)}, coalesce(thens.cost, 0) AS before, 0 AS people,
            0 AS before_people, {nought} FROM top LEFT JOIN thens ON thens.subject = top.subject
        UNION ALL
        SELECT NULL, {totals}, (SELECT coalesce(sum(cost), 0)::bigint FROM thens), {people},
            (SELECT {people} FROM thens), {befores} FROM nows""",
        given,
    )
    found = _dollars(_dollars(_dollars(found), "before"), "before_cost")
    found["subject"] = found["subject"].astype(object).where(found["subject"].notna(), None)
    order = found.assign(last=found["subject"].isna(), tokens=found["input_tokens"] + found["output_tokens"])
    order = order.sort_values(["last", "cost", "tokens", "subject"], ascending=[True, False, False, True])
    return found.loc[order.index].reset_index(drop=True)


def models(connection: Connection, slice_: Slice) -> DataFrame:
    """Columns model, the measures, the PERCENTILES, up and down: one row a model, the dearest first."""
    given = Given(slice_)
    statement = f"SELECT model, {SUMS} FROM {spans(slice_, given, Kind.MODEL, 'model')} GROUP BY 1"
    found = _dollars(_read(connection, statement, given))
    found = found[found["calls"] > 0].sort_values(["cost", "calls", "model"], ascending=[False, False, True])
    found = found.reset_index(drop=True)
    found = pd.concat([found, _percentiles_by_model(connection, slice_, list(found["model"]))], axis=1)
    return _with_ratings(found, ratings_by_model(connection, slice_))


def ratings_by_model(connection: Connection, slice_: Slice) -> DataFrame:
    """Columns model, up and down: how many people liked answers of it, and how many did not."""
    given = Given(slice_)
    sums = "sum(up)::bigint AS up, sum(down)::bigint AS down"
    found = _read(connection, f"SELECT model, {sums} FROM {ratings(slice_, given)} GROUP BY 1 ORDER BY 1", given)
    return found[(found["up"] > 0) | (found["down"] > 0)].reset_index(drop=True)


def errors_by_code(connection: Connection, slice_: Slice) -> DataFrame:
    """Columns code and calls, the most frequent first."""
    given = Given(slice_)
    statement = f"SELECT code, sum(calls)::bigint AS calls FROM {errors(slice_, given)} GROUP BY 1"
    found = _read(connection, statement, given)
    found = found[found["calls"] > 0].sort_values(["calls", "code"], ascending=[False, True])
    return found.reset_index(drop=True)


def heat(connection: Connection, slice_: Slice) -> DataFrame:
    """Columns weekday (0: Monday), hour (0 to 23) and calls: all 168, in the hours of the period's zone."""
    given = Given(slice_)
    changes, offsets = _offsets(slice_.period)
    offset = f"(CAST({given.add(offsets)} AS int[]))[width_bucket(start, CAST({given.add(changes)} AS timestamptz[]))]"
    since = f"floor(extract(epoch FROM start))::bigint + {offset} - {int(MONDAY.timestamp())}"
    statement = f"""SELECT ((({since}) / 3600) % {HOURS_A_WEEK})::int AS place, sum(calls)::bigint AS calls
        FROM {slots(slice_, given, None)} GROUP BY 1"""
    found = _read(connection, statement, given)
    calls = np.zeros(HOURS_A_WEEK, dtype=np.int64)
    calls[_whole(found["place"])] = _whole(found["calls"])
    places = np.arange(HOURS_A_WEEK)
    return DataFrame({"weekday": places // 24, "hour": places % 24, "calls": calls})


def latency(connection: Connection, slice_: Slice) -> DataFrame:
    """Columns bucket and the PERCENTILES: NaN where nothing was timed.

    By the hour they are of the period's zone; by the day, week and month of UTC, which the sums of times are kept in.
    """
    period, given = slice_.period, Given(slice_)
    if slice_.is_personal or period.bucket is Bucket.HOUR:
        edges, zone = period.edges, period.zone
        source = timed(slice_, given, period.start, period.end)
        place = f"width_bucket(created_at, CAST({given.add(list(edges))} AS timestamptz[]))"
        statement = f"SELECT {_coded(place)} AS code, count(*) AS calls FROM {source} GROUP BY 1"
    else:
        days = Period(period.first, period.last, zone=UTC_ZONE)
        edges, zone = days.edges, UTC_ZONE
        place = f"width_bucket(start, CAST({given.add([edge.date() for edge in edges])} AS date[]))"
        # Whole numbers up to 2^53 are exact, and a third faster to add up.
        statement = f"""SELECT {_coded(place)} AS code, sum(calls::float8)::bigint AS calls
            FROM usage_latencies
            WHERE company_id = :company AND clocked = ANY({given.add(list(Clocked))}) AND span = '{Span.DAY}'
            AND start >= {given.add(days.first)} AND start <= {given.add(days.last)}
            AND model = ANY({given.add(list(slice_.models) or [ANY])})
            AND purpose = ANY({given.add(list(timed_purposes(slice_)))}) GROUP BY 1"""
    columns = _percentiles(connection, statement, given, len(edges))
    columns.insert(0, "bucket", pd.DatetimeIndex(edges).tz_convert(zone))
    return columns


def _percentiles_by_model(connection: Connection, slice_: Slice, names: Sequence[str]) -> DataFrame:
    given = Given(slice_)
    place = f"array_position(CAST({given.add(list(names))} AS text[]), model)"
    statement = f"""SELECT {_coded(place)} AS code, sum(calls::float8)::bigint AS calls
        FROM {latencies(slice_, given, names)} GROUP BY 1"""
    return _percentiles(connection, statement if names else None, given, len(names))


def _coded(place: str) -> str:
    """The number of a group, from 1, what was clocked, and the bucket of milliseconds, as one number: by that rows are
    put together faster than by the three.
    """
    return f"(({place} - 1) * 2 + (clocked = '{CLOCKS[1]}')::int) * {BUCKETS} + bucket"


def _percentiles(connection: Connection, statement: str | None, given: Given, size: int) -> DataFrame:
    """The PERCENTILES of each group. `statement`: for columns code (see `_coded`) and calls; None: there is nothing."""
    codes = calls = np.zeros(0, dtype=np.int64)
    if statement:  # as two arrays: thousands of rows take longer to read than to count
        arrays = f"SELECT array_agg(code), array_agg(calls) FROM ({statement}) s"
        codes, calls = (
            np.array(of or (), dtype=np.int64) for of in connection.execute(text(arrays), given.values).one()
        )
    groups, clocked = codes // BUCKETS // len(CLOCKS), codes // BUCKETS % len(CLOCKS)
    columns: dict[str, Any] = {}
    for number, clock in enumerate(CLOCKS):
        of = clocked == number
        values = percentiles(groups[of], codes[of] % BUCKETS, calls[of], size=size, shares=tuple(SHARES.values()))
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


def _filled(found: DataFrame, period: Period, names: Sequence[str], columns: Sequence[str]) -> DataFrame:
    """A row for each bucket, by its `place`, and each of these series: 0 where nothing was found."""
    size = len(period.edges)
    values = np.zeros((size * len(names), len(columns)), dtype=np.int64)
    number = {name: place for place, name in enumerate(names)}
    rows = _whole(found["place"]) * len(names) + _whole(found["series"].map(number))
    values[rows] = found[list(columns)].to_numpy(dtype=np.int64)
    frame = DataFrame(values, columns=list(columns))
    buckets = pd.DatetimeIndex(period.edges).tz_convert(period.zone)
    frame.insert(0, "bucket", buckets.repeat(len(names)))
    frame.insert(1, "series", np.tile(np.array(names, dtype=object), size))
    return frame


def _dollars(frame: DataFrame, column: str = "cost") -> DataFrame:
    return frame.assign(**{column: frame[column].to_numpy(dtype=np.float64) / float(DOLLAR)})


def _offsets(period: Period) -> tuple[list[datetime], list[int]]:
    """From when on the zone is how many seconds ahead of UTC, within the period."""
    changes, offsets = [period.start], [_offset(period.start, period)]
    day: date = period.first
    for _ in range(period.days):
        day += timedelta(days=1)
        edge = min(datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1), period.end)
        if _offset(edge, period) != offsets[-1]:
            changes.append(_change(changes[-1], edge, period))
            offsets.append(_offset(edge, period))
    return changes, offsets


def _change(low: datetime, high: datetime, period: Period) -> datetime:
    """The quarter of an hour between the two in which the clocks change; they do so on one."""
    was, step = _offset(low, period), timedelta(minutes=15)
    while high - low > step:
        middle = low + (high - low) // step // 2 * step
        low, high = (middle, high) if _offset(middle, period) == was else (low, middle)
    return high


def _offset(moment: datetime, period: Period) -> int:
    return round((moment.astimezone(period.zone).utcoffset() or timedelta()).total_seconds())


def _whole(column: "pd.Series[Any]") -> NDArray[np.int64]:
    """Of an empty result the type is unknown."""
    return column.to_numpy(dtype=np.int64)


def _named(table: str, columns: Sequence[str]) -> str:
    return ", ".join(f"{table}.{column}" for column in columns)


def _read(connection: Connection, statement: str, given: Given) -> DataFrame:
    """As pandas.read_sql_query does, which takes a millisecond or two longer over it."""
    found = connection.execute(text(statement), given.values)
    names = list(found.keys())
    columns = zip(*found.all(), strict=True)
    rows = dict(zip(names, columns, strict=False)) or {name: [] for name in names}
    return DataFrame(rows)
