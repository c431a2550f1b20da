"""What a search found: each hit with where it was said, by whom, when, and the words around it."""

from datetime import tzinfo

import streamlit as st

from core import bootstrap
from core.models import ConversationKind, MessageRole
from core.permissions import Actor
from core.services.search_views import Found, Hit, TitleHit
from core.ui import times
from core.ui.browse_address import Address, go
from core.ui.browse_list import NEW_CHAT
from core.ui.nothing import ENDED, nothing
from core.ui.room_header import ICONS
from core.ui.text import as_label, as_snippet

KIND_ICONS = {ConversationKind.ASSISTANT: ":material/chat:"} | ICONS
LONGEST_TITLE, LONGEST_NAME = 80, 60
NOTHING = "Nothing that you may read has all of that. Leave a word out, or write only how it begins: `deliv*`."


def hits(actor: Actor, address: Address) -> None:
    found = bootstrap.current().search.search(
        actor, address.query, order=address.order, after=address.more, zone=times.zone()
    )
    for hint in found.hints:
        st.caption(f":material/info: {as_label(hint, 400)}")
    _titles(address, found)
    where = times.zone()
    for hit in found.hits:
        _hit(address, hit, where)
    if not found.hits and not found.titles:
        _nothing(address)
    with st.container(horizontal=True):
        if address.more:
            _on("First hits", ":material/first_page:", address.listing(), key="first_hits")
        if found.following:
            _on("More hits", ":material/expand_more:", address.listing(more=found.following), key="more_hits")


def _nothing(address: Address) -> None:
    if address.more:
        nothing(ENDED)
    else:
        nothing(NOTHING)


def _titles(address: Address, found: Found) -> None:
    for title in found.titles:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            _title(address, title)
            archived = " · archived" if title.is_archived else ""
            st.caption(f"{times.ago(title.last_message_at)}{archived}", width="content")


def _title(address: Address, title: TitleHit) -> None:
    label = as_snippet(title.title) or NEW_CHAT
    opened = address.opening(title.conversation_id)
    _on(label, KIND_ICONS[title.kind], opened, key=f"title_{title.conversation_id}")


def _hit(address: Address, hit: Hit, where: tzinfo) -> None:
    with st.container(gap="xxsmall", key=f"hit_{hit.message_id}"):
        title = as_label(hit.title, LONGEST_TITLE) or NEW_CHAT
        opened = address.opening(hit.conversation_id, hit.seq)
        _on(f"**{title}**", KIND_ICONS[hit.kind], opened, key=f"open_{hit.message_id}")
        about = [as_label(_sender(hit), LONGEST_NAME), times.exact(hit.said_at, where)]
        about += ["edited"] if hit.is_edited else []
        about += ["an earlier version"] if hit.is_superseded else []
        st.caption(" · ".join(about))
        st.markdown(as_snippet(hit.snippet))


def _sender(hit: Hit) -> str:
    return "Assistant" if hit.role is MessageRole.ASSISTANT else hit.sender_name or "Somebody"


def _on(label: str, icon: str, address: Address, *, key: str) -> None:
    """Not a link: one to the page that is open is drawn as the place where one is."""
    st.button(label, icon=icon, type="tertiary", key=key, on_click=go, args=(address,))
