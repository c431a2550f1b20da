"""Above the usage page: which days, in which time zone, whose, and what it is narrowed to."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from core.analytics.periods import EARLIEST, LATEST, Period, Preset
from core.permissions import Actor, Permission
from core.services.addresses import zones
from core.services.usage_query import Query, Reader
from core.services.usage_views import Choices
from core.ui import times
from core.ui.controls import distinct, shown, shows
from core.ui.usage_words import PURPOSES

COMPANY, MINE = "Company", "Mine"


def go(query: Query) -> None:
    """Has the page show that from the next draw on."""
    st.query_params.from_dict(query.params())


def browser_zone() -> ZoneInfo:
    zone = times.zone()
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo("UTC")


def checked(actor: Actor, reader: Reader, query: Query, choices: Choices) -> Query:
    """Without what is nothing to choose from here."""
    known: dict[str, tuple[str, set[Any]]] = {
        "model": ("models", set(choices.models)),
        "person": ("user_ids", {user_id for user_id, _ in choices.people}),
        "room": ("room_ids", {room_id for room_id, _ in choices.rooms}),
    }
    changes: dict[str, Any] = {}
    for name, (field, allowed) in known.items():
        given = getattr(query, field)
        kept = tuple(value for value in given if value in allowed)
        if len(kept) < len(given):
            reader.complain(name)
            changes[field] = kept
    if not actor.may(Permission.USAGE_OVERSEE):
        changes["is_mine"] = False  # nothing else is shown to them
    elif query.is_mine and query.user_ids:
        changes["user_ids"] = ()
    fields = {name: getattr(query, name) for name in Query.__slots__} | changes
    return Query(**fields)


def whose_switch(actor: Actor, query: Query) -> None:
    """Between the company's and one's own; not there for who has no choice."""
    if not actor.may(Permission.USAGE_OVERSEE):
        return
    key, whose = "usage_whose", MINE if query.is_mine else COMPANY
    shows(key, whose)

    def changed() -> None:
        is_mine = (st.session_state[key] or whose) == MINE
        go(query.looking(is_mine=is_mine, user_ids=() if is_mine else query.user_ids))

    st.segmented_control(
        "Whose usage", [COMPANY, MINE], required=True, key=key, label_visibility="collapsed", on_change=changed
    )


def filter_row(actor: Actor, query: Query, period: Period, choices: Choices) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        _presets(query)
        _dates(query, period)
        _narrowed(actor, query, choices)
        _zone(query, period)


def _presets(query: Query) -> None:
    key = "usage_period"
    shows(key, None if query.first else query.preset)

    def changed() -> None:
        if st.session_state[key]:
            go(query.looking(preset=st.session_state[key], first=None, last=None))

    st.segmented_control(
        "Period", list(Preset), format_func=lambda preset: preset.label, key=key, label_visibility="collapsed",
        on_change=changed, required=query.first is None, wrap=True,
    )  # fmt: skip


def _dates(query: Query, period: Period) -> None:
    label = "Dates"
    if query.first:
        label = days_text(period.first, period.last)

    def changed(key: str, shown_as: str) -> None:
        day: date | None = st.session_state[shown_as]
        if day is None:
            return
        # A day behind the other end takes that along.
        first, last = (day, max(day, period.last)) if key == "usage_from" else (min(day, period.first), day)
        go(query.looking(first=first, last=last))

    with st.popover(label, icon=":material/date_range:"):
        for name, key, day in (("From", "usage_from", period.first), ("To", "usage_to", period.last)):
            shown_as = shown(key, day)
            st.date_input(
                name, value=None, key=shown_as, min_value=EARLIEST, max_value=LATEST, on_change=changed,
                args=(key, shown_as),
            )  # fmt: skip


def _narrowed(actor: Actor, query: Query, choices: Choices) -> None:
    count = sum(map(len, (query.models, query.purposes, query.user_ids, query.room_ids)))

    def several(label: str, field: str, options: dict[Any, str]) -> None:
        def choose(values: Sequence[Any]) -> None:
            go(query.looking(**{field: tuple(values)}))

        _several(label, options, getattr(query, field), choose)

    with st.popover(f"Filters ({count})" if count else "Filters", icon=":material/tune:"):
        several("Model", "models", {name: name for name in choices.models})
        several("Purpose", "purposes", {purpose.value: name for purpose, name in PURPOSES.items()})
        if choices.people and not query.is_mine:
            several("Person", "user_ids", dict(choices.people))
        if choices.rooms:
            several("Room", "room_ids", dict(choices.rooms))
        if count:
            st.button(
                "Clear these", icon=":material/filter_alt_off:", type="tertiary", key="usage_clear",
                on_click=go, args=(query.looking(models=(), purposes=(), user_ids=(), room_ids=()),),
            )  # fmt: skip


def _several(
    label: str, options: dict[Any, str], values: Sequence[Any], choose: Callable[[Sequence[Any]], None]
) -> None:
    key = shown(f"usage_{label}", list(values))
    st.multiselect(
        label, list(options), format_func=distinct(options).__getitem__, key=key, placeholder="All",
        on_change=lambda: choose(st.session_state[key]),
    )  # fmt: skip


def _zone(query: Query, period: Period) -> None:
    key = shown("usage_zone", period.zone.key)

    def changed() -> None:
        chosen = st.session_state[key]
        go(query.looking(zone=None if chosen == browser_zone().key else ZoneInfo(chosen)))

    with st.popover(period.zone.key.replace("_", " "), icon=":material/schedule:", help="Time zone"):
        st.selectbox("Time zone", list(zones()), key=key, on_change=changed)
        st.caption("Days begin at its midnight, and times are shown in it. The browser's own to begin with.")


def days_text(first: date, last: date) -> str:
    if first == last:
        return f"{first:%-d %b %Y}"
    begins = f"{first:%-d %b}" if first.year == last.year else f"{first:%-d %b %Y}"
    return f"{begins} – {last:%-d %b %Y}"
