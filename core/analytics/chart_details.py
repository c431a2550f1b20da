"""The smaller charts: how long answers take, what goes wrong, what people think, when they ask."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from pandas import DataFrame
from plotly import graph_objects as go

from core.amounts import counted
from core.analytics.chart_axes import FEW, Buckets, value_axis
from core.analytics.chart_style import FAINT, HEIGHT, LOW, PALETTE, figure, nothing, plain, short_names
from core.analytics.metrics import DURATION_MIDDLE, DURATION_MOST, FIRST_MIDDLE, FIRST_MOST
from core.analytics.units import SECOND, Unit, compact, duration, percent, separated

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOST_BARS = 12
BAR = 30
"""Pixels a horizontal bar takes."""
NO_TIMES = "No answer was timed in this period."
NO_ERRORS = "No call failed or was interrupted in this period."
NO_RATINGS = "No answer was rated in this period."
NO_CALLS = "Nothing was asked in this period."
LINES = (
    (DURATION_MOST, PALETTE[0], "dash"),
    (DURATION_MIDDLE, PALETTE[0], "solid"),
    (FIRST_MOST, PALETTE[1], "dash"),
    (FIRST_MIDDLE, PALETTE[1], "solid"),
)
UP, DOWN = PALETTE[0], PALETTE[1]
HEAT = ((0.0, "rgba(22,108,147,0.06)"), (0.01, "rgba(22,108,147,0.2)"), (1.0, "rgba(22,108,147,1)"))


def latency(frame: DataFrame, buckets: Buckets, *, name: str) -> go.Figure:
    """Percentiles over time; a gap where nothing was timed."""
    if not frame[[metric.column for metric, _, _ in LINES]].notna().to_numpy().any():
        return nothing(NO_TIMES)
    largest = float(np.nanmax(frame[[metric.column for metric, _, _ in LINES]].to_numpy(dtype=float)))
    is_seconds = largest >= 2 * SECOND
    lines, traces = buckets.names(), []
    for metric, colour, dash in LINES:
        values = frame[metric.column].to_numpy(dtype=float)
        if np.isnan(values).all():
            continue
        shown = values / SECOND if is_seconds else values
        traces.append(
            {
                "type": "scatter", "mode": "lines+markers", "name": metric.label, "x": list(range(len(values))),
                "y": [None if np.isnan(value) else round(float(value), 3) for value in shown],
                "line": {"color": colour, "width": 2, "dash": dash}, "marker": {"size": 4, "color": colour},
                "connectgaps": False, "hoverinfo": "text",
                "hovertext": [
                    "" if np.isnan(value) else f"<b>{metric.label}</b><br>{line}<br>{duration(float(value))}"
                    for value, line in zip(values, lines, strict=True)
                ],
            }
        )  # fmt: skip
    axis = value_axis(Unit.MILLISECONDS, largest) | ({"ticksuffix": " s"} if is_seconds else {})
    said = f"{name}, at most {duration(largest)}"
    return figure(traces, name=said, xaxis=buckets.axis(), yaxis=axis, showlegend=True)


def errors(frame: DataFrame, *, name: str) -> go.Figure:
    """How many calls ended with which error, the most frequent on top; behind MOST_BARS the rest as one."""
    if not frame["calls"].sum():
        return nothing(NO_ERRORS)
    codes, calls = list(frame["code"]), [int(count) for count in frame["calls"]]
    if len(codes) > MOST_BARS:
        rest = len(codes) - MOST_BARS + 1
        codes = [*codes[: MOST_BARS - 1], f"Other ({rest:,})"]
        calls = [*calls[: MOST_BARS - 1], sum(calls[MOST_BARS - 1 :])]
    total = sum(calls)
    labels = [spoken(code) for code in codes]
    hovers = [
        f"<b>{plain(label)}</b><br>{counted(int(count), 'call')}, {percent(count / total)} of all errors"
        for label, count in zip(labels, calls, strict=True)
    ]
    trace = _across(labels, calls, PALETTE[4], hovers, [separated(count) for count in calls])
    said = f"{name}, most often {labels[0]}, {separated(calls[0])} of {separated(total)}"
    return _list_of_bars([trace], labels, max(calls), said)


def ratings(frame: DataFrame, *, name: str) -> go.Figure:
    """How many liked and disliked answers of each model, the most rated on top; behind MOST_BARS the rest as one."""
    if not len(frame) or not (frame["up"] + frame["down"]).sum():
        return nothing(NO_RATINGS)
    rated = frame[frame["up"] + frame["down"] > 0]
    order = np.argsort(-(rated["up"] + rated["down"]).to_numpy(), kind="stable")
    rows = [(str(rated["model"].iloc[at]), int(rated["up"].iloc[at]), int(rated["down"].iloc[at])) for at in order]
    if len(rows) > MOST_BARS:
        rest = rows[MOST_BARS - 1 :]
        other = (f"Other ({len(rest):,})", sum(row[1] for row in rest), sum(row[2] for row in rest))
        rows = [*rows[: MOST_BARS - 1], other]
    shorts = short_names(model for model, _, _ in rows)
    labels = [shorts[model] for model, _, _ in rows]
    hovers = [
        f"<b>{plain(model)}</b><br>{separated(up)} helpful, {separated(down)} not: {percent(up / (up + down))} helpful"
        for model, up, down in rows
    ]
    likes = _across(labels, [up for _, up, _ in rows], UP, hovers, name="Helpful")
    dislikes = _across(labels, [down for _, _, down in rows], DOWN, hovers, name="Not helpful")
    ups, all_ = sum(row[1] for row in rows), sum(row[1] + row[2] for row in rows)
    said = f"{name}, {percent(ups / all_)} of {separated(all_)} ratings say helpful"
    return _list_of_bars([likes, dislikes], labels, max(row[1] + row[2] for row in rows), said)


def heat(frame: DataFrame, *, name: str) -> go.Figure:
    """Calls by hour and weekday, Monday on top: the more, the stronger."""
    calls = np.zeros((7, 24), dtype=int)
    calls[frame["weekday"], frame["hour"]] = frame["calls"]
    if not calls.any():
        return nothing(NO_CALLS)
    hovers = [
        [
            f"<b>{day}, {hour:02}:00–{(hour + 1) % 24:02}:00</b><br>{counted(int(calls[row][hour]), 'call')}"
            for hour in range(24)
        ]
        for row, day in enumerate(DAYS)
    ]
    row, hour = np.unravel_index(int(calls.argmax()), calls.shape)
    steps = {"dtick": 1} if calls.max() <= FEW else {}
    trace = {
        "type": "heatmap", "z": calls.tolist(), "x": list(range(24)), "y": list(range(7)), "colorscale": HEAT,
        "zmin": 0, "zmax": int(calls.max()), "xgap": 2, "ygap": 2, "hoverinfo": "text", "text": hovers,
        "colorbar": {"thickness": 8, "outlinewidth": 0, "nticks": 5, "exponentformat": "B"} | steps,
    }  # fmt: skip
    across: dict[str, Any] = {
        "tickmode": "array", "tickvals": [0, 6, 12, 18], "ticktext": ["00:00", "06:00", "12:00", "18:00"],
        "showgrid": False, "zeroline": False, "fixedrange": True, "tickangle": 0,
    }  # fmt: skip
    down: dict[str, Any] = {
        "tickmode": "array", "tickvals": list(range(7)), "ticktext": [day[:3] for day in DAYS],
        "autorange": "reversed", "showgrid": False, "zeroline": False, "fixedrange": True,
    }  # fmt: skip
    said = f"{name}, most on {DAYS[row]} from {hour:02}:00, {compact(calls.max())}"
    return figure([trace], name=said, height=LOW, xaxis=across, yaxis=down, showlegend=False)


def spoken(code: str) -> str:
    """An error's code as words."""
    return code.replace("_", " ").strip().capitalize() or "Unknown"


