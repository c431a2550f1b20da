"""Above the audit page's list: whose acts, and what the list is narrowed to."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import streamlit as st

from core.models import AuditAction, Outcome
from core.permissions import Actor, Permission
from core.services.audit import LOOKED
from core.services.audit_query import NOBODY, SUBJECTS, YEARS, AuditQuery, Reader
from core.ui import narrowing
from core.ui.audit_words import OUTCOMES, TYPES, choice
from core.ui.controls import distinct, shown, shows

PAGE = "audit"
EVERYBODY, MINE = "Everybody", "Mine"
ANY = "All"
BY_NOBODY = "Nobody who was signed in"
ABOUT_REASONS = f"Looks through {LOOKED:,} events with a reason at a time, the newest first; “Look further” goes on."


def go(query: AuditQuery) -> None:
    """Has the page show that from the next draw on."""
    st.query_params.from_dict(query.params())


def checked(actor: Actor, reader: Reader, query: AuditQuery, people: Sequence[tuple[UUID, str]]) -> AuditQuery:
    """Without what is nothing to choose from here."""
    sees_all = actor.may(Permission.AUDIT_VIEW)
    if (query.by_nobody or query.actor_id) and (query.is_mine or not sees_all):
        if query.by_nobody or query.actor_id != actor.user_id:
            reader.complain("who")
        query = query.looking(actor_id=None, by_nobody=False)
    if query.actor_id and query.actor_id not in {key for key, _ in people}:
        reader.complain("who")
        query = query.looking(actor_id=None)
    return query if sees_all else query.looking(is_mine=False, older=query.older, newer=query.newer, event=query.event)


def whose_switch(actor: Actor, query: AuditQuery) -> None:
    """Between the company's acts and one's own; not there for who has no choice."""
    if not actor.may(Permission.AUDIT_VIEW):
        return
    key, whose = "audit_whose", MINE if query.is_mine else EVERYBODY
    shows(key, whose)

    def changed() -> None:
        go(query.looking(is_mine=(st.session_state[key] or whose) == MINE, actor_id=None, by_nobody=False))

    st.segmented_control(
        "Whose actions", [EVERYBODY, MINE], required=True, key=key, label_visibility="collapsed", on_change=changed
    )


def filter_row(query: AuditQuery, people: Sequence[tuple[UUID, str]]) -> None:
    """`people`: whom one can choose from; none where one sees one's own acts only."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        _outcome(query)
        narrowing.days(
            PAGE, (query.first, query.last), lambda first, last: go(query.looking(first=first, last=last)), YEARS, ""
        )
        _narrowed(query, people)
        _reason(query)


def _outcome(query: AuditQuery) -> None:
    key = "audit_outcome"
    shows(key, query.outcome or ANY)

    def changed() -> None:
        chosen = st.session_state[key] or query.outcome
        go(query.looking(outcome=Outcome(chosen) if chosen in OUTCOMES else None))

    st.segmented_control(
        "Outcome", [ANY, *OUTCOMES], format_func=lambda one: OUTCOMES.get(one, ANY), required=True, key=key,
        label_visibility="collapsed", on_change=changed,
    )  # fmt: skip


def _narrowed(query: AuditQuery, people: Sequence[tuple[UUID, str]]) -> None:
    who: Any = NOBODY if query.by_nobody else query.actor_id
    count = sum(bool(one) for one in (who, query.actions, query.target_type, query.target_id))
    with narrowing.filters(count):
        if people:
            names = distinct({NOBODY: BY_NOBODY} | dict(people))
            narrowing.one_of(PAGE, "Who", names, who, lambda one: _by(query, one))
        _actions(query)
        done_to = query.target_type
        narrowing.one_of(PAGE, "Done to", TYPES, done_to, lambda one: go(query.looking(target_type=one)))
        if query.target_id:
            st.caption("Only what was done to one of them.")
        if count:
            everything = query.looking(actor_id=None, by_nobody=False, actions=(), target_type=None, target_id=None)
            narrowing.clear(PAGE, "Clear these", lambda: go(everything))


def _by(query: AuditQuery, chosen: Any) -> None:
    go(query.looking(actor_id=chosen if isinstance(chosen, UUID) else None, by_nobody=chosen == NOBODY))


def _actions(query: AuditQuery) -> None:
    key = shown("audit_actions", list(query.actions))
    options = [
        name
        for subject in SUBJECTS
        for name in (subject, *(action.value for action in AuditAction if action.subject == subject))
    ]
    st.multiselect(
        "Did what", options, format_func=choice, key=key, placeholder="Anything", select_all=False,
        on_change=lambda: go(query.looking(actions=tuple(st.session_state[key]))),
    )  # fmt: skip


def _reason(query: AuditQuery) -> None:
    key = "audit_reason"
    shows(key, query.text)
    st.text_input(
        "Reason", type="search", key=key, placeholder="In the reason", label_visibility="collapsed", width=220,
        max_chars=200, help=ABOUT_REASONS, on_change=lambda: go(query.looking(text=st.session_state[key].strip())),
    )  # fmt: skip
