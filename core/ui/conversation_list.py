"""The sidebar's list of one's chats, by time."""

from typing import Any

import streamlit as st

from core import bootstrap
from core.permissions import Actor
from core.services.conversations import PAGE
from core.services.views import ConversationLine
from core.ui import composer, links, times
from core.ui.conversation_links import conversation_links

PAGES = "list_pages"
ARCHIVED = "list_archived"


def conversation_list(actor: Actor) -> None:
    st.button("New chat", icon=":material/edit_square:", width="stretch", key="new_chat", on_click=_new_chat)
    archived = bool(st.session_state.get(ARCHIVED))
    lines, has_more = _load(actor, archived=archived)
    if archived:
        st.button("Back to chats", icon=":material/arrow_back:", type="tertiary", key="leave_archive", on_click=_toggle)
    if not lines:
        st.caption("Nothing is archived." if archived else "Your chats will be listed here.")
    if lines:
        conversation_links(_groups(lines), key="chat_links", on_open=links.select_conversation)
    if has_more:
        st.button("Show more", icon=":material/expand_more:", type="tertiary", key="more_chats", on_click=_more)
    if not archived:
        st.button("Archived chats", icon=":material/archive:", type="tertiary", key="show_archive", on_click=_toggle)


def _load(actor: Actor, *, archived: bool) -> tuple[list[ConversationLine], bool]:
    """As many pages as were asked for, each found by where the one before ended, and whether there are more."""
    conversations = bootstrap.current().conversations
    lines: list[ConversationLine] = []
    for _ in range(st.session_state.get(PAGES, 1)):
        before = lines[-1].position if lines else None
        page = conversations.list_recent(actor, archived=archived, limit=PAGE + 1, before=before)
        lines += page[:PAGE]
        if len(page) <= PAGE:
            return lines, False
    return lines, True


def _groups(lines: list[ConversationLine]) -> list[dict[str, Any]]:
    current = links.selected_conversation()
    return [
        {
            "heading": heading,
            "links": [
                {
                    "id": str(line.id),
                    "title": line.title or "New chat",
                    "href": f"/{links.CHAT.path}?{links.CONVERSATION}={line.id}",
                    "current": line.id == current,
                }
                for line in group
            ],
        }
        for heading, group in times.by_time(lines, times.zone())
    ]


def _new_chat() -> None:
    composer.forget_sent()
    links.select_conversation(None)


def _toggle() -> None:
    st.session_state[ARCHIVED] = not st.session_state.get(ARCHIVED)
    st.session_state[PAGES] = 1


def _more() -> None:
    st.session_state[PAGES] = st.session_state.get(PAGES, 1) + 1
