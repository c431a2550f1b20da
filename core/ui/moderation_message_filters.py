"""Above the moderators' list of messages: the search field, and what the list is narrowed to."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import streamlit as st

from core.services.moderation_message_query import MessagesQuery, MessagesReader, State
from core.services.moderation_query import ASSISTANT, YEARS
from core.ui.browse_filters import HELP
from core.ui.controls import distinct, shown, shows
from core.ui.moderation_filters import CLEAR
from core.ui.moderation_message_words import STATES
from core.ui.usage_filters import days_text

SEARCH, STATE = "messages_search", "messages_state"
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
        _dates(query)
        _narrowed(query, people, rooms)


def _dates(query: MessagesQuery) -> None:
    def changed(name: str, key: str) -> None:
        day: date | None = st.session_state[key]
        first, last = (day, query.last) if name == "From" else (query.first, day)
        if first and last and last < first:  # a day behind the other end takes that along
            first = last = day
        go(query.looking(first=first, last=last))

    with st.popover(_days(query), icon=":material/date_range:"):
        st.caption("Said on")
        for name, day in (("From", query.first), ("To", query.last)):
            key = shown(f"messages_{name}", day)
            st.date_input(
                name, value=None, key=key, on_change=changed, args=(name, key), min_value=date(YEARS.start, 1, 1),
                max_value=date(YEARS.stop - 1, 12, 31),
            )  # fmt: skip
        if query.first or query.last:
            _clear("All days", query.looking(first=None, last=None), key="messages_all_days")


def _days(query: MessagesQuery) -> str:
    if query.first and query.last:
        return days_text(query.first, query.last)
    if query.first:
        return f"From {days_text(query.first, query.first)}"
    return f"To {days_text(query.last, query.last)}" if query.last else "Dates"


def _narrowed(query: MessagesQuery, people: Named, rooms: Named) -> None:
    author: Any = ASSISTANT if query.by_assistant else query.author_id
    count = sum(bool(one) for one in (query.room_id, author))
    with st.popover(f"Filters ({count})" if count else "Filters", icon=":material/tune:"):
        names = {key: name or "Company room" for key, name in rooms}
        _optional("Company room", distinct(names), query.room_id, lambda one: go(query.looking(room_id=one)))
        authors = distinct({ASSISTANT: "The assistant"} | dict(people))
        _optional("Author", authors, author, lambda one: _by(query, one))
        if count:
            _clear("Clear these", query.looking(room_id=None, author_id=None, by_assistant=False), key="messages_clear")


def _clear(label: str, query: MessagesQuery, *, key: str) -> None:
    st.button(label, icon=CLEAR, type="tertiary", key=key, on_click=go, args=(query,))


def _by(query: MessagesQuery, chosen: Any) -> None:
    go(query.looking(author_id=chosen if isinstance(chosen, UUID) else None, by_assistant=chosen == ASSISTANT))


def _optional(label: str, options: Mapping[Any, str], chosen: Any, choose: Callable[[Any], None]) -> None:
    """One of these, or whichever."""
    key = shown(f"messages_{label}", chosen)
    st.selectbox(
        label, list(options), index=None, format_func=lambda one: options.get(one, ""), key=key, placeholder="Any",
        on_change=lambda: choose(st.session_state[key]),
    )  # fmt: skip
