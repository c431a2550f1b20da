"""The sidebar's lists: one's rooms by kind, then one's chats with the assistant by time."""

from typing import Any, Never
from uuid import UUID

import streamlit as st
from streamlit.errors import StreamlitAPIException

from core import bootstrap
from core.errors import ParleyError
from core.models import ConversationKind
from core.permissions import Actor
from core.services.conversations import PAGE
from core.services.room_views import RoomLine
from core.services.views import ConversationLine
from core.ui import composer, conversation_links, dialogs, guard, links, room_finding, room_view, times
from core.ui.paging import paged
from core.ui.parts import fragment

PAGES = "list_pages"
ARCHIVED = "list_archived"
ROOMS = "rooms"
"""The fragment with the rooms, and the key of its links."""
CHATS = "chats"
FIRST = 6
"""Rooms of a kind that are listed before somebody asks for more."""
HEADINGS = {
    ConversationKind.DIRECT: "Direct",
    ConversationKind.GROUP: "Groups",
    ConversationKind.COMPANY: "Company rooms",
}


def conversation_list(actor: Actor) -> None:
    dialogs.none_is_open()
    _begin(actor)
    conversation_links.conversation_links_code(
        links.selected_conversation(),
        on_open=_open,
        on_more=_more,
        on_unknown=lambda: _redraw(actor),
    )
    if _is_archive():
        st.button("Back to chats", icon=":material/arrow_back:", type="tertiary", key="leave_archive", on_click=_toggle)
    fragment(_rooms, key=ROOMS)(actor)
    _chats(actor)
    if not _is_archive():
        st.button("Archived chats", icon=":material/archive:", type="tertiary", key="show_archive", on_click=_toggle)


def _begin(actor: Actor) -> None:
    """What begins something new, and what it asks for."""
    with st.container(horizontal=True, gap="small"):
        st.button("New chat", icon=":material/edit_square:", width="stretch", key="new_chat", on_click=_new_chat)
        room_finding.menu()
    if st.session_state.get(dialogs.OPEN) in room_finding.CHOICES:
        room_finding.show(actor, st.session_state.pop(dialogs.OPEN))


def _rooms(actor: Actor) -> None:
    """To be a fragment: rooms that somebody else opens, or that become busy, draw it anew."""
    groups = []
    for kind, heading in HEADINGS.items():
        lines, has_more = _load(actor, kind)
        if lines:
            links_ = [_room_link(line) for line in lines]
            groups.append({"heading": heading, "links": links_, "more": kind.value if has_more else None})
    if groups:
        conversation_links.conversation_links(groups, key=conversation_links.ROOMS)


def _load(actor: Actor, kind: ConversationKind) -> tuple[list[RoomLine], bool]:
    archived = _is_archive()

    def page(limit: int, before: Any) -> list[RoomLine]:
        return bootstrap.current().rooms.list_mine(actor, kind, archived=archived, limit=limit, before=before)

    return paged(page, [FIRST] + [PAGE] * (_pages(kind.value) - 1))


def _chats(actor: Actor) -> None:
    archived = _is_archive()

    def page(limit: int, before: Any) -> list[ConversationLine]:
        return bootstrap.current().conversations.list_recent(actor, archived=archived, limit=limit, before=before)

    lines, has_more = paged(page, [PAGE] * _pages(CHATS))
    if not lines:
        st.caption("No chat is archived." if archived else "Your chats will be listed here.")
        return
    groups: list[dict[str, Any]] = [
        {"heading": heading, "links": [_link(line.id, line.title or "New chat") for line in group], "more": None}
        for heading, group in times.by_time(lines, times.zone())
    ]
    groups[-1]["more"] = CHATS if has_more else None
    conversation_links.conversation_links(groups, key=conversation_links.CHATS)


def _room_link(line: RoomLine) -> dict[str, Any]:
    counts = {"unread": line.unread, "mentions": line.mentions, "muted": line.muted}
    return _link(line.id, line.title) | counts


def _link(conversation_id: UUID, title: str) -> dict[str, Any]:
    return {
        "id": str(conversation_id),
        "title": title,
        "href": f"/{links.CHAT.path}?{links.CONVERSATION}={conversation_id}",
        "current": conversation_id == links.selected_conversation(),
    }


def _open(conversation_id: UUID) -> Never:
    links.select_conversation(conversation_id)
    # What was sent with the same click may have asked for a run too, of the conversation before: the last one counts.
    st.rerun()


def _new_chat() -> None:
    composer.forget_sent()
    links.select_conversation(None)


def _is_archive() -> bool:
    return bool(st.session_state.get(ARCHIVED))


def _toggle() -> None:
    st.session_state[ARCHIVED] = not _is_archive()
    st.session_state.pop(PAGES, None)


def _pages(name: str) -> int:
    return int(st.session_state.get(PAGES, {}).get(name, 1))


def _more(name: str) -> None:
    st.session_state.setdefault(PAGES, {})[name] = _pages(name) + 1
    if name != CHATS:
        _redraw_rooms()


def _redraw(actor: Actor) -> Never:
    try:
        guard.again(actor)
    except ParleyError:
        st.rerun()  # the page says what is the matter
    _redraw_rooms()


def _redraw_rooms() -> Never:
    """For callbacks. A page that follows an answer is drawn whole: it would not go on by itself."""
    view = room_view.current()
    if view is None or view.id != links.selected_conversation() or not view.is_whole:
        st.rerun()
    try:
        st.rerun([ROOMS])
    except StreamlitAPIException:  # a draw that was cut short took it away
        st.rerun()
