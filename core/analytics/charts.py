"""What happens over time, as charts: DataFrame in, figure out; nothing is read and nothing is drawn here.

Each trace has in its `meta` the names of the series it stands for, and the number of a point in it is that of its
bucket: that is what a click leads by.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame
from plotly import graph_objects as go

from core.amounts import counted
from core.analytics.chart_axes import Buckets, value_axis
from core.analytics.chart_style import (
    FAINT,
    FEW,
    GREY,
    HEIGHT,
    LONGEST_NAME,
    LONGEST_OF_MANY,
    LOW,
    MOST_SERIES,
    PALETTE,
    completed,
    figure,
    nothing,
    plain,
    short_names,
)
from core.analytics.metrics import CACHED, INPUT, OUTPUT, Metric
from core.analytics.pace import Pace
from core.analytics.units import NOT_KNOWN, Unit, dollars, separated

OTHER = "Other"
NOTHING = "Nothing was asked in this period."
NO_PRICE = "Nobody knows what this cost: the models that were asked have no price."
INK = PALETTE[0]
SINGLE_GAP = 0.25
MORE = 14
"""Pixels of height for each further entry of the legend: on a telephone it has a line of its own."""


def stacked(
    frame: DataFrame, buckets: Buckets, metric: Metric, colours: Mapping[str, str], *, name: str,
    labels: Mapping[str, str] | None = None,
) -> go.Figure:  # fmt: skip
    """Bars over time of a frame with `series`: the greatest at the bottom, at most MOST_SERIES and on top the rest as
    one. A series of which nothing is known is not in it; nor are its calls in the figure's totals.
    """
    if not frame["calls"].any():
        return nothing(NOTHING)
    names = [str(series) for series in frame["series"].unique()]
    values, unpriced, calls = (_grid(frame, column, names) for column in (metric.column, "unpriced", "calls"))
    is_shown = list(unpriced.sum(axis=0) < calls.sum(axis=0) if metric.is_money else values.sum(axis=0) > 0)
    order = [place for place in np.argsort(-values.sum(axis=0), kind="stable") if is_shown[place]]
    if not order:
        return nothing(NO_PRICE if metric.is_money else NOTHING)
    shown, rest = order[:MOST_SERIES], order[MOST_SERIES:]
    inks = completed(colours, (names[place] for place in shown))
    groups = [(names[place], [place], inks[names[place]]) for place in shown]
    if rest:
        groups.append((f"{OTHER} ({len(rest):,})", rest, GREY))
    shorts = short_names(
        ((labels or {}).get(label, label) for label, _, _ in groups),
        LONGEST_OF_MANY if len(groups) > FEW else LONGEST_NAME,
    )
    totals = values[:, order].sum(axis=1)
    lines = buckets.names()
    traces = [
        _bars(
            shorts[(labels or {}).get(label, label)],
            values[:, places].sum(axis=1),
            colour,
            _hovers(
                (labels or {}).get(label, label), lines, values[:, places].sum(axis=1), metric,
                totals=totals if len(groups) > 1 else None,
                unpriced=unpriced[:, places].sum(axis=1) if metric.is_money else None,
            ),
            [names[place] for place in places],
        )
        for label, places, colour in groups
    ]  # fmt: skip
    return _over_time(traces, buckets, metric.unit, float(totals.max()), f"{name}, {metric.text(float(totals.sum()))}")


def tokens(frame: DataFrame, buckets: Buckets, *, name: str) -> go.Figure:
    """Fresh input, cached input and output, stacked over time."""
    if not frame["calls"].any():
        return nothing(NOTHING)
    read, cached, written = (frame[metric.column].to_numpy(dtype=float) for metric in (INPUT, CACHED, OUTPUT))
    # An estimate may miss what was cached: then nothing of it was fresh.
    kinds = {
        "In, fresh": (np.maximum(read - cached, 0), PALETTE[0]),
        "In, cached": (np.minimum(cached, read), PALETTE[5]),
        "Out": (written, PALETTE[1]),
    }
    lines, totals = buckets.names(), read + written
    traces = [
        _bars(kind, values, colour, _hovers(kind, lines, values, INPUT, totals=totals), [])
        for kind, (values, colour) in kinds.items()
    ]
    said = f"{name}, {INPUT.text(float(read.sum()))} in and {OUTPUT.text(float(written.sum()))} out"
    return _over_time(traces, buckets, Unit.TOKENS, float(totals.max()), said)


def single(frame: DataFrame, buckets: Buckets, metric: Metric, *, name: str) -> go.Figure:
    """One figure over time, which does not come in parts."""
    values = metric.of(frame).to_numpy(dtype=float)
    if not np.nansum(values):
        return nothing(NOTHING)
    trace = _bars(metric.label, values, INK, _hovers(metric.label, buckets.names(), values, metric), [])
    most = float(np.nanmax(values))
    return _over_time([trace], buckets, metric.unit, most, f"{name}, at most {metric.text(most)} at once")


def month(pace: Pace, *, name: str) -> go.Figure:
    """What a month came to so far, day by day, where that leads, and the budget as a line across."""
    known = [value for value in (*pace.so_far, pace.forecast, pace.budget) if value is not None]
    days = [f"{day:%-d %B}" for day in pace.days]
    so_far = len(pace.so_far)
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter", "mode": "lines", "name": "So far", "x": list(range(so_far)), "y": list(pace.so_far),
            "line": {"color": INK, "width": 3}, "fill": "tozeroy", "fillcolor": "rgba(22,108,147,0.15)",
            "hoverinfo": "text",
            "hovertext": [f"By {day}: {dollars(v)}" for day, v in zip(days, pace.so_far, strict=False)],
        }
    ]  # fmt: skip
    if pace.forecast is not None and so_far:
        traces.append(
            {
                "type": "scatter", "mode": "lines", "name": "At this pace", "x": [so_far - 1, len(days) - 1],
                "y": [pace.so_far[-1], pace.forecast], "line": {"color": INK, "width": 2, "dash": "dot"},
                "hoverinfo": "text", "hovertext": ["", f"By {days[-1]}: about {dollars(pace.forecast)}"],
            }
        )  # fmt: skip
    if pace.budget is not None:
        traces.append(
            {
                "type": "scatter", "mode": "lines", "name": "Budget", "x": [0, len(days) - 1],
                "y": [pace.budget, pace.budget], "line": {"color": PALETTE[4], "width": 2, "dash": "dash"},
                "hoverinfo": "text", "hovertext": [f"Budget: {dollars(pace.budget)}"] * 2,
            }
        )  # fmt: skip
    marked = list(range(0, len(days), 5))
    axis = {
        "tickmode": "array", "tickvals": marked, "ticktext": [f"{pace.days[place]:%-d %b}" for place in marked],
        "tickangle": 0, "range": [-0.4, len(days) - 0.6], "showgrid": False, "zeroline": False, "fixedrange": True,
    }  # fmt: skip
    return figure(
        traces, name=name, height=LOW, xaxis=axis, yaxis=value_axis(Unit.DOLLARS, max(known, default=0.0)),
        showlegend=True,
    )  # fmt: skip


def _grid(frame: DataFrame, column: str, names: Sequence[str]) -> NDArray[np.float64]:
    """Buckets by series. The frame has a row for each pair, in order of time."""
    return frame[column].to_numpy(dtype=float).reshape(-1, len(names))


def _bars(
    label: str, values: NDArray[np.float64], colour: str, hovers: Sequence[str], series: list[str]
) -> dict[str, Any]:
    return {
        "type": "bar",
        "name": plain(label),
        "x": list(range(len(values))),
        "y": [round(float(value), 8) for value in values],
        "marker": {"color": colour, "line": {"width": 0}},
        "hoverinfo": "text",
        "hovertext": list(hovers),
        "textposition": "none",
        "meta": {"series": series},
    }


def _hovers(
    label: str, lines: Sequence[str], values: NDArray[np.float64], metric: Metric, *,
    totals: NDArray[np.float64] | None = None, unpriced: NDArray[np.float64] | None = None,
) -> list[str]:  # fmt: skip
    """What a bar says; a bar without a height can't be pointed at, so that it says nothing."""
    head = f"<b>{plain(label)}</b><br>"
    return [
        head + _said(float(value), line, metric, _at(totals, place), _at(unpriced, place)) if value else ""
        for place, (value, line) in enumerate(zip(values, lines, strict=True))
    ]


