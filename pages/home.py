"""Where one begins: what waits, what was, and a box to ask something."""

import streamlit as st

from core import bootstrap
from core.permissions import Permission
from core.ui import composer, guard, links
from core.ui.home_chats import home_chats
from core.ui.home_next import next_line
from core.ui.home_rooms import home_rooms
from core.ui.home_tasks import home_tasks
from core.ui.home_tiles import home_tiles
from core.ui.home_waits import waits_of
from core.ui.live import live_tasks
from core.ui.new_chat import first_name, model_caption
from core.ui.notices import notices
from core.ui.waiting import waiting

NOTICES = 5

actor = guard.require(Permission.HOME_VIEW)
app = bootstrap.current()
waits = waits_of(actor)
standings = app.spending.standings(actor) if actor.may(Permission.CHAT_USE) else ()
with st.container(gap="xxsmall"):
    st.title(f"Hello, {first_name(actor)}", anchor=False)
    next_line(actor, waits)
notices(actor, NOTICES)
if not actor.may(Permission.CHAT_USE):
    home_tiles(actor, waits, standings)
    st.caption("Your roles have no chats of their own. Name, password and sign-ins are under Account.")
    st.stop()

if problem := app.assistant.problem():
    st.warning(problem, icon=":material/build:")
waiting(waits.decisions)
home_tiles(actor, waits, standings)
if actor.may(Permission.RECORDS_KEEP):
    live_tasks()
    home_tasks(actor, waits.due)
chats, rooms = st.columns(2, gap="large")
with chats:
    st.header("Continue", anchor=False)
    home_chats(waits.chats)
with rooms:
    st.header("Rooms", anchor=False)
    home_rooms(waits.rooms)

caption = model_caption(app.company_models.offered(actor))
composer.chat_box(actor, None, caption=caption, standings=standings, stays_at_top=True)
if st.session_state.pop(composer.SENT, None):
    st.switch_page(links.CHAT.page(), query_params={links.CONVERSATION: st.query_params[links.CONVERSATION]})
