"""Runs at every rerun: who is signed in, which pages they may open, the frame around them, then the page."""

import streamlit as st

from core.permissions import Permission
from core.ui import away, frame, guard, links, room_view

room_view.begin_run()
st.set_page_config(page_title="Parley", page_icon=links.FAVICON, layout="centered")
st.logo(links.LOGO, size="large", icon_image=links.FAVICON)

actor = away.wait_out(guard.signed_in)
page = st.navigation(
    {
        "Work": [links.HOME.page(), links.CHAT.page(is_listed=actor.may(Permission.CHAT_USE))],
        "Admin": [links.SETTINGS.page(is_listed=actor.may(Permission.SETTINGS_MANAGE))],
        "You": [links.ACCOUNT.page()],
    }
)
with away.started_over():
    frame.frame(actor, page)
    page.run()
