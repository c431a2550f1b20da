"""Models, people and rooms, by what they cost."""

from typing import Any

import pandas as pd
import streamlit as st
from pandas import DataFrame

from core.analytics.chart_style import without_paths
from core.analytics.metrics import (
    ANSWERS,
    COST,
    COST_PER_ANSWER,
    DURATION_MIDDLE,
    DURATION_MOST,
    ERROR_SHARE,
    SPEED,
    TOKENS,
)
from core.analytics.units import NOT_KNOWN, SECOND
from core.services.usage_query import Query
from core.services.usage_views import Table, UsageView
from core.ui.nothing import nothing
from core.ui.usage_download import download_button
from core.ui.usage_words import change

NUMBER, BAR, TEXT = st.column_config.NumberColumn, st.column_config.ProgressColumn, st.column_config.TextColumn
CENTS, FINE = "$%,.2f", "$%,.4f"
ROOMY = 100
"""Dollars that a column has no room for together with four decimals."""
NARROWEST = 530
"""Pixels of a table of people or rooms, so that it need not be scrolled sideways."""


def models_table(query: Query, view: UsageView) -> None:
    frame = models_frame(view.models, view.totals.cost)
    _headed("Models", query, view, Table.MODELS, "The table of models")
    columns: dict[str, Any] = {
        "Model": TEXT(width=138),
        "Answers": NUMBER(format="localized", width=65, help=ANSWERS.about),
        "Tokens": NUMBER(format="compact", width=60, help=TOKENS.about),
        "Cost": NUMBER(format=_dollars(frame["Cost"]), width=78, help=COST.about),
        "Share": _bar(frame["Share"]),
        "Per answer": NUMBER(format=FINE, width=80, help=COST_PER_ANSWER.about),
        "p50": NUMBER(format="%.1f s", width=60, help=DURATION_MIDDLE.about),
        "p95": NUMBER(format="%.1f s", width=60, help=DURATION_MOST.about),
        "Tokens/s": NUMBER(format="%.0f", width=68, help=SPEED.about),
        "Errors": NUMBER(format=_percent(frame["Errors"], places=1), width=58, help=ERROR_SHARE.about),
        "Helpful": TEXT(width=68, help="How many of the ratings say that an answer was helpful"),
    }
    st.dataframe(
        frame, hide_index=True, column_config=columns, placeholder=NOT_KNOWN, key="usage_models",
        alt="Models by cost", height="auto",
    )  # fmt: skip


def models_frame(models: DataFrame, whole: float) -> DataFrame:
    """What the table of models shows. `whole`: the cost, in USD, of which theirs are shares. Times in seconds; cost NaN
    where it is not known.
    """
    rated = models["up"] + models["down"]
    helpful = [f"{up:,} of {all_:,}" if all_ else "–" for up, all_ in zip(models["up"], rated, strict=True)]
    return DataFrame(
        {
            "Model": without_paths(models["model"]),
            "Answers": ANSWERS.of(models),
            "Tokens": TOKENS.of(models),
            "Cost": COST.of(models),
            "Share": _shares(COST.of(models), whole),
            "Per answer": COST_PER_ANSWER.of(models),
            "p50": DURATION_MIDDLE.of(models) / SECOND,
            "p95": DURATION_MOST.of(models) / SECOND,
            "Tokens/s": SPEED.of(models),
            "Errors": ERROR_SHARE.of(models) * 100,
            "Helpful": helpful,
        }
    )


def people_and_rooms(query: Query, view: UsageView) -> None:
    """Side by side where there is room for both."""
    with st.grid(2, min_column_width=NARROWEST, gap="medium") as grid:
        with grid.cell():
            _subjects("People", view.people, query, view, Table.PEOPLE)
        with grid.cell():
            rooms_table(query, view)


def rooms_table(query: Query, view: UsageView) -> None:
    _subjects("Rooms", view.rooms, query, view, Table.ROOMS)


def subjects_frame(subjects: DataFrame, whole: float) -> DataFrame:
    """`whole`: the cost, in USD, of which theirs are shares."""
    cost = COST.of(subjects)
    trends = [
        change(now, before) or ("new" if now else "–") if pd.notna(now) else "–"
        for now, before in zip(cost, subjects["before"], strict=True)
    ]
    return DataFrame(
        {
            "Name": [" ".join(name.split()) for name in subjects["name"]],
            "Cost": cost,
            "Share": _shares(cost, whole),
            "Trend": trends,
            "Answers": subjects["answers"],
            "Tokens": TOKENS.of(subjects),
        }
    )


def _subjects(title: str, subjects: DataFrame, query: Query, view: UsageView, table: Table) -> None:
    _headed(title, query, view, table, f"The table of {title.lower()}")
    if subjects.empty:
        nothing("Nothing was asked in a room." if table is Table.ROOMS else "Nobody asked anything.")
        return
    frame = subjects_frame(subjects, view.totals.cost)
    columns: dict[str, Any] = {
        "Name": TEXT(width=130),
        "Cost": NUMBER(format=_dollars(frame["Cost"]), width=75, help=COST.about),
        "Share": _bar(frame["Share"]),
        "Trend": TEXT(help="Cost against the period before", width=75),
        "Answers": NUMBER(format="localized", width=75),
        "Tokens": NUMBER(format="compact", width=75),
    }
    st.dataframe(
        frame, hide_index=True, column_config=columns, placeholder=NOT_KNOWN, key=f"usage_{table.value}",
        alt=f"{title} by cost, at most 20", height="auto",
    )  # fmt: skip


def _headed(title: str, query: Query, view: UsageView, table: Table, what: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", wrap=False):
        st.header(title, anchor=False)
        download_button(query.fixed(view.period), table, what, key=f"usage_{table.value}_save")


def _shares(costs: "pd.Series[float]", whole: float) -> "pd.Series[float]":
    """In percent."""
    return costs / whole * 100 if whole else costs * float("nan")


def _bar(shares: "pd.Series[float]") -> Any:
    return BAR(
        format=_percent(shares), min_value=0, max_value=100, color="primary", width=82, help="Of all cost in this view"
    )


def _percent(shares: "pd.Series[float]", places: int = 0) -> str:
    """With as many places, up to two, as it takes not to show as nothing what there is a little of."""
    least = shares[shares > 0].min()
    while places < 2 and least < 0.5 / 10**places:
        places += 1
    return f"%.{places}f %%"


def _dollars(values: "pd.Series[float]") -> str:
    """Cents, unless everything is less than a few of them, or something would be shown as nothing and there is room."""
    most, least = values.max(), values[values > 0].min()
    return CENTS if most >= ROOMY or (most >= 0.1 and not least < 0.005) else FINE
