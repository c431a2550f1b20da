"""The lower half of the usage page: how long, how often in vain, how liked, when."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

import streamlit as st
from plotly.graph_objects import Figure

from core.analytics import chart_details
from core.analytics.chart_axes import Buckets
from core.analytics.chart_style import CONFIG, is_empty, name_of
from core.analytics.periods import Period
from core.services.usage_views import UsageView

NARROWEST = 380
"""Pixels of a chart."""
UTC = ZoneInfo("UTC")


def details(view: UsageView) -> None:
    with st.grid(2, min_column_width=NARROWEST, gap="small", border=True) as grid:
        for title, note, chart in (
            ("How long answers take", latency_note(view), lambda: _latency(view)),
            ("Errors by kind", "Calls that failed or were interrupted.", lambda: _errors(view)),
            ("What people think of answers", "Each rating counts for the model that answered.", lambda: _ratings(view)),
            ("When things are asked", f"Calls by weekday and hour in {view.period.zone.key}.", lambda: _heat(view)),
        ):
            with grid.cell():
                _card(title, note, chart)


def latency_note(view: UsageView) -> str:
    """The sums of times are kept by the day of UTC; by the hour, and of some people, they are of the viewer's zone."""
    return f"Of complete answers. {'Days of UTC.' if _is_utc(view) else f'Time of {view.period.zone.key}.'}"


def latency_buckets(view: UsageView) -> Buckets:
    period = Period(view.period.first, view.period.last, UTC) if _is_utc(view) else view.period
    return Buckets.of(period)


def _is_utc(view: UsageView) -> bool:
    return str(view.latency["bucket"].dt.tz) == UTC.key


def _latency(view: UsageView) -> Figure:
    return chart_details.latency(view.latency, latency_buckets(view), name="How long answers take")


def _errors(view: UsageView) -> Figure:
    return chart_details.errors(view.errors, name="Errors by kind")


def _ratings(view: UsageView) -> Figure:
    return chart_details.ratings(view.models, name="Ratings by model")


def _heat(view: UsageView) -> Figure:
    return chart_details.heat(view.heat, name="Calls by weekday and hour")


def _card(title: str, note: str, chart: Callable[[], Figure]) -> None:
    st.markdown(f"**{title}**  \n:small[{note}]")
    figure = chart()
    if is_empty(figure):
        st.markdown(name_of(figure))
    else:
        st.plotly_chart(figure, config=CONFIG, key=f"usage_{title}", alt=name_of(figure))
