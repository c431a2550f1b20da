"""The audit page's table: a line for each event."""

from dataclasses import replace
from datetime import tzinfo
from typing import Any

import streamlit as st
from pandas import DataFrame

from core.services.audit import LOOKED
from core.services.audit_query import AuditQuery
from core.services.audit_views import AuditLine, AuditPage
from core.ui import times
from core.ui.audit_filters import go
from core.ui.audit_words import did, reason
from core.ui.nothing import ENDED, nothing

FIRST, CLEAR = ":material/first_page:", ":material/filter_alt_off:"
ROUND = "audit_round"
"""How often an event was closed: a table of a new round has nothing selected."""
TEXT = st.column_config.TextColumn
COLUMNS: dict[str, Any] = {
    "Time": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm:ss", width=155),
    "Who": TEXT(width=115),
    "Did": TEXT(width=370, help="What, and to what. A click on a line shows all that is known of it."),
    "Reason": TEXT(width=180),
}


def audit_list(query: AuditQuery, page: AuditPage, where: tzinfo) -> None:
    if page.lines:
        _table(query, page, where)
    else:
        _nothing_here(query, page)
    if page.looked_to:
        direction = "forward" if query.newer else "back"
        st.caption(
            f":material/search: Looked {direction} to {times.exact(page.looked_to, where)}, through {LOOKED:,} events"
            " that one of the filters finds. Further on there may be more that fits all of them."
        )
    if page.newer or page.older:
        with st.container(horizontal=True, horizontal_alignment="center"):
            _step(query, "Newer", "chevron_left", {"newer": page.newer}, goes_on=bool(page.looked_to and query.newer))
            _step(
                query, "Older", "chevron_right", {"older": page.older}, goes_on=bool(page.looked_to and not query.newer)
            )


def _step(query: AuditQuery, label: str, icon: str, mark: dict[str, str | None], *, goes_on: bool) -> None:
    [there] = mark.values()
    st.button(
        "Look further" if goes_on else label, icon=f":material/{icon}:", type="tertiary", key=f"audit_{label.lower()}",
        disabled=not there, on_click=go, args=(query.looking(**mark),),
    )  # fmt: skip


def _nothing_here(query: AuditQuery, page: AuditPage) -> None:
    if page.looked_to:
        nothing("Nothing found so far.")
    elif query.older or query.newer:
        nothing(ENDED).button("To the newest", icon=FIRST, key="audit_first", on_click=go, args=(query.looking(),))
    elif query.is_filtered:
        everything = AuditQuery(is_mine=query.is_mine, zone=query.zone)
        nothing("No event fits all of that.").button(
            "Show all", icon=CLEAR, key="audit_all", on_click=go, args=(everything,)
        )
    else:
        nothing("Nothing was recorded yet. What people do and what is refused will be listed here.")


def _table(query: AuditQuery, page: AuditPage, where: tzinfo) -> None:
    """A click opens the event of that line."""
    key = f"audit_table_{st.session_state.get(ROUND, 0)}_{replace(query, event=None).params()}"
    event = st.dataframe(
        frame_of(page.lines, where), key=key, hide_index=True, height="content", column_config=COLUMNS,
        on_select="rerun", selection_mode="single-cell", alt="Events, the newest first",
    )  # fmt: skip
    rows = [int(cell[0]) for cell in event.selection.cells if int(cell[0]) < len(page.lines)]
    if rows and query.event != page.lines[rows[0]].sequence:
        go(replace(query, event=page.lines[rows[0]].sequence))
        st.rerun()


def frame_of(lines: tuple[AuditLine, ...], where: tzinfo) -> DataFrame:
    rows = [
        {
            "Time": line.created_at.astimezone(where),
            "Who": line.actor,
            "Did": f"{did(line.action, line.outcome)} {line.target}".rstrip(),
            "Reason": reason(line),
        }
        for line in lines
    ]
    return DataFrame(rows, columns=list(COLUMNS))