def _said(value: float, line: str, metric: Metric, total: float | None, unpriced: float | None) -> str:
    exact = f" ({separated(value)})" if metric.unit is Unit.TOKENS and value >= 1_000 else ""
    whole = f" of {metric.text(total)}" if total is not None and total > value else ""
    unknown = f"<br>{counted(int(unpriced), 'call')}: cost {NOT_KNOWN}" if unpriced else ""
    return f"{line}<br>{metric.text(value)}{exact}{whole}{unknown}"


def _at(values: NDArray[np.float64] | None, place: int) -> float | None:
    return None if values is None else float(values[place])


def _over_time(
    traces: Sequence[Mapping[str, Any]], buckets: Buckets, unit: Unit, largest: float, name: str
) -> go.Figure:
    few = max(0.0, 1 - len(buckets) / 8) * 0.6
    return figure(
        traces,
        name=name,
        height=HEIGHT + MORE * max(len(traces) - FEW, 0),
        barmode="stack",
        bargap=SINGLE_GAP + few,
        barcornerradius=2,
        xaxis=buckets.axis(),
        yaxis=value_axis(unit, largest),
        hoverlabel={"align": "left", "namelength": -1, "bordercolor": FAINT},
        modebar={"remove": ["select2d", "lasso2d"]},
    )
