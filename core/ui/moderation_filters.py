"""Above the queue of reported messages: what it is narrowed to."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import streamlit as st

from core.services.moderation_query import ASSISTANT, YEARS, QueueQuery, QueueReader, Shown
from core.ui.controls import distinct, shows
from core.ui.moderation_words import AGES, KINDS, SHOWN
from core.ui.reporting import REASONS
from core.ui.usage_filters import days_text

People = Sequence[tuple[UUID, str]]
CLEAR = ":material/filter_alt_off:"


def go(query: QueueQuery) -> None:
    """Has the page show that from the next draw on."""
    st.query_params.from_dict(query.params())


def checked(reader: QueueReader, query: QueueQuery, people: People, reviewers: People) -> QueueQuery:
    """Without what is nothing to choose from here."""
    if query.author_id and query.author_id not in dict(people):
        reader.complain("author")
        query = query.looking(author_id=None)
    if query.reviewer_id and query.reviewer_id not in dict(reviewers):
        reader.complain("reviewer")
        query = query.looking(reviewer_id=None)
    return query


def filter_row(query: QueueQuery, people: People, reviewers: People) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        _shown(query)
        _dates(query)
        _narrowed(query, people, reviewers)


def _shown(query: QueueQuery) -> None:
    key = "moderation_status"
    shows(key, query.shown)
    st.segmented_control(
        "Status", list(Shown), format_func=lambda one: SHOWN[one], required=True, key=key, label_visibility="collapsed",
        wrap=True, on_change=lambda: go(query.looking(shown=Shown(st.session_state[key]))),
    )  # fmt: skip


def _dates(query: QueueQuery) -> None:
    def changed(key: str) -> None:
        day: date | None = st.session_state[key]
        first, last = (day, query.last) if key == "moderation_from" else (query.first, day)
        if first and last and last < first:  # a day behind the other end takes that along
            first = last = day
        go(query.looking(first=first, last=last))

    with st.popover(_days(query), icon=":material/date_range:"):
        st.caption("Decided on" if query.shown is Shown.CLOSED else "Reported on")
        for name, key, day in (("From", "moderation_from", query.first), ("To", "moderation_to", query.last)):
            shows(key, day)
            st.date_input(
                name, value=None, key=key, on_change=changed, args=(key,), min_value=date(YEARS.start, 1, 1),
                max_value=date(YEARS.stop - 1, 12, 31),
            )  # fmt: skip
        if query.first or query.last:
            everything = query.looking(first=None, last=None)
            st.button(
                "All days", icon=CLEAR, type="tertiary", key="moderation_all_days", on_click=go, args=(everything,)
            )


def _days(query: QueueQuery) -> str:
    if query.first and query.last:
        return days_text(query.first, query.last)
    if query.first:
        return f"From {days_text(query.first, query.first)}"
    return f"To {days_text(query.last, query.last)}" if query.last else "Dates"


def _narrowed(query: QueueQuery, people: People, reviewers: People) -> None:
    author: Any = ASSISTANT if query.by_assistant else query.author_id
    count = sum(bool(one) for one in (query.reason, query.kind, author, query.reviewer_id, query.age))
    with st.popover(f"Filters ({count})" if count else "Filters", icon=":material/tune:"):
        _optional("Reason", REASONS, query.reason, lambda one: go(query.looking(reason=one)))
        _optional("Where", KINDS, query.kind, lambda one: go(query.looking(kind=one)))
        authors = distinct({ASSISTANT: "The assistant"} | dict(people))
        _optional("Author", authors, author, lambda one: _by(query, one))
        reviewer = distinct(dict(reviewers))
        _optional("Moderator", reviewer, query.reviewer_id, lambda one: go(query.looking(reviewer_id=one)))
        label = "Closed for" if query.shown is Shown.CLOSED else "Waiting for"
        _optional(label, AGES, query.age, lambda one: go(query.looking(age=one)))
        if count:
            everything = query.looking(
                reason=None, kind=None, author_id=None, by_assistant=False, reviewer_id=None, age=None
            )
            st.button(
                "Clear these", icon=CLEAR, type="tertiary", key="moderation_clear", on_click=go, args=(everything,)
            )


def _by(query: QueueQuery, chosen: Any) -> None:
    go(query.looking(author_id=chosen if isinstance(chosen, UUID) else None, by_assistant=chosen == ASSISTANT))


def _optional(label: str, options: Mapping[Any, str], chosen: Any, choose: Any) -> None:
    """One of these, or whichever."""
    key = f"moderation_{label}"
    shows(key, chosen)
    st.selectbox(
        label, list(options), index=None, format_func=lambda one: options.get(one, ""), key=key, placeholder="Any",
        on_change=lambda: choose(st.session_state[key]),
    )  # fmt: skip
