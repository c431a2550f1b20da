"""One's rooms on the first page: what is new there, and ways into one."""

import streamlit as st

from core import bootstrap
from core.permissions import Actor
from core.services.room_views import RoomLine
from core.ui import links, room_finding, times
from core.ui.conversation_list import HEADINGS
from core.ui.room_finding import BROWSE, MESSAGE
from core.ui.room_header import ICONS
from core.ui.text import as_label

LATEST = 5


def home_rooms(actor: Actor) -> None:
    rooms = bootstrap.current().rooms
    newest = [line for kind in HEADINGS for line in rooms.list_mine(actor, kind, limit=LATEST)]
    if not newest:
        st.markdown("Talk with a colleague, or with several, and ask the assistant to join in.")
    for line in sorted(newest, key=_new_first)[:LATEST]:
        _room(line)
    with st.container(horizontal=True):
        for choice, icon in ((MESSAGE, ":material/person_add:"), (BROWSE, ":material/search:")):
            if st.button(choice, icon=icon, type="tertiary", key=f"home_{choice}"):
                room_finding.open_dialog(choice)
                st.switch_page(links.CHAT.page())


def _new_first(line: RoomLine) -> tuple[bool, bool, float]:
    """Where they are called before where there is only more to read."""
    return not line.mentions, not _counted(line), -line.last_message_at.timestamp()


def _counted(line: RoomLine) -> int:
    return line.mentions if line.muted else line.unread


def _room(line: RoomLine) -> None:
    title = as_label(line.title, 48)
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.page_link(
            links.CHAT.page(),
            label=f"**{title}**" if _counted(line) else title,
            icon=ICONS[line.kind],
            help="",
            query_params={links.CONVERSATION: str(line.id)},
            width="stretch",
        )
        st.caption(_news(line), width="content")


def _news(line: RoomLine) -> str:
    if not _counted(line):
        return times.ago(line.last_message_at)
    return f"@ · {line.unread:,} new" if line.mentions else f"{line.unread:,} new"
