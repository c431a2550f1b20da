"""Everything one may read: listed, searched, opened, put away."""

from dataclasses import replace
from functools import partial

import streamlit as st

from core import bootstrap
from core.errors import Invalid
from core.permissions import Actor, Permission
from core.services.browse_views import Page
from core.ui import browse_deeds, failures, guard, times
from core.ui.browse_address import Address, Reader
from core.ui.browse_filters import checked, filter_row, order_switch, search_field
from core.ui.browse_hits import hits
from core.ui.browse_list import browse_list, nothing_here
from core.ui.browse_transcript import browse_transcript
from core.ui.controls import left_out
from core.ui.importing import import_button


def listed(actor: Actor, address: Address, complaints: list[str]) -> tuple[Address, Page]:
    """The page of the list that the address names; its beginning where there is no such place."""
    look = partial(bootstrap.current().browse.list_page, actor, address.filters, address.sort, zone=times.zone())
    try:
        return address, look(before=address.newer, after=address.older)
    except Invalid as error:
        complaints.append(str(error))
        return replace(address, older=None, newer=None), look()


def found(actor: Actor, address: Address, page: Page | None) -> None:
    if page is None:
        hits(actor, address)
    elif page.lines:
        browse_list(actor, address, page)
    else:
        nothing_here(address)


actor = guard.require(Permission.CONVERSATIONS_BROWSE)
reader = Reader(st.query_params.to_dict())
owners = bootstrap.current().browse.owners(actor)
address, page = checked(reader, reader.read(), owners), None
if not address.query:
    address, page = listed(actor, address, reader.complaints)

with st.container(horizontal=True, vertical_alignment="bottom"):
    st.title("Conversations", anchor=False)
    if actor.may(Permission.CHAT_USE):
        import_button(actor)
failures.show_notice()
search_field(address)
if page is None:
    order_switch(address)
else:
    filter_row(address, owners)
left_out(reader.complaints)
browse_deeds.told(actor)
if address.conversation_id is None:
    found(actor, address, page)
else:
    left, right = st.columns([5, 6], gap="medium")
    with left:
        found(actor, address, page)
    with right:
        browse_transcript(actor, address)
