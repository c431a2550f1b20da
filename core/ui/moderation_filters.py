"""Above the queue of reported messages: what it is narrowed to."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import streamlit as st

from core.services.moderation_query import ASSISTANT, YEARS, QueueQuery, QueueReader, Shown
from core.ui import narrowing
from core.ui.controls import distinct, shows
from core.ui.moderation_words import AGES, KINDS, SHOWN
from core.ui.reporting import REASONS

People = Sequence[tuple[UUID, str]]
PAGE = "moderation"


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
        wrap=True, on_change=lambda: go(query.looking(shown=Shown(st.session_state[key] or query.shown))),
    )  # fmt: skip


def _dates(query: QueueQuery) -> None:
    about = "Decided on" if query.shown is Shown.CLOSED else "Reported on"
    narrowing.days(
        PAGE, (query.first, query.last), lambda first, last: go(query.looking(first=first, last=last)), YEARS, about
    )


def _narrowed(query: QueueQuery, people: People, reviewers: People) -> None:
    author: Any = ASSISTANT if query.by_assistant else query.author_id
    count = sum(bool(one) for one in (query.reason, query.kind, author, query.reviewer_id, query.age))

    def one_of(label: str, options: Mapping[Any, str], chosen: Any, choose: Callable[[Any], QueueQuery]) -> None:
        narrowing.one_of(PAGE, label, options, chosen, lambda one: go(choose(one)))

    with narrowing.filters(count):
        one_of("Reason", REASONS, query.reason, lambda one: query.looking(reason=one))
        one_of("Where", KINDS, query.kind, lambda one: query.looking(kind=one))
        authors = distinct({ASSISTANT: "The assistant"} | dict(people))
        one_of("Author", authors, author, lambda one: _by(query, one))
        one_of("Moderator", distinct(dict(reviewers)), query.reviewer_id, lambda one: query.looking(reviewer_id=one))
        label = "Closed for" if query.shown is Shown.CLOSED else "Waiting for"
        one_of(label, AGES, query.age, lambda one: query.looking(age=one))
        if count:
            everything = query.looking(
                reason=None, kind=None, author_id=None, by_assistant=False, reviewer_id=None, age=None
            )
            narrowing.clear(PAGE, "Clear these", lambda: go(everything))


def _by(query: QueueQuery, chosen: Any) -> QueueQuery:
    return query.looking(author_id=chosen if isinstance(chosen, UUID) else None, by_assistant=chosen == ASSISTANT)
