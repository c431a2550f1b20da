"""Lists of conversations as small parts: links under headings, the open one marked, and what is unread in each.

One element, however long the list. What is unread moves in the browser as it is told (core/ui/live.py). What is clicked
is told in a place of its own, outside every fragment: a click inside one would wait for the answer that a page follows.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import streamlit as st

from core.ids import parse_id
from core.ui.told import told

CODE = "conversation_links_code"


def _beside(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")


_code = st.components.v2.component(CODE, js=_beside("quiet.js") + _beside("conversation_links_code.js"))
CHATS, ROOMS = "chat_links", "room_links"
_lists = {
    name: st.components.v2.component(
        name,
        html=f'<nav aria-label="{label}"></nav>',
        css=_beside("conversation_links.css"),
        js=_beside("conversation_links.js"),
    )
    for name, label in ((CHATS, "Chats"), (ROOMS, "Rooms"))
}


def conversation_links_code(
    current: UUID | None,
    *,
    on_open: Callable[[UUID], None],
    on_more: Callable[[str], None],
    on_unknown: Callable[[], None],
) -> None:
    """To be drawn once on a page with lists; `current` is the open conversation.

    Called before the next draw: `on_open` with what was clicked, `on_more` with the name of a group that is to be
    longer, `on_unknown` when something is new in a room that no list has.
    """

    def opened() -> None:
        if conversation_id := parse_id(str(told(CODE, "open"))):
            on_open(conversation_id)

    def lengthened() -> None:
        if group := told(CODE, "more"):
            on_more(str(group))

    _code(
        key=CODE,
        data=str(current or ""),
        on_open_change=opened,
        on_more_change=lengthened,
        on_unknown_change=on_unknown,
    )


def conversation_links(groups: list[dict[str, Any]], *, key: str) -> None:
    """`key`: CHATS or ROOMS. `groups`: heading, more (the group's name if there are more lines than these, else None)
    and links, each with id, title, href and current; of rooms also unread, mentions and muted.
    """
    _lists[key](key=key, data=json.dumps(groups))
