"""The main chart of the usage page, with its switch; a click on it leads to the calls behind."""

from collections.abc import Mapping
from datetime import datetime

import streamlit as st
from plotly.graph_objects import Figure

from core.amounts import counted
from core.analytics import charts
from core.analytics.chart_axes import Buckets
from core.analytics.chart_style import CONFIG, PALETTE, is_empty, name_of
from core.analytics.metrics import ANSWERS, COST, PEOPLE
from core.analytics.pace import pace_of
from core.analytics.units import dollars
from core.models import CallPurpose
from core.services.usage_query import Query
from core.services.usage_views import Chart, Table, UsageView
from core.ui.text import as_label
from core.ui.usage_behind import calls_button
from core.ui.usage_download import download_button
from core.ui.usage_filters import days_text, go
from core.ui.usage_words import CHARTS, PURPOSES

PURPOSE_COLOURS = {purpose.value: PALETTE[place] for place, purpose in enumerate(CallPurpose)}
PURPOSE_NAMES = {purpose.value: name for purpose, name in PURPOSES.items()}


def main_chart(query: Query, view: UsageView, colours: Mapping[str, str], *, has_people: bool) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            _switch(query, has_people=has_people)
            with st.container(horizontal=True, width="content", gap="xsmall", vertical_alignment="center"):
                calls_button(query, view)
                download_button(
                    query.fixed(view.period), Table.MAIN, "The figures of this chart", key="usage_main_save"
                )
        buckets = Buckets.of(view.period)
        figure = drawn(query.chart, view, buckets, colours)
        if is_empty(figure):
            st.markdown(name_of(figure))
        else:
            _clickable(query, view, figure)
        if query.chart in (Chart.MODEL_COST, Chart.PURPOSE_COST):
            _unknown(view)


def drawn(chart: Chart, view: UsageView, buckets: Buckets, colours: Mapping[str, str]) -> Figure:
    name = f"{CHARTS[chart]}, {days_text(view.period.first, view.period.last)}"
    match chart:
        case Chart.TOKENS:
            return charts.tokens(view.main, buckets, name=name)
        case Chart.PEOPLE:
            return charts.single(view.main, buckets, PEOPLE, name=name)
        case Chart.ANSWERS:
            return charts.stacked(view.main, buckets, ANSWERS, colours, name=name)
        case Chart.PURPOSE_COST:
            return charts.stacked(view.main, buckets, COST, PURPOSE_COLOURS, name=name, labels=PURPOSE_NAMES)
        case _:
            return charts.stacked(view.main, buckets, COST, colours, name=name)


def month(view: UsageView, budget: float | None, *, what: str) -> None:
    """The month's pace and where it leads, while it lasts."""
    pace = pace_of(view.period, list(view.sparks["cost"]), view.as_of, budget)
    if pace is None or not (pace.spent or budget):
        return
    said = [f"**{as_label(dollars(pace.spent))}** so far"]
    if pace.forecast is not None:
        said.append(f"about **{as_label(dollars(pace.forecast))}** by {pace.days[-1]:%-d %B} at this pace")
    if budget is not None:
        said.append(f"the budget is **{as_label(dollars(budget))}**")
    with st.container(border=True):
        st.markdown(f"{what} in {view.period.first:%B}: {', '.join(said)}.")
        figure = charts.month(pace, name=f"{what} in {view.period.first:%B %Y} day by day, with its forecast")
        st.plotly_chart(figure, config=CONFIG, key="usage_month", alt=name_of(figure))


def _switch(query: Query, *, has_people: bool) -> None:
    key = "usage_chart"
    if st.session_state.get(key) != query.chart:
        st.session_state[key] = query.chart
    options = [chart for chart in Chart if has_people or chart in (query.chart, *_OF_ONE)]
    st.segmented_control(
        "Main chart", options, format_func=CHARTS.__getitem__, required=True, key=key, label_visibility="collapsed",
        wrap=True, on_change=lambda: go(query.looking(chart=st.session_state[key] or query.chart)),
    )  # fmt: skip


_OF_ONE = tuple(chart for chart in Chart if chart is not Chart.PEOPLE)
"""Of one person there is only one."""


def _clickable(query: Query, view: UsageView, figure: Figure) -> None:
    event = st.plotly_chart(
        figure, config=CONFIG, key="usage_main", on_select="rerun", selection_mode="points", alt=name_of(figure)
    )
    point = next(iter(event.selection.points), None)
    if point is None:
        return
    edges: tuple[datetime, ...] = view.period.edges
    place, curve = int(point["point_index"]), int(point["curve_number"])
    if place < len(edges) and curve < len(figure.data):
        series = tuple(figure.data[curve].meta["series"])
        go(query.calls(edges[place], series))
        st.rerun()


def _unknown(view: UsageView) -> None:
    if not view.totals.unpriced:
        return
    models = view.models[(view.models["unpriced"] == view.models["calls"])]["model"]
    names = ", ".join(as_label(model) for model in models[:3])
    more = f" and {len(models) - 3:,} more" if len(models) > 3 else ""
    free = f" There is no price for {names}{more}." if len(models) else ""
    calls = counted(view.totals.unpriced, "call")
    st.caption(f"Not in it: {calls} whose cost is not known.{free}")
