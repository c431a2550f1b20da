"""How far back a conversation is shown, and the way further back."""

from uuid import UUID

import streamlit as st

from core.amounts import counted
from core.services.transcripts import PAGE
from core.services.views import Transcript

PAGES = "transcript_pages"


def asked_for(conversation_id: UUID) -> int:
    """How many of the newest messages this tab wants to see."""
    return PAGE * int(st.session_state.get(PAGES, {}).get(conversation_id, 1))


def earlier(shown: Transcript) -> None:
    """What stands above the first message: the way further back, or why there is none."""
    if shown.has_earlier:
        _button(shown.conversation.id)
    elif shown.kept_days:
        st.caption(f"Messages older than {counted(shown.kept_days, 'day')} are not kept.", text_alignment="center")


def _button(conversation_id: UUID) -> None:
    def clicked() -> None:
        pages = st.session_state.setdefault(PAGES, {})
        pages[conversation_id] = pages.get(conversation_id, 1) + 1

    st.button("Earlier messages", icon=":material/expand_less:", type="tertiary", key="earlier", on_click=clicked)
