"""Charts from tables, without a database: what is in them adds up, and what isn't known is not in them."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas import DataFrame
from plotly import graph_objects as go

from core.analytics import chart_details, charts
from core.analytics.chart_axes import Buckets
from core.analytics.chart_style import (
    GREY,
    MOST_SERIES,
    PALETTE,
    colours,
    is_empty,
    name_of,
    short_names,
    without_paths,
)
from core.analytics.metrics import ANSWERS, COST, COST_PER_ANSWER, ERROR_SHARE, METRICS, PEOPLE, SPEED, Metric
from core.analytics.pace import pace_of
from core.analytics.periods import Period
from core.analytics.units import Unit, compact, dollars, duration, percent
from core.models import MEASURES

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = Period(date(2026, 5, 4), date(2026, 5, 10), BERLIN)
LIGHT, DARK = "#FFFFFF", "#141917"
MARKED = '<a href="http://e.example">model</a>'


def over_time(period: Period, names: Sequence[str], **columns: Any) -> DataFrame:
    """Of each bucket and series: 2 calls and answers, 1 dollar, unless `columns` say otherwise."""
    size = len(period.edges) * len(names)
    values: dict[str, Any] = dict.fromkeys(MEASURES, 0) | {"calls": 2, "answers": 2, "cost": 1.0} | columns
    frame = DataFrame({name: np.broadcast_to(np.asarray(value), size).copy() for name, value in values.items()})
    frame.insert(0, "bucket", pd.DatetimeIndex(period.edges).tz_convert(period.zone).repeat(len(names)))
    frame.insert(1, "series", np.tile(np.array(names, dtype=object), len(period.edges)))
    return frame


def stacked(frame: DataFrame, period: Period = WEEK, metric: Any = COST) -> go.Figure:
    return charts.stacked(frame, Buckets.of(period), metric, {}, name="Chart")


def height(figure: go.Figure) -> float:
    """Of all bars together."""
    return float(sum(sum(trace.y) for trace in figure.data))


# Series


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 10**6), min_size=7, max_size=7), min_size=1, max_size=20))
def test_with_the_rest_as_one_nothing_is_lost(costs: list[list[int]]) -> None:
    names = [f"model {number}" for number in range(len(costs))]
    cents = np.array(costs).T.reshape(-1) / 100
    figure = stacked(over_time(WEEK, names, cost=cents))
    assert len(figure.data) <= MOST_SERIES + 1
    assert height(figure) == pytest.approx(cents.sum())
    assert sorted(name for trace in figure.data for name in trace.meta["series"]) == sorted(names)
    tops = [sum(trace.y) for trace in figure.data[:MOST_SERIES]]
    assert tops == sorted(tops, reverse=True)


def test_the_rest_is_grey_and_says_how_many_it_is() -> None:
    names = [f"model {number:02}" for number in range(12)]
    figure = stacked(over_time(WEEK, names, cost=np.tile(np.arange(12.0, 0, -1), 7)))
    assert [trace.name for trace in figure.data] == [*names[:8], "Other (4)"]
    assert figure.data[-1].marker.color == GREY and figure.data[-1].meta["series"] == names[8:]


def test_a_series_of_which_nothing_is_known_is_not_drawn_as_nothing() -> None:
    frame = over_time(WEEK, ["known", "unknown"], unpriced=np.tile([0, 2], 7), cost=np.tile([1.0, 0.0], 7))
    assert [trace.name for trace in stacked(frame).data] == ["known"]
    assert len(stacked(frame, metric=ANSWERS).data) == 2
    lost = stacked(over_time(WEEK, ["unknown"], unpriced=2, cost=0.0))
    assert is_empty(lost) and name_of(lost) == charts.NO_PRICE


def test_a_bar_says_how_many_calls_it_knows_nothing_of() -> None:
    figure = stacked(over_time(WEEK, ["half"], unpriced=1))
    assert figure.data[0].hovertext[0] == "<b>half</b><br>Monday, 4 May 2026<br>$1.00<br>1 call: cost not known"


def test_tokens_are_read_fresh_or_cached_and_written() -> None:
    frame = over_time(WEEK, [""], input_tokens=1_000, cached_tokens=400, output_tokens=50)
    figure = charts.tokens(frame, Buckets.of(WEEK), name="Tokens")
    assert [(trace.name, trace.y[0]) for trace in figure.data] == [("In, fresh", 600), ("In, cached", 400), ("Out", 50)]
    assert name_of(figure) == "Tokens, 7k in and 350 out"
    odd = charts.tokens(over_time(WEEK, [""], input_tokens=10, cached_tokens=40), Buckets.of(WEEK), name="Tokens")
    assert height(odd) == 70  # more from the cache than was read can't be


def test_names_are_no_markup_and_stay_short_in_the_legend() -> None:
    long = "accounts/fireworks/models/llama-v4-maverick-instruct-basic-2026-11"
    figure = stacked(over_time(WEEK, [MARKED, long]))
    assert "<a" not in "".join(trace.name + trace.hovertext[0] for trace in figure.data)
    assert figure.data[1].name == short_names([MARKED, long])[long] == "llama-v4-maverick-instr…asic-2026-11"
    assert long in figure.data[1].hovertext[0]


def test_short_names_stay_different() -> None:
    alike = [f"accounts/someone/models/a-long-name-with-{middle}-inside-that-is-cut" for middle in ("this", "that")]
    assert len(set(short_names(alike, 24).values())) == 2
    assert short_names(["house/a", "b"]) == {"house/a": "house/a", "b": "b"}
    assert short_names([MARKED * 3])[MARKED * 3].startswith("<a href")  # no path


# Time


def test_the_hour_that_comes_twice_is_two_bars() -> None:
    day = Period(date(2026, 10, 25), date(2026, 10, 25), BERLIN)
    buckets = Buckets.of(day)
    assert len(buckets) == 25 and len(set(stacked(over_time(day, ["x"]), day).data[0].x)) == 25
    assert [name[-11:] for name in buckets.names()[2:4]] == ["02:00–02:00", "02:00–03:00"]


@pytest.mark.parametrize(
    ("first", "last", "names"),
    [
        (date(2026, 5, 4), date(2026, 5, 4), ["Monday, 4 May 2026, 00:00–01:00", "Monday, 4 May 2026, 23:00–00:00"]),
        (date(2026, 5, 4), date(2026, 5, 9), ["Monday, 4 May 2026", "Saturday, 9 May 2026"]),
        (date(2025, 11, 26), date(2026, 11, 24), ["26–30 November 2025", "23–24 November 2026"]),
        (date(2025, 6, 24), date(2026, 2, 1), ["24–29 June 2025", "26 January – 1 February 2026"]),
        (date(2024, 1, 15), date(2026, 11, 24), ["15–31 January 2024", "1–24 November 2026"]),
        (date(2024, 1, 1), date(2026, 10, 31), ["January 2024", "October 2026"]),
    ],
)
def test_buckets_have_whole_names(first: date, last: date, names: list[str]) -> None:
    found = Buckets.of(Period(first, last, BERLIN)).names()
    assert [found[0], found[-1]] == names


@given(st.dates(date(2024, 1, 1), date(2025, 1, 1)), st.integers(1, 1_100))
@settings(max_examples=60, deadline=None)
def test_axes_name_a_few_buckets(first: date, days: int) -> None:
    period = Period(first, date.fromordinal(first.toordinal() + days - 1), BERLIN)
    axis = Buckets.of(period).axis()
    assert 1 <= len(axis["tickvals"]) == len(axis["ticktext"]) <= 9
    assert all(0 <= value < len(period.edges) for value in axis["tickvals"])


# Colours


def test_a_model_keeps_its_colour_whatever_else_is_shown() -> None:
    known = [f"model {number}" for number in range(8)]
    everything = colours(known, known)
    assert sorted(everything.values()) == sorted(PALETTE)
    for some in (known[::-1], known[3:5], ["model 7"]):
        assert colours(some, known) == {name: everything[name] for name in some}
    many = [f"model {number:02}" for number in range(30)]
    assert len(set(colours(many[5:], many).values())) == MOST_SERIES
    assert "model 20" not in colours(many, many) and colours(["new"], []) == {"new": PALETTE[0]}


def test_what_has_no_colour_of_its_own_gets_one_that_is_free() -> None:
    names = [f"model {number}" for number in range(10)]
    figure = charts.stacked(over_time(WEEK, names), Buckets.of(WEEK), ANSWERS, {"model 3": PALETTE[0]}, name="Chart")
    inks = {trace.name: trace.marker.color for trace in figure.data}
    assert inks["model 3"] == PALETTE[0] and inks.pop("Other (2)") == GREY
    assert sorted(inks.values()) == sorted(PALETTE)


def test_paths_go_where_names_stay_different() -> None:
    assert without_paths(["house/one", "two"]) == ["one", "two"]
    assert without_paths(["house/one", "home/one"]) == ["house/one", "home/one"]
    assert without_paths([MARKED]) == [MARKED]


def linear(colour: str) -> np.ndarray:
    parts = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """As WCAG 2 has it."""
    light = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (light[1] + 0.05) / (light[0] + 0.05)


# Machado, Oliveira, Fernandes: "A physiologically-based model for simulation of color vision deficiency" (2009), full
# severity, for linear RGB.
VISION = {
    "normal": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(colour: str, vision: Any) -> np.ndarray:
    xyz = XYZ @ np.clip(np.array(vision) @ linear(colour), 0, 1) / [0.9505, 1, 1.089]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("vision", VISION)
def test_everybody_can_tell_the_colours_apart(vision: str) -> None:
    seen = {colour: lab(colour, VISION[vision]) for colour in (*PALETTE, GREY)}
    assert min(np.linalg.norm(seen[one] - seen[other]) for one, other in combinations(seen, 2)) >= 14


def test_colours_stand_out_in_the_light_and_in_the_dark() -> None:
    for colour in (*PALETTE, GREY):
        assert contrast(colour, LIGHT) >= 2.5 and contrast(colour, DARK) >= 3


def test_charts_leave_text_and_background_to_the_theme() -> None:
    layout = stacked(over_time(WEEK, ["x"])).to_dict()["layout"]
    assert layout["paper_bgcolor"] == layout["plot_bgcolor"] == "rgba(0,0,0,0)" and "font" not in layout
    assert layout["yaxis"]["zeroline"] and layout["yaxis"]["rangemode"] == "tozero"


# The smaller ones


def test_latency_has_gaps_and_fits_its_unit() -> None:
    frame = DataFrame({"p50": [100.0, np.nan], "p95": [900.0, np.nan], "first_p50": np.nan, "first_p95": np.nan})
    buckets = Buckets.of(Period(date(2026, 5, 4), date(2026, 5, 5), BERLIN))
    frame = pd.concat([frame] * 24)
    figure = chart_details.latency(frame, buckets, name="Latency")
    assert len(figure.data) == 2 and figure.data[0].y[:2] == (900.0, None) and not figure.data[0].connectgaps
    assert figure.layout.yaxis.ticksuffix == " ms" and name_of(figure) == "Latency, at most 900 ms"
    slow = chart_details.latency(frame * 10, buckets, name="Latency")
    assert slow.layout.yaxis.ticksuffix == " s" and slow.data[0].y[0] == 9.0


def test_errors_and_ratings_are_listed_with_a_rest() -> None:
    frame = DataFrame({"code": [f"kind_{number}" for number in range(20)], "calls": range(20, 0, -1)})
    figure = chart_details.errors(frame, name="Errors")
    assert sum(figure.data[0].x) == 210 and figure.layout.yaxis.ticktext[-1] == "Other (9)"
    rated = DataFrame({"model": [MARKED, "b", "c"], "up": [1, 8, 0], "down": [1, 2, 0]})
    figure = chart_details.ratings(rated, name="Ratings")
    assert [trace.x for trace in figure.data] == [(8, 1), (2, 1)]
    assert name_of(figure) == "Ratings, 75 % of 12 ratings say helpful" and "<a" not in str(
        figure.layout.yaxis.ticktext
    )


def test_the_week_has_monday_on_top() -> None:
    calls = np.zeros(168, dtype=int)
    calls[24 + 9] = 7
    frame = DataFrame({"weekday": np.arange(168) // 24, "hour": np.arange(168) % 24, "calls": calls})
    figure = chart_details.heat(frame, name="Week")
    assert figure.data[0].z[1][9] == 7 and sum(map(sum, figure.data[0].z)) == 7
    assert figure.layout.yaxis.ticktext[0] == "Mon" and figure.layout.yaxis.autorange == "reversed"
    assert name_of(figure) == "Week, most on Tuesday from 09:00, 7"


EMPTY = over_time(WEEK, ["x"], calls=0, answers=0, cost=0.0)
NO_TIMES = DataFrame(np.nan, index=range(7), columns=["p50", "p95", "first_p50", "first_p95"])


@pytest.mark.parametrize(
    "figure",
    [
        stacked(EMPTY),
        stacked(EMPTY[:0]),
        charts.tokens(EMPTY, Buckets.of(WEEK), name="x"),
        charts.single(DataFrame({"people": [0] * 7}), Buckets.of(WEEK), PEOPLE, name="x"),
        chart_details.latency(NO_TIMES, Buckets.of(WEEK), name="x"),
        chart_details.errors(DataFrame({"code": [], "calls": []}), name="x"),
        chart_details.ratings(DataFrame({"model": ["a"], "up": [0], "down": [0]}), name="x"),
        chart_details.ratings(DataFrame({"model": [], "up": [], "down": []}), name="x"),
        chart_details.heat(DataFrame({"weekday": [0], "hour": [0], "calls": [0]}), name="x"),
    ],
)
def test_empty_data_says_so(figure: go.Figure) -> None:
    assert is_empty(figure) and not figure.data and name_of(figure).endswith(".")


# A month


def moment(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 4, day, hour, tzinfo=UTC)


APRIL = Period(date(2026, 4, 1), date(2026, 4, 30), ZoneInfo("UTC"))


def test_a_month_at_its_pace() -> None:
    pace = pace_of(APRIL, [10.0] * 10 + [0.0] * 20, moment(10, 12), budget=250.0)
    assert pace and pace.spent == 100 and len(pace.so_far) == 10
    assert pace.forecast == pytest.approx(100 / 9.5 * 30)
    figure = charts.month(pace, name="April")
    assert [trace.name for trace in figure.data] == ["So far", "At this pace", "Budget"]
    assert set(figure.data[2].y) == {250.0}


def test_no_forecast_from_hours_and_none_when_it_is_over() -> None:
    first = pace_of(APRIL, [1.0] * 30, moment(1, 12))
    assert first and first.forecast is None and first.spent == 1
    assert pace_of(APRIL, [1.0] * 30, datetime(2026, 5, 1, tzinfo=UTC)) is None
    assert pace_of(WEEK, [1.0] * 7, moment(5)) is None


# Metrics and units


def figure(metric: Metric, row: Mapping[str, Any]) -> float:
    return float(metric.of(DataFrame([dict(row)])).iloc[0])


def test_metrics_have_their_own_slug_and_divide_sums() -> None:
    assert len({metric.slug for metric in METRICS}) == len(METRICS)
    row = dict.fromkeys(MEASURES, 0) | {"calls": 10, "answers": 4, "errors": 1, "cost": 2.0}
    row |= {"timed_tokens": 300, "timed_ms": 2_000}
    assert figure(COST_PER_ANSWER, row) == 0.5 and figure(ERROR_SHARE, row) == 0.1 and figure(SPEED, row) == 150
    unknown = row | {"unpriced": 10, "cost": 0.0}
    assert np.isnan(figure(COST, unknown)) and COST.text(figure(COST, unknown)) == "not known"
    assert np.isnan(figure(COST_PER_ANSWER, row | {"answers": 0}))
    assert figure(COST, dict.fromkeys(MEASURES, 0)) == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (dollars(1234.5), "$1,234.50"),
        (dollars(0.0042), "$0.0042"),
        (dollars(0.00001), "under $0.0001"),
        (dollars(0.0), "$0.00"),
        (compact(950), "950"),
        (compact(12_345), "12.3k"),
        (compact(999_400), "999k"),
        (compact(999_960), "1M"),
        (compact(1_240_000), "1.2M"),
        (compact(7_000_000_000), "7B"),
        (duration(850), "850 ms"),
        (duration(1_250), "1.2 s"),
        (duration(65_000), "1 min 5 s"),
        (percent(0.0), "0 %"),
        (percent(0.0004), "under 0.1 %"),
        (percent(0.034), "3.4 %"),
        (percent(0.97), "97 %"),
        (percent(0.9999), "over 99.9 %"),
        (percent(1.0), "100 %"),
        (Unit.COUNT.text(12_345), "12,345"),
        (Unit.TOKENS_PER_SECOND.text(3.14), "3.1/s"),
        (Unit.DOLLARS.text(None), "not known"),
        (Unit.DOLLARS.text(float("nan")), "not known"),
    ],
)
def test_figures_as_they_are_read(text: str, expected: str) -> None:
    assert text == expected


def test_a_year_is_drawn_quickly() -> None:
    year = Period(date(2025, 11, 25), date(2026, 11, 24), BERLIN)
    frame, buckets = over_time(year, [f"model {number}" for number in range(60)]), Buckets.of(year)
    stacked(frame, year)
    began = time.process_time()
    for _ in range(5):
        charts.stacked(frame, buckets, COST, {}, name="Chart")
    assert (time.process_time() - began) / 5 < 0.1
