"""One's latest chats with the assistant, on the first page: where to go on."""

from collections.abc import Sequence

import streamlit as st

from core.services.views import Continued
from core.ui import links, times
from core.ui.browse_list import NEW_CHAT
from core.ui.gist import as_gist
from core.ui.text import as_label

LONGEST = 90
"""Characters of what was said last."""
NONE_YET = (
    "Ask your first question below. Your chats stay here for you alone: should a moderator ever have a reason to look "
    "into one, you are told."
)


def home_chats(latest: Sequence[Continued]) -> None:
    for one in latest:
        _chat(one)
    if not latest:
        st.markdown(NONE_YET)


def _chat(one: Continued) -> None:
    with st.container(gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            st.page_link(
                links.CHAT.page(),
                label=as_label(one.line.title, 48) or NEW_CHAT,
                icon=":material/chat:",
                help="",
                query_params={links.CONVERSATION: str(one.line.id)},
                width="stretch",
            )
            st.caption(times.ago(one.line.last_message_at), width="content")
        if one.last_words:
            st.caption(as_gist(one.last_words, LONGEST))
