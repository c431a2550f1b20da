"""The people of the company, for admins: who they are, what they may do, and who is invited."""

import streamlit as st

from core import bootstrap
from core.permissions import Permission
from core.ui import failures, guard
from core.ui.controls import left_out
from core.ui.link_shown import forget_link
from core.ui.people_address import PeopleReader, Shown
from core.ui.people_invites import invite_somebody, people_invites
from core.ui.people_list import people_filters, people_list
from core.ui.person import person
from core.ui.person_acts import told

actor = guard.require(Permission.PEOPLE_MANAGE)
forget_link()
reader = PeopleReader({name: st.query_params.get_all(name) for name in st.query_params})
address = reader.read()

with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title("People", anchor=False)
    if not bootstrap.current().settings.local_passwords:
        st.caption("People come in through single sign-on.", width="content")
    elif st.button("Invite somebody", icon=":material/person_add:", type="primary", key="invite_somebody"):
        invite_somebody(actor)
failures.show_notice()
told()
people_filters(address)
left_out(reader.complaints)
if address.shown is Shown.INVITED:
    people_invites(actor)
elif address.person_id is None:
    people_list(actor, address)
else:
    left, right = st.columns([5, 6], gap="medium")
    with left:
        people_list(actor, address)
    with right:
        person(actor, address)
