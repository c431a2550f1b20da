"""Runs at every rerun: who is signed in, which pages they may open, the frame around them, then the page."""

import streamlit as st

from core.permissions import Permission
from core.ui import away, frame, guard, links, room_view

room_view.begin_run()
st.set_page_config(page_title="Parley", page_icon=links.FAVICON)
st.logo(links.LOGO, size="large", icon_image=links.FAVICON)

actor = away.wait_out(guard.signed_in)
page = st.navigation(
    {
        "Work": [
            links.HOME.page(),
            links.CHAT.page(is_listed=actor.may(Permission.CHAT_USE)),
            links.BROWSE.page(is_listed=actor.may(Permission.CONVERSATIONS_BROWSE)),
            links.TASKS.page(is_listed=actor.may(Permission.RECORDS_KEEP)),
        ],
        "Insight": [links.USAGE.page(is_listed=actor.may(Permission.USAGE_VIEW))],
        "Care": [
            links.MODERATION.page(is_listed=actor.may(Permission.MODERATION_WORK)),
            links.AUDIT.page(is_listed=actor.may(Permission.AUDIT_OWN)),
        ],
        "Admin": [
            links.PEOPLE.page(is_listed=actor.may(Permission.PEOPLE_MANAGE)),
            links.SETTINGS.page(is_listed=actor.may(Permission.SETTINGS_MANAGE)),
        ],
        "You": [links.ACCOUNT.page()],
    }
)
st.set_page_config(layout="wide" if any(screen.is_open(page) for screen in links.WIDE) else "centered")
with away.started_over():
    frame.frame(actor, page)
    page.run()
