"""Where one begins: ask something, or go on with what was."""

import streamlit as st

from core import bootstrap
from core.permissions import Permission
from core.ui import composer, guard, links, times
from core.ui.home_rooms import home_rooms
from core.ui.home_tasks import home_tasks
from core.ui.new_chat import first_name, model_caption
from core.ui.notices import notices
from core.ui.text import as_label
from core.ui.waiting import waiting

LATEST = 5
NOTICES = 5

actor = guard.require(Permission.HOME_VIEW)
st.title(f"Hello, {first_name(actor)}", anchor=False)

if not actor.may(Permission.CHAT_USE):
    notices(actor, NOTICES)
    st.markdown("Your role has no chats of its own. Your account is under **Account**.")
    st.stop()

app = bootstrap.current()
notices(actor, NOTICES)
if problem := app.assistant.problem():
    st.warning(problem, icon=":material/build:")
waiting(actor)

if actor.may(Permission.RECORDS_KEEP):
    home_tasks(actor)
chats, rooms = st.columns(2, gap="large")
with chats:
    st.subheader("Continue", anchor=False)
    latest = app.conversations.list_recent(actor, limit=LATEST)
    for line in latest:
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            st.page_link(
                links.CHAT.page(),
                label=as_label(line.title, 48) or "New chat",
                icon=":material/chat:",
                help="",
                query_params={links.CONVERSATION: str(line.id)},
                width="stretch",
            )
            st.caption(times.ago(line.last_message_at), width="content")
    if not latest:
        st.markdown(
            "Ask your first question below. Your chats stay here for you alone: should a moderator ever have a reason "
            "to look into one, you are told."
        )
with rooms:
    st.subheader("Rooms", anchor=False)
    home_rooms(actor)

composer.chat_box(actor, None, caption=model_caption(app.company_models.offered(actor)))
if st.session_state.pop(composer.SENT, None):
    st.switch_page(links.CHAT.page(), query_params={links.CONVERSATION: st.query_params[links.CONVERSATION]})
