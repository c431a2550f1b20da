"""Models, people and rooms, by what they cost."""

from typing import Any

import pandas as pd
import streamlit as st
from pandas import DataFrame

from core.analytics.metrics import (
    ANSWERS,
    COST,
    COST_PER_ANSWER,
    DURATION_MIDDLE,
    DURATION_MOST,
    ERROR_SHARE,
    SPEED,
)
from core.analytics.units import NOT_KNOWN, SECOND
from core.services.usage_query import Query
from core.services.usage_views import Table, UsageView
from core.ui.usage_download import download_button
from core.ui.usage_words import change

NUMBER, BAR, TEXT = st.column_config.NumberColumn, st.column_config.ProgressColumn, st.column_config.TextColumn
CENTS, FINE = "$%.2f", "$%.4f"


def models_table(query: Query, view: UsageView) -> None:
    frame = models_frame(view.models)
    _headed("Models", query, view, Table.MODELS, "The table of models")
    columns: dict[str, Any] = {
        "Model": TEXT(width="medium"),
        "Answers": BAR(format="localized", min_value=0, max_value=_most(frame["Answers"]), color="primary", width=110),
        "Tokens": NUMBER(format="compact", help="In and out", width=80),
        "Cost": BAR(
            format=_dollars(frame["Cost"]), min_value=0, max_value=_most(frame["Cost"]), color="primary",
            help=COST.about, width=130,
        ),
        "Per answer": NUMBER(format=FINE, help=COST_PER_ANSWER.about, width=90),
        "Half within": NUMBER(format="%.1f s", help=DURATION_MIDDLE.about, width=85),
        "95 % within": NUMBER(format="%.1f s", help=DURATION_MOST.about, width=85),
        "Tokens/s": NUMBER(format="%.0f", help=SPEED.about, width=75),
        "Errors": NUMBER(format="%.1f %%", help=ERROR_SHARE.about, width=70),
        "Helpful": TEXT(help="How many of the ratings say that an answer was helpful", width=85),
    }  # fmt: skip
    st.dataframe(
        frame, hide_index=True, column_config=columns, placeholder=NOT_KNOWN, key="usage_models",
        alt="Models by cost", height="auto",
    )  # fmt: skip


def models_frame(models: DataFrame) -> DataFrame:
    """What the table of models shows. Seconds; cost NaN where it is not known."""
    rated = models["up"] + models["down"]
    helpful = [f"{up:,} of {all_:,}" if all_ else "–" for up, all_ in zip(models["up"], rated, strict=True)]
    return DataFrame(
        {
            "Model": models["model"].astype(object),
            "Answers": ANSWERS.of(models),
            "Tokens": models["input_tokens"] + models["output_tokens"],
            "Cost": COST.of(models),
            "Per answer": COST_PER_ANSWER.of(models),
            "Half within": DURATION_MIDDLE.of(models) / SECOND,
            "95 % within": DURATION_MOST.of(models) / SECOND,
            "Tokens/s": SPEED.of(models),
            "Errors": ERROR_SHARE.of(models) * 100,
            "Helpful": helpful,
        }
    )


def people_table(query: Query, view: UsageView) -> None:
    _subjects("People", view.people, query, view, Table.PEOPLE)


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
            "Share": cost / whole * 100 if whole else cost * float("nan"),
            "Trend": trends,
            "Answers": subjects["answers"],
            "Tokens": subjects["input_tokens"] + subjects["output_tokens"],
        }
    )


def _subjects(title: str, subjects: DataFrame, query: Query, view: UsageView, table: Table) -> None:
    _headed(title, query, view, table, f"The table of {title.lower()}")
    if subjects.empty:
        st.markdown("Nothing was asked in a room." if table is Table.ROOMS else "Nobody asked anything.")
        return
    frame = subjects_frame(subjects, view.totals.cost)
    columns: dict[str, Any] = {
        "Name": TEXT(width="medium"),
        "Cost": BAR(
            format=_dollars(frame["Cost"]), min_value=0, max_value=_most(frame["Cost"]), color="primary", width=120
        ),
        "Share": NUMBER(format="%.0f %%", help="Of all cost in this view", width=65),
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
        st.subheader(title, anchor=False)
        download_button(query.fixed(view.period), table, what, key=f"usage_{table.value}_save")


def _most(values: "pd.Series[float]") -> float:
    """What a full bar stands for; more than nothing."""
    most = float(values.max()) if len(values) else 0.0
    return most if most > 0 else 1.0


def _dollars(values: "pd.Series[float]") -> str:
    """Cents, unless everything is less than a few of them."""
    return FINE if _most(values) < 0.1 else CENTS
