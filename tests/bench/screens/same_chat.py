"""The page of `same.py`: 40 messages with the row of actions under each."""

import streamlit as st

from core.ui.message_bar import message_bar, message_bar_code
from tests.bench.seeding import ANSWER, QUESTION

ROLES = {"user": (":material/person:", QUESTION), "assistant": (":material/forum:", ANSWER)}

with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
    st.button("**Late deliveries**", type="tertiary", key="chat_title", help="Rename", wrap=False)
    st.menu_button("More", ["Rename", "Instructions", "Archive", "Delete"], type="tertiary", key="chat_menu")
message_bar_code(lambda _acts: None)
st.caption("Today", text_alignment="center")
for number in range(40):
    role = "assistant" if number % 2 else "user"
    avatar, text = ROLES[role]
    with st.chat_message(role, avatar=avatar):
        st.markdown(text)
        message_bar(
            {
                "message": str(number),
                "time": "12:00",
                "exact": "1 May, 12:00",
                "copy": text,
                "actions": ["copy"],
                "score": None,
                "version": None,
            },
            key=f"bar_{number}",
        )
with st.bottom:
    st.chat_input("Ask anything", key="composer")
    st.caption("A model · about 2.4k of 4.1k tokens of context in use")
