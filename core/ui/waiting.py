"""On the first page: where the assistant waits for one's decision before it goes on."""

from collections.abc import Sequence

import streamlit as st

from core.models import ConversationKind
from core.services.steps import WaitingLine
from core.ui import links
from core.ui.browse_list import NEW_CHAT
from core.ui.room_header import ICONS
from core.ui.text import as_label

CHAT_ICON = ":material/chat:"


def waiting(found: Sequence[WaitingLine]) -> None:
    if not found:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(":material/pending_actions: The assistant waits for your decision in", width="content")
        for line in found:
            is_direct = line.kind is ConversationKind.DIRECT
            title = "a direct chat" if is_direct else as_label(line.title, 40) or NEW_CHAT
            st.page_link(
                links.CHAT.page(),
                label=title,
                icon=ICONS.get(line.kind, CHAT_ICON),
                help="",
                query_params={links.CONVERSATION: str(line.conversation_id)},
            )
