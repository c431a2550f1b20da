"""What people reported: the queue of cases, and the one that is open beside it."""

import streamlit as st

from core import bootstrap
from core.errors import Invalid
from core.permissions import Actor
from core.services.moderation_query import QueueQuery, QueueReader
from core.services.moderation_views import QueuePage
from core.ui.controls import left_out
from core.ui.moderation_acts import step_keys
from core.ui.moderation_case import case_beside
from core.ui.moderation_filters import checked, filter_row, go
from core.ui.moderation_list import queue_list
from core.ui.usage_filters import browser_zone

KEYS = "Keys: J and K next and previous case · T claim · D dismiss · E edit · X delete · U undo · L release · Q close"


def queue_tab(actor: Actor) -> None:
    queue = bootstrap.current().moderation_queue
    people, reviewers = queue.people(actor), queue.reviewers(actor)
    reader = QueueReader({name: st.query_params.get_all(name) for name in st.query_params})
    query = checked(reader, reader.read(), people, reviewers)
    query, page = _listed(actor, query, reader.complaints)
    filter_row(query, people, reviewers)
    left_out(reader.complaints)
    if query.case_id is None:
        queue_list(query, page)
        if page.lines:
            step_keys(None, page.lines[0].id, go=lambda case_id: go(query.opening(case_id)), onward="Open the first")
    else:
        left, right = st.columns([5, 7], gap="medium")
        with left:
            queue_list(query, page)
        with right:
            case_beside(actor, query, page)
    if page.lines or query.case_id:
        st.caption(f":material/keyboard: {KEYS}")


def _listed(actor: Actor, query: QueueQuery, complaints: list[str]) -> tuple[QueueQuery, QueuePage]:
    """The page of the queue that the address names; its beginning where there is no such place."""
    look = bootstrap.current().moderation_queue.list_page
    try:
        return query, look(actor, query, browser_zone())
    except Invalid as error:
        complaints.append(str(error))
        return query.looking(), look(actor, query.looking(), browser_zone())
