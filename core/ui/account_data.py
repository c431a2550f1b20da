"""One's own data: to take along, and who looked at it."""

import streamlit as st

from core import bootstrap
from core.amounts import counted
from core.permissions import Actor, Permission
from core.services.audit_query import AuditQuery
from core.ui import links, times
from core.ui.audit_words import NOTHING
from core.ui.dialogs import dialog
from core.ui.download import download
from core.ui.looked import who_looked_button
from core.ui.moderation_words import KINDS
from core.ui.paging import paged, pages_of, show_more
from core.ui.text import as_label

ADDRESS = "/api/own-data"
LONGEST_TITLE = 60
PAGE, PAGES = 10, "looked_into_pages"
EXPLAINED = (
    "Your profile, sign-ins, tasks, actions and use of models, and the conversations that you are in, as files in a "
    "ZIP. That you took it along is recorded."
)


def own_data(actor: Actor) -> None:
    st.header("Your data", anchor=False)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button("Export my data", icon=":material/download:", key="own_data"):
            _export()
        if actor.may(Permission.AUDIT_OWN):
            st.page_link(
                links.AUDIT.page(), label="My actions", icon=":material/history_edu:", width="content",
                query_params=AuditQuery(is_mine=True).params(),
            )  # fmt: skip
    if actor.may(Permission.CHAT_USE):
        _looked_into(actor)


@dialog("Export my data")
def _export() -> None:
    st.caption(EXPLAINED)
    download(ADDRESS, key="own_data_download")


def _looked_into(actor: Actor) -> None:
    st.markdown("**Who looked at my conversations**")
    look = bootstrap.current().access_reading.looked_into
    found, has_more = paged(lambda limit, after: look(actor, after=after, limit=limit), pages_of(PAGES, PAGE))
    if not found:
        st.caption("No moderator has looked into a private conversation of yours.")
    for one in found:
        title = as_label(one.title, LONGEST_TITLE) or NOTHING
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            count = counted(one.looks, "look")
            said = f"{KINDS[one.kind]} · {count} · the last on {times.exact(one.last_looked_at, times.zone())}"
            st.markdown(f"{title}  \n:small[{said}]", width="stretch")
            who_looked_button(actor, one.conversation_id, key=f"looked_{one.conversation_id}")
    if has_more:
        show_more(PAGES, key="looked_more")
