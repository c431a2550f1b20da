"""What is asked in a window of its own: a chat's name, its instructions, why an answer was bad."""

from uuid import UUID

import streamlit as st

from core import bootstrap
from core.errors import ParleyError
from core.models import MAX_INSTRUCTIONS, Score
from core.permissions import Actor
from core.services.chat import REASONS
from core.services.views import ConversationView
from core.ui import guard

RATED = "rated_down"


@st.dialog("Rename chat")
def rename(actor: Actor, conversation: ConversationView) -> None:
    with st.form("rename", border=False):
        title = st.text_input("Name", conversation.title)
        if st.form_submit_button("Rename", type="primary"):
            try:
                bootstrap.current().conversations.rename(guard.again(actor), conversation.id, title)
            except ParleyError as error:
                st.error(str(error))
            else:
                st.rerun()


@st.dialog("Instructions for this chat")
def instruct(actor: Actor, conversation: ConversationView) -> None:
    st.caption("The assistant is told this with every question here, after your company's own instructions.")
    with st.form("instruct", border=False):
        text = st.text_area(
            "Instructions",
            conversation.instructions,
            placeholder="Answer in German. Keep it under five sentences.",
            height=180,
            help=f"Up to {MAX_INSTRUCTIONS:,} characters.",
        )
        if st.form_submit_button("Save", type="primary"):
            try:
                bootstrap.current().conversations.instruct(guard.again(actor), conversation.id, text)
            except ParleyError as error:
                st.error(str(error))
            else:
                st.rerun()


@st.dialog("What was wrong with it?")
def say_why(actor: Actor, answer_id: UUID) -> None:
    with st.form("say_why", border=False):
        tags = st.pills("Reason", REASONS, selection_mode="multi", label_visibility="collapsed")
        comment = st.text_area("What would have helped?", placeholder="Optional", height=100)
        if st.form_submit_button("Send", type="primary"):
            try:
                bootstrap.current().chat.rate(
                    guard.again(actor), answer_id, Score.DOWN, tags=tuple(tags), comment=comment
                )
            except ParleyError as error:
                st.error(str(error))
            else:
                st.toast("Thank you. It is kept with the answer.")
                st.rerun()
