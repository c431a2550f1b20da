"""The first figures of the usage page: how much, how much more than before, and how it went."""

from collections.abc import Sequence

import streamlit as st
from pandas import DataFrame

from core.amounts import counted
from core.analytics.metrics import ANSWERS, CACHED, COST, INPUT, OUTPUT, PEOPLE, TOKENS, Metric
from core.services.usage_views import Totals, UsageView
from core.ui import times
from core.ui.text import as_label
from core.ui.usage_filters import days_text
from core.ui.usage_words import change

NARROWEST = 160
"""Pixels of a tile."""


def tiles(view: UsageView, *, is_mine: bool) -> None:
    metrics = [ANSWERS, TOKENS, COST, *([] if is_mine else [PEOPLE])]
    sparks = view.sparks[view.sparks["bucket"] <= view.as_of]  # what is still to come is no fall to nothing
    with st.grid(len(metrics), min_column_width=NARROWEST, gap="small"):
        for metric in metrics:
            _tile(metric, view, sparks)
    st.caption(f"{_parts(view.totals)} {_compared(view)}")


def _tile(metric: Metric, view: UsageView, sparks: DataFrame) -> None:
    now, before = _value(metric, view.totals), _value(metric, view.before)
    changed = change(now, before) if now is not None and before is not None else None
    line: Sequence[float] | None = None
    if len(sparks) > 1 and now:
        line = [float(value) for value in metric.of(sparks).fillna(0)]
    st.metric(
        metric.label,
        as_label(metric.text(now)),
        changed,
        delta_color="blue",  # more is neither good nor bad
        delta_arrow="off",
        border=True,
        height="stretch",
        help=f"{metric.about} {_exactly(metric, now, view.totals)}",
        chart_data=line,
        chart_type="area",
    )


def _value(metric: Metric, totals: Totals) -> float | None:
    """None for a cost of which nothing is known."""
    if metric.is_money and totals.calls and totals.unpriced == totals.calls:
        return None
    if metric is TOKENS:
        return float(totals.input_tokens + totals.output_tokens)
    return float(getattr(totals, metric.column))


def _parts(totals: Totals) -> str:
    values = {INPUT: totals.input_tokens, CACHED: totals.cached_tokens, OUTPUT: totals.output_tokens}
    read, cached, written = (metric.text(value) for metric, value in values.items())
    return f"Tokens: {read} in, {cached} of them cached, and {written} out."


def _compared(view: UsageView) -> str:
    before, today = view.period.before, view.as_of.astimezone(view.period.zone).date()
    to_come = (view.period.last - max(today, view.period.first)).days
    rest = f"; {counted(to_come, 'day')} of this period still to come" if to_come > 0 else ""
    days = days_text(before.first, before.last)
    return f"Changes are against the {counted(before.days, 'day')} before, {days}{rest}."


def _exactly(metric: Metric, value: float | None, totals: Totals) -> str:
    if metric.is_money:
        unknown = f" Not in it: {counted(totals.unpriced, 'call')} without a price." if totals.unpriced else ""
        return ("" if value is None else as_label(f"Exactly ${value:,.6f}.")) + unknown
    if metric is TOKENS:
        return (
            f"Exactly {totals.input_tokens:,} in, {totals.cached_tokens:,} of them cached, and "
            f"{totals.output_tokens:,} out."
        )
    return f"Exactly {value:,.0f}."


def trust(view: UsageView) -> None:
    """How new and how sure the figures are; what that means, on a click."""
    totals = view.totals
    shares = "" if not totals.calls else " · " + ", ".join(_shares(totals))
    label = f"Data as of {times.clock_time(view.as_of, view.period.zone)}{shares}"
    with st.popover(label, type="tertiary", icon=":material/verified:"):
        st.markdown(
            "Every call to a model is counted when it ends, whatever became of it and of its conversation.\n\n"
            f"- **Exact**, {counted(totals.exact, 'call')}: the provider told the tokens.\n"
            f"- **Estimated**, {counted(totals.estimated, 'call')}: it never did, as for an answer that was stopped, "
            "and they were counted from the text.\n"
            f"- **Missing**, {counted(totals.missing, 'call')}: the call failed before there was anything to count.\n\n"
            "Cost is tokens at the prices in force at the time of the call. "
            + (
                f"**{counted(totals.unpriced, 'call')}** had no price, or no tokens to price: that cost is not known, "
                "and not in any sum here."
                if totals.unpriced
                else "Every call here had a price."
            )
        )


def _shares(totals: Totals) -> list[str]:
    """Together they are whole, and what there is of is never 0 %: the largest takes what rounding leaves."""
    parts = {"exact": totals.exact, "estimated": totals.estimated, "missing": totals.missing}
    most = max(parts, key=parts.__getitem__)
    shares = {name: max(round(part / totals.calls * 100), 1) if part else 0 for name, part in parts.items()}
    shares[most] = 100 - sum(share for name, share in shares.items() if name != most)
    return [f"{share} % {name}" for name, share in shares.items()]
