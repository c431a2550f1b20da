"""What stands around every page: the sidebar under the navigation."""

from contextlib import suppress
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import Page

from core import bootstrap
from core.errors import Invalid
from core.permissions import Actor, Permission
from core.ui import links
from core.ui.conversation_list import conversation_list
from core.ui.find import find_field
from core.ui.live import ear
from core.ui.look import look
from core.ui.plain_links import plain_links
from core.ui.text import as_label

STYLE = f"<style>{Path(__file__).with_suffix('.css').read_text('utf-8')}</style>"
ZONE = "zone_remembered"


def frame(actor: Actor, page: Page) -> None:
    st.html(STYLE)
    _remember_zone(actor)
    with st.sidebar:
        # The browse page has its own, with what was looked for in it.
        if actor.may(Permission.CONVERSATIONS_BROWSE) and not links.BROWSE.is_open(page):
            find_field()
        if links.CHAT.is_open(page) and actor.may(Permission.CHAT_USE):
            conversation_list(actor)
        st.space("stretch")
        st.markdown(f"**{as_label(actor.display_name, 40)}**  \n:small[{roles_of(actor)}]")
        ear()
        look(actor)
        plain_links({"Sign out": "/account/sign-out"}, key="sign_out")


def _remember_zone(actor: Actor) -> None:
    """What is due today is also counted where no browser says where they are. Once a session, and when it moves."""
    zone = st.context.timezone
    if zone and zone != st.session_state.get(ZONE):
        st.session_state[ZONE] = zone
        with suppress(Invalid):  # one that is unknown here is none
            bootstrap.current().accounts.remember_zone(actor, zone)


def roles_of(actor: Actor) -> str:
    return ", ".join(sorted(role.value for role in actor.roles)) or "no role yet"
