"""What stands around every page: the sidebar under the navigation."""

from contextlib import suppress

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

# The theme's primary colour is also the ground of white words, on buttons: in the dark theme none is light enough for
# words and dark enough for that. So what is chosen is written as everything else, and its frame and ground mark it.
ZONE = "zone_remembered"
# Links to pages have room around them for their ground under a pointer. They are moved by as much, so that their words
# begin where those above and below do; a margin would make them narrower. What stands in a row behind something else
# stands under nothing. What is too long for its line ends in dots.
STYLE = """<style>
[data-testid="stButtonGroup"] button[data-selected]:not(:disabled) { color: inherit; }
[data-testid="stMain"] [data-testid="stPageLink-NavLink"] { position: relative; inset-inline-start: -0.5rem; }
[data-testid="stHorizontalBlock"] > [data-testid="stElementContainer"]:not(:first-child)
  [data-testid="stPageLink-NavLink"] { inset-inline-start: 0; }
[data-testid="stMain"] [data-testid="stPageLink-NavLink"] p { overflow: hidden; text-overflow: ellipsis; }
</style>"""


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
