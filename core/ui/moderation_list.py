"""The queue of reported messages as a table: a line for each case, to open one."""

from collections.abc import Sequence
from typing import Any
from unicodedata import east_asian_width
from uuid import UUID

import streamlit as st
from pandas import DataFrame

from core.services.moderation_query import QueueQuery, Shown
from core.services.moderation_views import CaseLine, QueuePage
from core.ui.moderation_filters import go
from core.ui.moderation_words import KINDS, age_of, author_of, reasons_of, state_of
from core.ui.narrowing import CLEAR
from core.ui.nothing import ENDED, nothing

SEEN = "moderation_clicked"
FIRST = ":material/first_page:"
TEXT = st.column_config.TextColumn
COLUMNS: dict[str, Any] = {
    "Age": TEXT(width=60, help="How long it waits; of closed ones, since when"),
    "Message": TEXT(width=240),
    "Reason": TEXT(width=150),
    "Where": TEXT(width=110),
    "Author": TEXT(width=120),
    "State": TEXT(width=140),
}
BESIDE: dict[str, Any] = {"Age": TEXT(width=70), "Message": TEXT(width=150), "Reason": TEXT(width=100)}
"""What is left of a line beside an open case."""
TALL = 66
"""Pixels of a line: from 65 on its texts go over several rows, here three, which is most of a message."""
ROOM, ROOM_BESIDE = 84, 48
"""Letters that have their place there; of what is longer the table would show the middle."""
OPEN = "▸"
"""Before the line of the case that is open."""
NOTHING = {
    Shown.TO_DO: "Nothing is waiting. Everything that was reported has been looked at — thank you.",
    Shown.OPEN: "Nothing is unclaimed. Somebody is looking after everything that was reported.",
    Shown.CLAIMED: "Nobody is working on a case at the moment.",
    Shown.CLOSED: "Nothing has been decided yet. What you decide stays here, and can be taken back.",
}


def queue_list(query: QueueQuery, page: QueuePage) -> None:
    if page.lines:
        _table(query, page)
    else:
        _nothing_here(query)
    if query.after or page.following:
        with st.container(horizontal=True, horizontal_alignment="center"):
            _step("To the beginning", FIRST, query.looking() if query.after else None)
            _step("More", ":material/chevron_right:", query.looking(after=page.following) if page.following else None)


def _step(label: str, icon: str, query: QueueQuery | None) -> None:
    if query:
        key = f"moderation_{label.lower().replace(' ', '_')}"
        st.button(label, icon=icon, type="tertiary", key=key, on_click=go, args=(query,))


def _nothing_here(query: QueueQuery) -> None:
    if query.after:
        nothing(ENDED)
    elif query.is_filtered:
        everything = QueueQuery(shown=query.shown, case_id=query.case_id)
        nothing("No case fits all of that.").button(
            "Show all", icon=CLEAR, key="moderation_all", on_click=go, args=(everything,)
        )
    else:
        nothing(NOTHING[query.shown], ":material/volunteer_activism:")


def _table(query: QueueQuery, page: QueuePage) -> None:
    """A click opens the case of that line."""
    key = f"moderation_table_{query.opening(None).params()}_{[str(line.id) for line in page.lines]}"
    event = st.dataframe(
        frame_of(page.lines, query.case_id), key=key, hide_index=True, height="content",
        column_config=COLUMNS | (BESIDE if query.case_id else {}), row_height=TALL,
        column_order=list(BESIDE) if query.case_id else None, on_select="rerun", selection_mode="single-cell",
        alt="Cases, those that wait longest first",
    )  # fmt: skip
    rows = tuple(int(cell[0]) for cell in event.selection.cells if int(cell[0]) < len(page.lines))
    is_new = (key, rows) != st.session_state.get(SEEN)
    st.session_state[SEEN] = key, rows
    if is_new and rows and page.lines[rows[0]].id != query.case_id:
        go(query.opening(page.lines[rows[0]].id))
        st.rerun()


def fitting(text: str, room: int) -> str:
    """Its beginning. Letters of Chinese, Japanese and Korean take the room of two."""
    for place, letter in enumerate(text):
        room -= 2 if east_asian_width(letter) in "WF" else 1
        if room < 0:
            return f"{text[:place].rstrip()}…"
    return text


def frame_of(lines: Sequence[CaseLine], opened: UUID | None) -> DataFrame:
    rows = [
        {
            "Age": f"{OPEN} {age_of(line)}" if line.id == opened else age_of(line),
            "Message": fitting(" ".join(line.snippet.split()), ROOM_BESIDE if opened else ROOM) or "(gone)",
            "Reason": reasons_of(line),
            "Where": KINDS[line.kind],
            "Author": author_of(line),
            "State": state_of(line),
        }
        for line in lines
    ]
    return DataFrame(rows, columns=list(COLUMNS))
