"""One's own account: who one is here, where one is signed in, what there is of one, and one's history."""

import streamlit as st

from core import bootstrap
from core.amounts import counted
from core.permissions import Permission
from core.ui import failures, guard
from core.ui.account_data import own_data
from core.ui.account_profile import profile
from core.ui.frame import roles_of
from core.ui.notices import notices
from core.ui.plain_links import plain_links
from core.ui.sign_ins import own_sign_ins
from core.ui.text import as_label

CONFIRM = "clear history"
MOST_NOTICES = 3

actor = guard.require(Permission.ACCOUNT_MANAGE)
app = bootstrap.current()
failures.show_notice()

st.title("Account", anchor=False)
st.markdown(f"**{as_label(actor.display_name, 120)}**  \n{as_label(actor.email, 254)} · {roles_of(actor)}")
notices(actor, MOST_NOTICES)
profile(actor)

st.header("Sign-in", anchor=False)
by_password = {"Change password": "/account/password"} if app.accounts.has_password(actor) else {}
plain_links(by_password | {"Sign out here or everywhere": "/account/sign-out"}, key="ways_out")
own_sign_ins(actor)
own_data(actor)

if actor.may(Permission.CHAT_USE):
    st.header("History", anchor=False)
    st.markdown("Remove all your chats with the assistant from your account. Usage figures stay.")
    with st.form("clear", border=False):
        typed = st.text_input("To confirm, type “clear history”", key="clear_words")
        if st.form_submit_button("Delete all my chats"):
            if typed.strip().lower() == CONFIRM:
                cleared = counted(app.conversations.clear_history(actor), "chat")
                st.success(f"{cleared} deleted.", icon=":material/check:")
            else:
                st.error("Nothing was deleted: the words don't match.", icon=":material/error:")
