"""From the main chart to the calls behind it without having to hit a bar: by keyboard, or on a telephone."""

import streamlit as st
from pandas import DataFrame

from core.amounts import counted
from core.analytics.chart_axes import Buckets
from core.services.usage import SERIES
from core.services.usage_query import Query
from core.services.usage_views import Chart, UsageView
from core.ui.dialogs import dialog
from core.ui.usage_filters import go
from core.ui.usage_words import PURPOSES


def calls_button(query: Query, view: UsageView) -> None:
    if st.button("Calls", icon=":material/list:", type="tertiary", key="usage_calls", help="Every single call"):
        _choose(query, view)


@dialog("Calls")
def _choose(query: Query, view: UsageView) -> None:
    """A dialog, and not a popover: there the keyboard would have to go through all of the page before."""
    buckets, edges = buckets_of(view), view.period.edges
    place = st.selectbox(
        "When", list(buckets), index=None, format_func=buckets.__getitem__, placeholder="All of the period",
        key="usage_calls_at",
    )  # fmt: skip
    series: str | None = None
    if kind := SERIES.get(query.chart):
        names = series_of(query.chart, view.main)
        series = st.selectbox(
            kind.capitalize(), list(names), index=None, format_func=names.__getitem__, placeholder="All",
            key="usage_calls_of",
        )  # fmt: skip
    if st.button("List calls", type="primary", key="usage_calls_list"):
        go(query.calls(None if place is None else edges[place], () if series is None else (series,)))
        st.rerun()


def buckets_of(view: UsageView) -> dict[int, str]:
    """Those in which something was asked, by their places, the latest first."""
    named = list(enumerate(zip(Buckets.of(view.period).names(), view.sparks["calls"], strict=True)))
    return {place: f"{name}: {counted(calls, 'call')}" for place, (name, calls) in reversed(named) if calls}


def series_of(chart: Chart, main: DataFrame) -> dict[str, str]:
    """Of a chart that tells some apart, the dearest first; also those without a price, for which it has no bars."""
    sums = main.groupby("series")[["cost", "calls"]].sum().sort_values(["cost", "calls"], ascending=False)
    names: dict[str, str] = {purpose.value: name for purpose, name in PURPOSES.items()}
    called = names if chart is Chart.PURPOSE_COST else {}
    rows = zip(map(str, sums.index), sums["calls"], strict=True)
    return {series: f"{called.get(series, series)}: {counted(calls, 'call')}" for series, calls in rows}