def _across(
    labels: Sequence[str],
    values: Sequence[int],
    colour: str,
    hovers: Sequence[str],
    texts: Sequence[str] | None = None,
    *,
    name: str = "",
) -> dict[str, Any]:
    shown: dict[str, Any] = {"text": list(texts), "textposition": "outside", "cliponaxis": False} if texts else {}
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "x": list(values),
        "y": list(range(len(labels))),
        "marker": {"color": colour, "line": {"width": 0}},
        "hoverinfo": "text",
        "hovertext": list(hovers),
        "textposition": "none",
    } | shown


def _list_of_bars(traces: Sequence[dict[str, Any]], labels: Sequence[str], largest: int, name: str) -> go.Figure:
    down = {
        "tickmode": "array", "tickvals": list(range(len(labels))), "ticktext": [plain(label) for label in labels],
        "autorange": "reversed", "showgrid": False, "zeroline": False, "fixedrange": True, "automargin": True,
    }  # fmt: skip
    across = value_axis(Unit.COUNT, largest) | {"zerolinecolor": FAINT}
    if len(traces) == 1:  # room for the number behind the longest bar
        across["range"] = [0, largest * 1.15]
    height = min(HEIGHT, 70 + BAR * len(labels) + (24 if len(traces) > 1 else 0))
    return figure(
        traces, name=name, height=height, barmode="stack", bargap=0.35, barcornerradius=2, xaxis=across, yaxis=down
    )
