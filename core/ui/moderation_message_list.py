"""All messages that moderators may see as a table: a line for each, to open one or to tick several."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any
from uuid import UUID

import streamlit as st
from pandas import DataFrame

from core.permissions import Actor
from core.services.moderation_message_acts import Seen
from core.services.moderation_message_query import MessagesQuery, State
from core.services.moderation_views import FoundMessage, MessagesPage
from core.ui import times
from core.ui.moderation_list import FIRST, OPEN
from core.ui.moderation_message_acts import ROUND, selected_bar
from core.ui.moderation_message_filters import go
from core.ui.moderation_message_words import around_hit, author_of, state_of, where_of
from core.ui.narrowing import CLEAR
from core.ui.nothing import ENDED, nothing

SEEN = "messages_clicked"
TRAIL = "messages_trail"
"""For each place in a list: behind which line the page before it went on."""
TEXT = st.column_config.TextColumn
COLUMNS: dict[str, Any] = {
    "Said": TEXT(width=105),
    "Message": TEXT(width=270),
    "Author": TEXT(width=110),
    "Where": TEXT(width=115),
    "State": TEXT(width=190),
}
BESIDE: dict[str, Any] = {"Message": TEXT(width=190), "Author": TEXT(width=100)}
"""What is left of a line beside an open message."""
NOTHING = {
    State.ANY: "Nothing has been said in company rooms yet, and nothing was reported elsewhere.",
    State.THERE: "Nothing has been said in company rooms yet, and nothing was reported elsewhere.",
    State.EDITED: "No message was edited by a moderator.",
    State.DELETED: "No message was deleted by a moderator.",
    State.TAKEN_BACK: "Nobody deleted a message of their own in a company room.",
    State.OPEN: "Nothing that was reported waits to be decided.",
    State.CLOSED: "Nothing that was reported has been decided yet.",
}


def message_list(actor: Actor, query: MessagesQuery, page: MessagesPage) -> None:
    if page.lines:
        # Always there: if it came with the first tick, the table would move away under the second one.
        bar = st.container(horizontal=True, vertical_alignment="center", gap="small", key="messages_bar")
        ticked = _table(query, page)
        with bar:
            st.caption(f"{len(ticked):,} selected", width="content")
            selected_bar(actor, ticked, has_keys=query.message_id is None)
    else:
        _nothing_here(query, page)
    if page.is_cut:
        st.caption(":material/info: It was not looked back to the beginning yet.")
    if query.after or page.following:
        _steps(query, page)


def _steps(query: MessagesQuery, page: MessagesPage) -> None:
    trail: dict[Any, str] = st.session_state.setdefault(TRAIL, {})
    listing = tuple(query.looking().opening(None).params().items())
    with st.container(horizontal=True, horizontal_alignment="center"):
        if query.after:
            before = trail.get((listing, query.after), "")
            label = "Newer" if before else "To the beginning"
            _step(label, ":material/chevron_left:" if before else FIRST, query.looking(after=before or None))
        if page.following:
            trail[listing, page.following] = query.after or ""
            label = "Look further" if page.is_cut else "Older"
            _step(label, ":material/chevron_right:", query.looking(after=page.following))


def _step(label: str, icon: str, query: MessagesQuery) -> None:
    key = f"messages_{label.lower().replace(' ', '_')}"
    st.button(label, icon=icon, type="tertiary", key=key, on_click=go, args=(query,))


def _nothing_here(query: MessagesQuery, page: MessagesPage) -> None:
    if page.is_cut:
        nothing("Nothing found so far.")
    elif query.after:
        nothing(ENDED)
    elif query.text or query.looking(state=State.ANY).is_filtered:
        place = nothing(
            "No message fits all of that. Here you find what is said in company rooms; of direct chats, groups and "
            "chats with the assistant only what was reported."
        )
        everything = MessagesQuery(message_id=query.message_id)
        place.button("Show all", icon=CLEAR, key="messages_all", on_click=go, args=(everything,))
    else:
        nothing(NOTHING[query.state])


def _table(query: MessagesQuery, page: MessagesPage) -> list[Seen]:
    """Draws it. The messages whose lines are ticked; one that was clicked is opened."""
    keys = [(str(one.line.message_id), one.line.version) for one in page.lines]
    key = f"messages_{st.session_state.get(ROUND, 0)}_{query.opening(None).params()}_{keys}"
    event = st.dataframe(
        frame_of(page.lines, query.message_id, times.zone()), key=key, hide_index=True, height="content",
        column_config=COLUMNS | (BESIDE if query.message_id else {}),
        column_order=list(BESIDE) if query.message_id else None, on_select="rerun",
        selection_mode=["multi-row", "single-cell"], alt="Messages, the newest first",
    )  # fmt: skip
    rows = tuple(int(cell[0]) for cell in event.selection.cells if int(cell[0]) < len(page.lines))
    is_new = (key, rows) != st.session_state.get(SEEN)
    st.session_state[SEEN] = key, rows
    if is_new and rows and page.lines[rows[0]].line.message_id != query.message_id:
        go(query.opening(page.lines[rows[0]].line.message_id))
        st.rerun()
    ticked = [page.lines[row].line for row in event.selection.rows if row < len(page.lines)]
    return [(line.message_id, line.version) for line in ticked]


def frame_of(lines: Sequence[FoundMessage], opened: UUID | None, where: tzinfo) -> DataFrame:
    rows = [
        {
            "Said": times.short(one.line.said_at, where),
            "Message": f"{f'{OPEN} ' * (one.line.message_id == opened)}{around_hit(one.snippet) or '(no text)'}",
            "Author": author_of(one.line),
            "Where": where_of(one.line),
            "State": state_of(one.line),
        }
        for one in lines
    ]
    return DataFrame(rows, columns=list(COLUMNS))
