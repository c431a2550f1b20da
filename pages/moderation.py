"""What moderators look after: each tab shows a part of it, and the address says which."""

import streamlit as st

from core.permissions import Permission
from core.ui import failures, guard
from core.ui.moderation_acts import told
from core.ui.moderation_tabs import TABS, chosen_tab

actor = guard.require(Permission.MODERATION_WORK)
st.title("Moderation", anchor=False)
tab = chosen_tab()
failures.show_notice()
told()
TABS[tab](actor)
