"""Above the moderators' list of messages: the search field, and what the list is narrowed to."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import streamlit as st

from core.services.moderation_message_query import MessagesQuery, MessagesReader, State
from core.services.moderation_query import ASSISTANT, YEARS
from core.ui import narrowing
from core.ui.browse_filters import HELP
from core.ui.controls import distinct, shows
from core.ui.moderation_message_words import STATES

PAGE, SEARCH, STATE = "messages", "messages_search", "messages_state"
PLACEHOLDER = "Search company rooms, and what was reported elsewhere"
Named = Sequence[tuple[UUID, str]]


def go(query: MessagesQuery) -> None:
    """Has the page show that from the next draw on."""
    st.query_params.from_dict(query.params())


def checked(reader: MessagesReader, query: MessagesQuery, people: Named, rooms: Named) -> MessagesQuery:
    """Without what is nothing to choose from here."""
    if query.author_id and query.author_id not in dict(people):
        reader.complain("author")
        query = query.looking(author_id=None)
    if query.room_id and query.room_id not in dict(rooms):
        reader.complain("room")
        query = query.looking(room_id=None)
    return query


def search_field(query: MessagesQuery) -> None:
    def changed() -> None:
        go(query.looking(text=(st.session_state[SEARCH] or "").strip()))

    shows(SEARCH, query.text)
    st.text_input("Search", type="search", key=SEARCH, help=HELP, placeholder=PLACEHOLDER, on_change=changed)


def filter_row(query: MessagesQuery, people: Named, rooms: Named) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        shows(STATE, query.state)
        st.selectbox(
            "State", list(State), format_func=STATES.__getitem__, key=STATE, label_visibility="collapsed", width=230,
            on_change=lambda: go(query.looking(state=State(st.session_state[STATE]))),
        )  # fmt: skip
        narrowing.days(
            PAGE, (query.first, query.last), lambda first, last: go(query.looking(first=first, last=last)), YEARS,
            "Said on",
        )  # fmt: skip
        _narrowed(query, people, rooms)


def _narrowed(query: MessagesQuery, people: Named, rooms: Named) -> None:
    author: Any = ASSISTANT if query.by_assistant else query.author_id
    count = sum(bool(one) for one in (query.room_id, author))
    with narrowing.filters(count):
        names = distinct({key: name or "Company room" for key, name in rooms})
        narrowing.one_of(PAGE, "Company room", names, query.room_id, lambda one: go(query.looking(room_id=one)))
        authors = distinct({ASSISTANT: "The assistant"} | dict(people))
        narrowing.one_of(PAGE, "Author", authors, author, lambda one: _by(query, one))
        if count:
            everything = query.looking(room_id=None, author_id=None, by_assistant=False)
            narrowing.clear(PAGE, "Clear these", lambda: go(everything))


def _by(query: MessagesQuery, chosen: Any) -> None:
    go(query.looking(author_id=chosen if isinstance(chosen, UUID) else None, by_assistant=chosen == ASSISTANT))
