"""Choosing people of the company."""

from collections.abc import Collection, Mapping
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.permissions import Actor
from core.services.room_views import Colleague
from core.services.rooms import MAX_AT_ONCE
from core.ui import guard

PLACEHOLDER = "Type a name or an e-mail address"


def choose_somebody(actor: Actor, label: str) -> Colleague | None:
    return st.selectbox(
        label, _directory(actor), index=None, format_func=_named, filter_mode="contains", placeholder=PLACEHOLDER
    )


def choose_people(actor: Actor, label: str, *, but: Collection[UUID] = (), key: str | None = None) -> list[Colleague]:
    """Several, without those of `but`."""
    return st.multiselect(
        label,
        [person for person in _directory(actor) if person.id not in but],
        format_func=_named,
        key=key,
        placeholder=PLACEHOLDER,
        filter_mode="contains",
        max_selections=MAX_AT_ONCE,
        select_all=False,  # it would be the first choice: a few letters and Enter, and the whole company is added
    )


def assignees(actor: Actor, now: Mapping[UUID, str]) -> dict[UUID, str]:
    """Whom a task can be given to, oneself first. `now`: who has it, wherever they stand meanwhile."""
    people = bootstrap.current().people.directory(guard.again(actor))
    return {actor.user_id: "", **now, **{person.id: _named(person) for person in people}, actor.user_id: "Me"}


def _directory(actor: Actor) -> tuple[Colleague, ...]:
    people = bootstrap.current().people.directory(guard.again(actor))
    if not people:
        st.caption("Nobody else has an account here yet. An admin can add people.")
    return people


def _named(person: Colleague) -> str:
    """Told apart from others of the same name. Such lists set it as text, not as Markdown."""
    return f"{' '.join(person.display_name.split())} · {person.email}"
