"""The browse page's table: a line for each conversation, to open one or put away several."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Any
from uuid import UUID

import pandas as pd
import streamlit as st

from core.analytics.units import dollars
from core.models import ConversationKind
from core.permissions import Actor
from core.services.browse_views import Browsed, Filters, Page, State
from core.ui import browse_deeds, times
from core.ui.browse_address import Address, go
from core.ui.browse_deeds import deed_buttons
from core.ui.exporting import export_button
from core.ui.nothing import ENDED, nothing

NEW_CHAT = "New chat"
KIND_NAMES = {
    ConversationKind.ASSISTANT: "Assistant",
    ConversationKind.DIRECT: "Direct",
    ConversationKind.GROUP: "Group",
    ConversationKind.COMPANY: "Company",
}
NOTHING = {
    State.ACTIVE: "Your chats and rooms will be listed here, with what was said and what it cost.",
    State.ARCHIVED: "Nothing is archived. Archived conversations leave the sidebar, and stay readable here.",
    State.DELETED: "Nothing is deleted. What you delete can be brought back from here.",
}
FIRST = ":material/first_page:"
SEEN = "browse_clicked"
"""What was clicked when the page was drawn last."""
COLUMNS: dict[str, Any] = {
    "Title": st.column_config.TextColumn(width="medium"),
    "Kind": st.column_config.TextColumn(width="small"),
    "Owner": st.column_config.TextColumn(width="small"),
    "Messages": st.column_config.NumberColumn(width="small", format="localized"),
    "Tokens": st.column_config.NumberColumn(
        width="small", format="compact", help="What models read and wrote for it, as far as it is known"
    ),
    "Spend": st.column_config.TextColumn(
        width="small", alignment="right", help="Model spend in US dollars, as far as prices are known"
    ),
    "Last activity": st.column_config.DatetimeColumn(width=108, format="distance"),
}
BESIDE: dict[str, Any] = {
    "Title": st.column_config.TextColumn(width=200),
    "Last activity": COLUMNS["Last activity"],
}
"""What is left of a line beside an open conversation."""


def browse_list(actor: Actor, address: Address, page: Page) -> None:
    # Always there: if it came with the first tick, the table would move away under the second one.
    bar = st.container(horizontal=True, vertical_alignment="center", gap="small", key="browse_actions")
    titles = _table(address, page)
    with bar:
        st.caption(f"{len(titles):,} selected", width="content")
        deed_buttons(actor, titles, address.filters.state, key="selected")
        export_button(actor, list(titles), key="selected_export")
    if page.newer or page.older:
        with st.container(horizontal=True, horizontal_alignment="center"):
            _step("Newer", "chevron_left", replace(address, newer=page.newer, older=None), is_there=bool(page.newer))
            _step("Older", "chevron_right", replace(address, older=page.older, newer=None), is_there=bool(page.older))


def nothing_here(address: Address) -> None:
    """In place of an empty list."""
    filters = address.filters
    if address.older or address.newer:
        nothing(ENDED).button(
            "To the beginning", icon=FIRST, key="browse_first", on_click=go, args=(address.listing(),)
        )
    elif filters != Filters(state=filters.state):
        everything = address.listing(filters=Filters(state=filters.state))
        nothing("No conversation fits all of that.").button(
            "Show all", icon=":material/filter_alt_off:", key="browse_all", on_click=go, args=(everything,)
        )
    else:
        nothing(NOTHING[filters.state])


def _step(label: str, icon: str, address: Address, *, is_there: bool) -> None:
    st.button(
        label, icon=f":material/{icon}:", type="tertiary", key=f"browse_{label.lower()}", disabled=not is_there,
        on_click=go, args=(address,),
    )  # fmt: skip


def _table(address: Address, page: Page) -> dict[UUID, str]:
    """Draws it. The conversations whose lines are ticked, with their titles; one that was clicked is opened."""
    listing = replace(address.opening(None), query="")
    key = f"conversations_{st.session_state.get(browse_deeds.ROUND, 0)}_{listing.params()}"
    event = st.dataframe(
        frame_of(page.lines, times.zone()),
        key=key,
        hide_index=True,
        height="content",
        column_config=COLUMNS | (BESIDE if address.conversation_id else {}),
        column_order=list(BESIDE) if address.conversation_id else None,
        on_select="rerun",
        selection_mode=["multi-row", "single-cell"],
        alt="Conversations",
    )
    _open_clicked(address, page, (key, *(int(cell[0]) for cell in event.selection.cells)))
    ticked = [page.lines[row] for row in event.selection.rows if row < len(page.lines)]
    return {line.id: line.title for line in ticked}


def _open_clicked(address: Address, page: Page, clicked: tuple[str, *tuple[int, ...]]) -> None:
    """The one that was clicked, when that is new."""
    is_new = clicked != st.session_state.get(SEEN)
    st.session_state[SEEN] = clicked
    rows = [row for row in clicked[1:] if row < len(page.lines)]
    if is_new and rows and page.lines[rows[0]].id != address.conversation_id:
        go(address.opening(page.lines[rows[0]].id))
        st.rerun()


def frame_of(lines: Sequence[Browsed], where: tzinfo) -> pd.DataFrame:
    rows: list[Mapping[str, Any]] = [
        {
            "Title": " ".join(line.title.split()) or NEW_CHAT,
            "Kind": KIND_NAMES[line.kind],
            "Owner": " ".join(line.owner_name.split()),
            "Messages": line.messages,
            "Tokens": line.tokens,
            "Spend": dollars(line.spent),
            "Last activity": line.last_message_at.astimezone(where),
        }
        for line in lines
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))
