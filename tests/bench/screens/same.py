"""The second floor: the elements of the chat page out of constants, without database, gate, rights or rules."""

from pathlib import Path

import streamlit as st

from core.ui import links
from core.ui.conversation_links import conversation_links

HERE = Path(__file__).parent
LINES = [
    {"id": str(number), "title": f"What changed in week {number}", "href": f"/chat?c={number}", "current": number == 0}
    for number in range(30)
]

st.set_page_config(page_title="Same", page_icon=links.FAVICON, layout="centered")
st.logo(links.LOGO, size="large", icon_image=links.FAVICON)
home = st.Page(HERE / "bare.py", title="Home", icon=":material/home:", default=True)
chat = st.Page(HERE / "same_chat.py", title="Chat", icon=":material/chat:", url_path="chat")
account = st.Page(HERE / "empty.py", title="Account", icon=":material/person:", url_path="account")
page = st.navigation({"Work": [home, chat], "You": [account]})
with st.sidebar:
    st.button("New chat", icon=":material/edit_square:", width="stretch", key="new_chat")
    conversation_links([{"heading": "Today", "links": LINES}], key="chat_links")
    st.button("Archived chats", icon=":material/archive:", type="tertiary", key="show_archive")
    st.space("stretch")
    st.markdown("**Person 1**  \n:small[staff]")
    st.markdown("[Sign out](/account/sign-out)")
page.run()
