"""The calls behind a figure, one a line."""

from typing import Any
from urllib.parse import urlencode

import streamlit as st
from pandas import DataFrame, Series

from core import bootstrap
from core.analytics.chart_axes import Buckets
from core.analytics.chart_details import spoken
from core.analytics.chart_style import without_paths
from core.analytics.periods import Period
from core.analytics.units import SECOND
from core.errors import Invalid
from core.permissions import Actor, Permission
from core.services.usage_query import Query
from core.services.usage_views import CallLine, CallsPage, Chart, Table
from core.ui import links
from core.ui.nothing import ENDED, nothing
from core.ui.text import as_label
from core.ui.usage_download import download_button
from core.ui.usage_filters import days_text, go
from core.ui.usage_words import PURPOSES, STATUSES

NUMBER, TEXT = st.column_config.NumberColumn, st.column_config.TextColumn
UNKNOWN = "not known"
MOST_NAMED = 3
TIME, TIME_WITH_YEAR = "D MMM, HH:mm:ss", "D MMM YY, HH:mm:ss"
COLUMNS: dict[str, Any] = {
    "Time": st.column_config.DatetimeColumn(format=TIME, width=118),
    "Who": TEXT(width=92),
    "Model": TEXT(width=92),
    "Purpose": TEXT(width=68),
    "Status": TEXT(width=96),
    "In": NUMBER(format="localized", width=76, help="Tokens in, with those that were cached"),
    "Out": NUMBER(format="localized", width=76, help="Tokens out"),
    "Cost": NUMBER(format="$%.6f", width=80, help="In US dollars, at the price of the time"),
    "Took": NUMBER(format="%.1f s", width=58),
    "Conversation": st.column_config.LinkColumn("Open", display_text="Open", width=56, help="Where you may read it"),
    "Cached": NUMBER(format="localized", width=76, help="Tokens in that the provider had read before"),
    "Tokens are": TEXT(width=85, help="Exact: the provider told them. Estimated: counted from the text."),
}
"""As wide together as the page is on a laptop."""
ON_CALL = ("Cached", "Tokens are")
"""Columns that are shown when somebody asks for them in the table's own menu."""


def calls_list(actor: Actor, query: Query, period: Period, complaints: list[str]) -> None:
    """The page of the list that the address names; its beginning where there is no such place."""
    query, page = _listed(actor, query, period, complaints)
    st.button(
        "Back to the figures", icon=":material/arrow_back:", type="tertiary", key="usage_back",
        on_click=go, args=(query.looking(),),
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.header(_heading(query, period), anchor=False)
        download_button(query.fixed(period), Table.CALLS, "All calls of this list", key="usage_calls_save")
    if not page.lines:
        nothing(ENDED if query.after else "No call fits all of that.")
    else:
        frame = calls_frame(actor, page.lines, period)
        st.dataframe(
            frame, hide_index=True, column_config=COLUMNS | _time(period), placeholder=UNKNOWN, height="content",
            column_order=[name for name in frame.columns if name not in ON_CALL], alt="Calls to models",
            key="usage_call_list",
        )  # fmt: skip
    _steps(query, page)


def _listed(actor: Actor, query: Query, period: Period, complaints: list[str]) -> tuple[Query, CallsPage]:
    look, wanted = bootstrap.current().usage.calls, query.wanted(period)
    try:
        return query, look(actor, wanted, query.chart, query.point, after=query.after)
    except Invalid as error:
        complaints.append(str(error))
    if query.at is not None and query.at not in period.edges:
        query = query.calls()
    beginning = query.calls(query.at, query.series)
    return beginning, look(actor, wanted, beginning.chart, beginning.point)


def _heading(query: Query, period: Period) -> str:
    when = days_text(period.first, period.last)
    if query.at in period.edges:
        when = Buckets.of(period).names()[period.edges.index(query.at)]
    names = [PURPOSES.get(name, name) for name in query.series] if query.chart is Chart.PURPOSE_COST else query.series  # type: ignore[call-overload]
    what = ", ".join(as_label(name) for name in names[:MOST_NAMED])
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return f"Calls · {when}" + (f" · {what}{more}" if names else "")


def _steps(query: Query, page: CallsPage) -> None:
    if not (page.older or query.after):
        return
    with st.container(horizontal=True, horizontal_alignment="center"):
        st.button(
            "Newest", icon=":material/first_page:", type="tertiary", key="usage_newest", disabled=not query.after,
            on_click=go, args=(query.calls(query.at, query.series),),
        )  # fmt: skip
        older = query.older(page.older)
        st.button(
            "Older", icon=":material/chevron_right:", type="tertiary", key="usage_older", disabled=not page.older,
            on_click=go, args=(older,),
        )  # fmt: skip


def calls_frame(actor: Actor, lines: tuple[CallLine, ...], period: Period) -> DataFrame:
    has_links = actor.may(Permission.CHAT_USE)
    models = without_paths(line.model for line in lines)
    rows = [
        {
            "Time": line.created_at.astimezone(period.zone),
            "Who": " ".join((line.user_name or "Somebody who is gone").split()),
            "Model": model,
            "Purpose": PURPOSES[line.purpose],
            "Status": _ended(line),
            "In": line.input_tokens,
            "Cached": line.cached_tokens,
            "Out": line.output_tokens,
            "Tokens are": line.usage_source.value.capitalize(),
            "Cost": None if line.cost is None else float(line.cost),
            "Took": line.duration_ms / SECOND,
            "Conversation": _link(line) if has_links else "",
        }
        for line, model in zip(lines, models, strict=True)
    ]
    frame = DataFrame(rows, columns=list(COLUMNS))
    numbers = {name: Series(frame[name], dtype="Int64") for name in ("In", "Cached", "Out")}
    frame = frame.assign(**numbers, Cost=frame["Cost"].astype(float))
    return frame if has_links and frame["Conversation"].any() else frame.drop(columns="Conversation")


def _time(period: Period) -> dict[str, Any]:
    """The year only where the list may have two."""
    if period.first.year == period.last.year:
        return {}
    return {"Time": st.column_config.DatetimeColumn(format=TIME_WITH_YEAR, width=132)}


def _ended(line: CallLine) -> str:
    return STATUSES[line.status] + (f": {spoken(line.error_code)}" if line.error_code else "")


def _link(line: CallLine) -> str:
    """Empty where there is nothing that they may open."""
    if line.conversation_id is None:
        return ""
    return f"/{links.CHAT.path}?{urlencode({links.CONVERSATION: str(line.conversation_id)})}"
