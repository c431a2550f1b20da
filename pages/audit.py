"""Who did what: everybody's own acts, and for moderators and admins the company's."""

import streamlit as st

from core import bootstrap
from core.errors import Invalid
from core.permissions import Actor, Permission
from core.services.audit_query import AuditQuery, Reader
from core.services.audit_views import AuditPage
from core.ui import failures, guard
from core.ui.audit_chain import chain_state
from core.ui.audit_download import download_button
from core.ui.audit_event import audit_event
from core.ui.audit_filters import checked, filter_row, whose_switch
from core.ui.audit_list import audit_list
from core.ui.controls import left_out
from core.ui.usage_filters import browser_zone


def listed(actor: Actor, query: AuditQuery, complaints: list[str]) -> tuple[AuditQuery, AuditPage]:
    """The page of the list that the address names; its beginning where there is no such place."""
    look = bootstrap.current().audit.list_page
    try:
        return query, look(actor, query, zone)
    except Invalid as error:
        complaints.append(str(error))
        beginning = query.looking(event=query.event)
        return beginning, look(actor, beginning, zone)


actor = guard.require(Permission.AUDIT_OWN)
people = bootstrap.current().audit.people(actor)
reader = Reader({name: st.query_params.get_all(name) for name in st.query_params})
query = checked(actor, reader, reader.read(), people)
zone = query.zone or browser_zone()
query, page = listed(actor, query, reader.complaints)

with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title("Audit" if actor.may(Permission.AUDIT_VIEW) and not query.is_mine else "My actions", anchor=False)
    whose_switch(actor, query)
failures.show_notice()
filter_row(query, people)
left_out(reader.complaints)
with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    chain_state(actor, zone)
    download_button(query, zone)
audit_list(query, page, zone)
if query.event is not None:
    audit_event(actor, query, zone)
