"""All messages that moderators may see: searched, listed, and the one that is open beside the list."""

from uuid import UUID

import streamlit as st

from core import bootstrap
from core.errors import Invalid, NotFound
from core.permissions import Actor
from core.services.moderation_message_query import MessagesQuery, MessagesReader
from core.services.moderation_messages import BY_TEXT
from core.services.moderation_views import CaseLine, MessagesPage, OpenMessage
from core.ui.into_view import into_view
from core.ui.moderation_acts import step_keys
from core.ui.moderation_case import STYLE, case_body, way_there
from core.ui.moderation_message_acts import message_bar, told
from core.ui.moderation_message_filters import checked, filter_row, go, search_field
from core.ui.moderation_message_list import message_list
from core.ui.moderation_message_words import state_of
from core.ui.moderation_more import in_force, look_further, more_menu, suspended_before
from core.ui.moderation_words import KINDS, LONGEST_NAME, author_of, reasons_of, since
from core.ui.text import as_label
from core.ui.usage_filters import browser_zone

KEYS = "Keys: J and K next and previous message · E edit · X delete · U restore · Q close"
DELETED = "Deleted messages are searched once you choose one of their states."
GONE = "This message isn't here. It may be gone for good, or not for moderators to see, or the address is wrong."


def messages_tab(actor: Actor) -> None:
    messages = bootstrap.current().moderation_messages
    people, rooms = bootstrap.current().moderation_queue.people(actor), messages.rooms(actor)
    reader = MessagesReader({name: st.query_params.get_all(name) for name in st.query_params})
    query = checked(reader, reader.read(), people, rooms)
    query, page = _listed(actor, query, reader.complaints)
    search_field(query)
    filter_row(query, people, rooms)
    for hint in (*reader.complaints, *page.hints):
        st.caption(f":material/info: {as_label(hint, 400)}")
    if query.text and query.state not in BY_TEXT:
        st.caption(f":material/info: {DELETED}")
    told(actor)
    if query.message_id is None:
        message_list(actor, query, page)
        if page.lines:
            first = page.lines[0].line.message_id
            step_keys(None, first, go=lambda key: go(query.opening(key)), onward="Open the first")
    else:
        left, right = st.columns([5, 7], gap="medium")
        with left:
            message_list(actor, query, page)
        with right:
            _beside(actor, query, page, query.message_id)
    if page.lines or query.message_id:
        st.caption(f":material/keyboard: {KEYS}")


def _listed(actor: Actor, query: MessagesQuery, complaints: list[str]) -> tuple[MessagesQuery, MessagesPage]:
    """The page of the list that the address names; its beginning where there is no such place."""
    look = bootstrap.current().moderation_messages.list_page
    try:
        return query, look(actor, query, browser_zone())
    except Invalid as error:
        complaints.append(str(error))
        return query.looking(), look(actor, query.looking(), browser_zone())


def _beside(actor: Actor, query: MessagesQuery, page: MessagesPage, message_id: UUID) -> None:
    st.html(STYLE)
    with st.container(key="panel"):
        try:
            message = bootstrap.current().moderation_messages.get(actor, message_id)
        except NotFound:
            st.info(GONE, icon=":material/search_off:")
            _close(query)
            return
        _header(actor, query, page, message)
        further = look_further(actor, message.view) if message.line.case_id else None
        message_bar(actor, message, lambda: more_menu(actor, message.view, further) if further else None)
        if further:
            in_force(actor, further)
        with st.container(key="panel_body"):
            case_body(message.view, lambda line: _open_other(query, line))
            if further:
                suspended_before(further)


def _open_other(query: MessagesQuery, line: CaseLine) -> None:
    go(query.opening(line.subject_id))


def _header(actor: Actor, query: MessagesQuery, page: MessagesPage, message: OpenMessage) -> None:
    view = message.view
    with st.container(gap="xsmall"):
        into_view(str(message.line.message_id), key="message_opened")
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            name = as_label(author_of(view.line, view.assistant_name), LONGEST_NAME)
            st.markdown(f"**{name}** · {KINDS[view.line.kind].lower()}", width="stretch")
            step_keys(*_neighbours(page, message.line.message_id), go=lambda key: go(query.opening(key)))
            _close(query)
        if state := state_of(message.line):
            st.markdown(f":blue-badge[{as_label(state, 200)}]")
        if message.line.report_count:
            st.caption(f"{as_label(reasons_of(view.line), 300)} · {since(view.line)}")
    way_there(actor, view)


def _neighbours(page: MessagesPage, message_id: UUID) -> tuple[UUID | None, UUID | None]:
    ids = [one.line.message_id for one in page.lines]
    if message_id not in ids:
        return None, next(iter(ids), None)
    at = ids.index(message_id)
    return ids[at - 1] if at else None, ids[at + 1] if at + 1 < len(ids) else None


def _close(query: MessagesQuery) -> None:
    st.button(
        "Close", icon=":material/close:", type="tertiary", key="message_close", shortcut="Q", on_click=go,
        args=(query.opening(None),),
    )  # fmt: skip
