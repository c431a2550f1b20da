"""The page's figures out of the rows of the ledger, in SQL that PostgreSQL and DuckDB both understand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from math import isclose, isnan
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame
from sqlalchemy import Connection

from core.analytics import frames, hours
from core.analytics.clocks import timed_purposes
from core.analytics.periods import Period
from core.analytics.slices import Slice
from core.models import NOBODY, Kind

Rows = Sequence[tuple[Any, ...]]
Figures = dict[tuple[Any, ...], tuple[float, ...]]
"""What a chart shows: the values at each place of it."""
QUANTILE_ERROR = 0.0201
ANSWERS = "count(*) FILTER (WHERE purpose = 'answer' AND status <> 'failed')"
SUMS = f"count(*), {ANSWERS}, sum(input_tokens), sum(output_tokens), sum(cost)"
SHOWN = ["calls", "answers", "input_tokens", "output_tokens", "cost"]
TIMED = "status IN ('complete', 'stopped') AND output_tokens IS NOT NULL AND first_token_ms < duration_ms"
SHARES = np.array([0.5, 0.95])
UNTIMED = (float("nan"), float("nan"))
PERCENTILES = ["p50", "p95", "first_p50", "first_p95"]


@dataclass(frozen=True)
class Figure:
    """One query of the page: how it reads it, and the same out of the rows. Only what the page shows of it, so that the
    rows have nothing to do for which they would get no credit.
    """

    name: str
    ours: Callable[[Connection, Slice], DataFrame]
    statements: Callable[["Floor"], list[str]]
    shown: Callable[[DataFrame, Slice], Figures]
    told: Callable[[list[Rows], Slice], Figures]
    """What the frame, and what the rows of the statements, come to."""
    quantiles: tuple[int, ...] = ()
    """Which of its values are kept in buckets, and may be off by QUANTILE_ERROR."""


@dataclass(frozen=True)
class Floor:
    """How the rows of a slice are asked for: by PostgreSQL, or by DuckDB out of files in this folder."""

    slice_: Slice
    calls: str
    ratings: str
    is_duck: bool

    def where(self, slice_: Slice | None = None, *, of_ratings: bool = False) -> str:
        slice_ = slice_ or self.slice_
        times = f"created_at >= {_moment(slice_.period.start)} AND created_at < {_moment(slice_.period.end)}"
        wanted = {"model": slice_.models, "purpose": () if of_ratings else slice_.purposes, "user_id": slice_.user_ids}
        wanted["room_id"] = slice_.room_ids
        lists = [f"{column} IN ({_quoted(values)})" for column, values in wanted.items() if values]
        # Its index begins with the company; there is only one in the files.
        company = [] if self.is_duck else [f"company_id = '{slice_.company_id}'"]
        return " AND ".join([times, *lists, *company])

    def local(self, period: Period | None = None) -> str:
        """`created_at` as the clocks show it there: faster in DuckDB than AT TIME ZONE, as fast in PostgreSQL."""
        changes, offsets = hours.offsets_of(period or self.slice_.period)
        cases = "".join(
            f" WHEN created_at < {_moment(change)} THEN interval '{offset} seconds'"
            for change, offset in zip(changes[1:], offsets, strict=False)
        )
        last = f"interval '{offsets[-1]} seconds'"
        return f"(created_at + {f'CASE{cases} ELSE {last} END' if cases else last})"

    def bucket(self, period: Period | None = None) -> str:
        period = period or self.slice_.period
        return f"date_trunc('{period.bucket}', {self.local(period)})"

    def quantiles(self, of: str, where: str) -> str:
        form = "quantile_disc({}, [0.5, 0.95])" if self.is_duck else "percentile_disc(ARRAY[0.5, 0.95]) {}"
        within = of if self.is_duck else f"WITHIN GROUP (ORDER BY {of})"
        return f"{form.format(within)} FILTER (WHERE {where})"

    def select(self, columns: str, groups: str = "1", *, also: str = "true", slice_: Slice | None = None) -> str:
        return f"SELECT {columns} FROM {self.calls} WHERE {self.where(slice_)} AND {also} GROUP BY {groups}"


def latency_period(slice_: Slice) -> Period:
    """Of some people it is by their own days, else by those of UTC."""
    return slice_.period if slice_.is_personal else Period(slice_.period.first, slice_.period.last, frames.UTC_ZONE)


def _over_time(connection: Connection, slice_: Slice) -> DataFrame:
    """As the page reads it: what is told apart, and put together again."""
    found = frames.over_time(connection, slice_, "model")
    frames.together(found, slice_.period)
    return found


def _by_model(floor: Floor) -> list[str]:
    return [floor.select(f"{floor.bucket()}, model, {SUMS}, count(*) FILTER (WHERE cost IS NULL)", "1, 2")]


def _subjects(column: str, floor: Floor) -> list[str]:
    """Now, and in the period before."""
    earlier = replace(floor.slice_, period=floor.slice_.period.before)
    there = f"{column} IS NOT NULL"
    return [floor.select(f"{column}, {SUMS}", also=there, slice_=one) for one in (floor.slice_, earlier)]


def _models(floor: Floor) -> list[str]:
    purposes = f"purpose IN ({_quoted(timed_purposes(floor.slice_))})"
    columns = f"""model, {SUMS}, count(*) FILTER (WHERE status IN ('failed', 'interrupted')),
        sum(output_tokens) FILTER (WHERE {TIMED}), sum(duration_ms - first_token_ms) FILTER (WHERE {TIMED}),
        {floor.quantiles("duration_ms", f"status = 'complete' AND {purposes}")},
        {floor.quantiles("first_token_ms", f"first_token_ms IS NOT NULL AND {purposes}")}"""
    scores = ", ".join(f"count(*) FILTER (WHERE score = '{score}')" for score in ("up", "down"))
    rated = f"SELECT model, {scores} FROM {floor.ratings} WHERE {floor.where(of_ratings=True)} GROUP BY 1"
    return [floor.select(columns), rated]


def _latency(floor: Floor) -> list[str]:
    period = latency_period(floor.slice_)
    slice_ = replace(floor.slice_, period=period, purposes=timed_purposes(floor.slice_))
    columns = f"""{floor.bucket(period)}, {floor.quantiles("duration_ms", "status = 'complete'")},
        {floor.quantiles("first_token_ms", "first_token_ms IS NOT NULL")}"""
    return [floor.select(columns, slice_=slice_)]


def _errors(floor: Floor) -> list[str]:
    return [floor.select("coalesce(error_code, status), count(*)", also="status IN ('failed', 'interrupted')")]


def _heat(floor: Floor) -> list[str]:
    local = floor.local()
    return [floor.select(f"extract(isodow FROM {local}), extract(hour FROM {local}), count(*)", "1, 2")]


def _places(period: Period) -> dict[date, int]:
    return {edge.astimezone(period.zone).date(): place for place, edge in enumerate(period.edges)}


def _over(results: list[Rows], slice_: Slice, *, keys: int = 0, period: Period | None = None) -> Figures:
    """`keys`: columns behind the bucket that tell rows apart."""
    period = period or slice_.period
    places = _places(period)
    return {
        (places[max(row[0].date(), period.first)], *row[1 : 1 + keys]): _numbers(row[1 + keys :]) for row in results[0]
    }


def _shown_over(frame: DataFrame, slice_: Slice, columns: list[str], by: list[str] | None = None) -> Figures:
    """Without what is empty, which has no rows."""
    edges = {edge: place for place, edge in enumerate(frame["bucket"].unique())}
    found = frame.assign(place=frame["bucket"].map(edges))
    return _table(found, ["place", *(by or [])], columns)


def _table(frame: DataFrame, keys: list[str], columns: list[str]) -> Figures:
    rows = zip(*(frame[key] for key in keys), frame[columns].to_numpy(dtype=float), strict=True)
    shown = {tuple(row[:-1]): tuple(float(value) for value in row[-1]) for row in rows}
    return {key: row for key, row in shown.items() if any(value and not isnan(value) for value in row)}


def _shown_subjects(frame: DataFrame, _slice: Slice) -> Figures:
    """Those that are listed, and all of them together."""
    listed = frame[frame["subject"].notna()]
    found = _table(listed, ["subject"], [*SHOWN, "before"])
    whole = frame[frame["subject"].isna()].iloc[0]
    columns = ["people", *SHOWN, "before_people", *(f"before_{name}" for name in SHOWN)]
    return found | {("all",): tuple(float(whole[name]) for name in columns)}


def _rows_subjects(results: list[Rows], _slice: Slice) -> Figures:
    now, then = ({str(row[0]): _numbers(row[1:]) for row in rows} for rows in results)
    order = sorted(now, key=lambda key: (-now[key][4], -now[key][2] - now[key][3], key))[: frames.MOST]
    found: Figures = {(key,): (*now[key], then[key][4] if key in then else 0.0) for key in order}
    totals: list[float] = []
    for side in (now, then):
        totals += [len(set(side) - {str(NOBODY)}), *(sum(row[place] for row in side.values()) for place in range(5))]
    return found | {("all",): tuple(totals)}


def _rows_models(results: list[Rows], _slice: Slice) -> Figures:
    rated = {row[0]: _numbers(row[1:]) for row in results[1]}
    return {
        (row[0],): (
            *_numbers(row[1:9]),
            *_numbers(row[9] or UNTIMED),
            *_numbers(row[10] or UNTIMED),
            *rated.get(row[0], (0.0, 0.0)),
        )
        for row in results[0]
    }


def _rows_latency(results: list[Rows], slice_: Slice) -> Figures:
    flat = [(row[0], *(row[1] or UNTIMED), *(row[2] or UNTIMED)) for row in results[0]]
    return _over([flat], slice_, period=latency_period(slice_))


def _rows_heat(results: list[Rows], _slice: Slice) -> Figures:
    return {(int(row[0]) - 1, int(row[1])): _numbers(row[2:]) for row in results[0]}


MODEL_COLUMNS = [*SHOWN, "errors", "timed_tokens", "timed_ms", *PERCENTILES, "up", "down"]
FIGURES = (
    Figure(
        "cost by model, and all, over time",
        _over_time,
        _by_model,
        lambda frame, slice_: _shown_over(frame, slice_, [*SHOWN, "unpriced"], ["series"]),
        partial(_over, keys=1),
    ),
    Figure(
        "people over time",
        frames.people_over_time,
        lambda floor: [floor.select(f"{floor.bucket()}, count(DISTINCT user_id)")],
        lambda frame, slice_: _shown_over(frame, slice_, ["people"]),
        _over,
    ),
    Figure(
        "totals and people, and before",
        partial(frames.subjects, kind=Kind.PERSON),
        partial(_subjects, "user_id"),
        _shown_subjects,
        _rows_subjects,
    ),
    Figure(
        "rooms, and before",
        partial(frames.subjects, kind=Kind.ROOM),
        partial(_subjects, "room_id"),
        _shown_subjects,
        _rows_subjects,
    ),
    Figure(
        "models",
        frames.models,
        _models,
        lambda frame, _: _table(frame, ["model"], MODEL_COLUMNS),
        _rows_models,
        (8, 9, 10, 11),
    ),
    Figure(
        "latency over time",
        frames.latency,
        _latency,
        lambda frame, slice_: _shown_over(frame, slice_, PERCENTILES),
        _rows_latency,
        (0, 1, 2, 3),
    ),
    Figure(
        "errors",
        frames.errors_by_code,
        _errors,
        lambda frame, _: _table(frame, ["code"], ["calls"]),
        lambda results, _: {(row[0],): _numbers(row[1:]) for row in results[0]},
    ),
    Figure(
        "hours of the week",
        hours.heat,
        _heat,
        lambda frame, _: _table(frame, ["weekday", "hour"], ["calls"]),
        _rows_heat,
    ),
)


class Disagreement(Exception):
    """Two ways to the same figure came to different ones: no time of either means anything."""


def agree(figure: Figure, where: str, ours: Figures, theirs: Figures) -> None:
    if set(ours) != set(theirs):
        raise Disagreement(f"{figure.name}, {where}: {sorted(set(ours) ^ set(theirs), key=str)[:5]}")
    for key, values in ours.items():
        for place, (one, other) in enumerate(zip(values, theirs[key], strict=True)):
            if isnan(one) and isnan(other):
                continue
            error = QUANTILE_ERROR if place in figure.quantiles else 1e-9
            if not isclose(one, other, rel_tol=error, abs_tol=1e-6):
                raise Disagreement(f"{figure.name}, {where}: {key} has {one} and {other} at {place}")


def _numbers(row: Sequence[Any]) -> tuple[float, ...]:
    """A sum over nothing is nothing."""
    return tuple(0.0 if value is None else float(value) for value in row)


def _moment(moment: datetime) -> str:
    return f"TIMESTAMP '{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}'"


def _quoted(values: Sequence[Any]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def grouped(rows: DataFrame, before: DataFrame, period: Period) -> None:
    """The same by pandas, out of all rows of the period and of the one before."""
    local = rows["created_at"].dt.tz_convert(period.zone).dt.tz_localize(None)
    bucket = local.dt.to_period("W" if period.bucket == "week" else "D")
    answers = rows[rows["purpose"] == "answer"]
    shown = rows.assign(answers=(rows["purpose"] == "answer") & (rows["status"] != "failed"))
    sums = ["answers", "input_tokens", "output_tokens", "cost"]
    rows.groupby([bucket, "model"], observed=True)["cost"].agg(["sum", "size"])
    shown.groupby(bucket)[sums].sum()
    rows.groupby(bucket)["user_id"].nunique()
    for column in ("user_id", "room_id"):
        shown.groupby(column, observed=True)[sums].sum().nlargest(20, "cost")
        before.groupby(column, observed=True)["cost"].sum()
    shown.groupby("model", observed=True)[sums].sum()
    weeks = answers["created_at"].dt.tz_localize(None).dt.to_period("W" if period.bucket == "week" else "D")
    complete = answers[answers["status"] == "complete"]
    for key in ("model", weeks):
        complete.groupby(key, observed=True)["duration_ms"].quantile(SHARES)
        answers.groupby(key, observed=True)["first_token_ms"].quantile(SHARES)
    rows["error_code"].value_counts()
    pd.crosstab(local.dt.weekday, local.dt.hour)
