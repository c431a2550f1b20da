"""One's rooms on the first page: what is new there, and ways into one."""

from collections.abc import Sequence

import streamlit as st

from core.services.room_views import RoomLine
from core.ui import links, room_finding, times
from core.ui.home_waits import MOST, badge_of
from core.ui.room_finding import BROWSE, MESSAGE
from core.ui.room_header import ICONS
from core.ui.text import as_label


def home_rooms(rooms: Sequence[RoomLine]) -> None:
    """`rooms`: those to look into first at the beginning."""
    if not rooms:
        st.markdown("Talk with a colleague, or with several, and ask the assistant to join in.")
    for line in rooms[:MOST]:
        _room(line)
    with st.container(horizontal=True):
        for choice, icon in ((MESSAGE, ":material/person_add:"), (BROWSE, ":material/search:")):
            if st.button(choice, icon=icon, type="tertiary", key=f"home_{choice}"):
                room_finding.open_dialog(choice)
                st.switch_page(links.CHAT.page())


def _room(line: RoomLine) -> None:
    title = as_label(line.title, 48)
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.page_link(
            links.CHAT.page(),
            label=f"**{title}**" if badge_of(line) else title,
            icon=ICONS[line.kind],
            help="",
            query_params={links.CONVERSATION: str(line.id)},
            width="stretch",
        )
        st.caption(_news(line), width="content")


def _news(line: RoomLine) -> str:
    if not badge_of(line):
        return times.ago(line.last_message_at)
    return f"@ · {line.unread:,} new" if line.mentions else f"{line.unread:,} new"
