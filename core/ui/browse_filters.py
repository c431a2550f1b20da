"""Above the browse page's list: the search field, and what the list is narrowed to."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import streamlit as st

from core import bootstrap
from core.models import ConversationKind
from core.services.browse_views import Filters, Owner, Sort, State
from core.services.search_views import Order
from core.ui.browse_address import YEARS, Address, Reader, go
from core.ui.controls import shown, shows

SEARCH = "browse_search"
PLACEHOLDER = "Search everything you may read"
HELP = """
Words are found in every form: *deliver* finds *delivered*. Put a line of words together in any order.

| write | to find |
| --- | --- |
| `"three words"` | these words, next to each other |
| `-word` | what does not have it |
| `deliv*` | whatever begins like that |
| `from:ada` `role:assistant` | who said it |
| `in:fair` `model:small` | in which conversation, by which model |
| `before:2026-05-01` `after:2026-04-01` | when |
| `has:task` `has:reaction` | what belongs to it |
| `is:edited` `is:reported` | what became of it |
"""
KINDS = {
    ConversationKind.ASSISTANT: "Assistant",
    ConversationKind.DIRECT: "Direct",
    ConversationKind.GROUP: "Groups",
    ConversationKind.COMPANY: "Company",
}
STATES = {State.ACTIVE: "Active", State.ARCHIVED: "Archived", State.DELETED: "Deleted"}
SORTS = {Sort.RECENT: "Latest first", Sort.SIZE: "Longest first", Sort.COST: "Dearest first"}
ORDERS = {Order.BEST: "Best match", Order.NEWEST: "Newest"}


def search_field(address: Address) -> None:
    def changed() -> None:
        go(address.listing(query=(st.session_state[SEARCH] or "").strip()))

    shows(SEARCH, address.query)
    st.text_input("Search", type="search", key=SEARCH, help=HELP, placeholder=PLACEHOLDER, on_change=changed)


def order_switch(address: Address) -> None:
    _switch("Order", ORDERS, address.order, "browse_order", lambda order: go(address.listing(order=order)))


def filter_row(address: Address, owners: tuple[Owner, ...]) -> None:
    filters = address.filters

    def filtered(**changes: Any) -> None:
        go(address.listing(filters=replace(filters, **changes)))

    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        _kinds(filters, filtered)
        _switch("State", STATES, filters.state, "browse_state", lambda state: filtered(state=state))
        _sorting(address)
        _more(filters, owners, filtered)


def checked(reader: Reader, address: Address, owners: tuple[Owner, ...]) -> Address:
    """Without what is nothing to choose from here."""
    filters = address.filters
    if filters.owner_id and filters.owner_id not in {owner.id for owner in owners}:
        reader.complain("owner")
        filters = replace(filters, owner_id=None)
    if filters.model and filters.model not in bootstrap.current().assistant.models:
        reader.complain("model")
        filters = replace(filters, model=None)
    return replace(address, filters=filters)


def _kinds(filters: Filters, filtered: Callable[..., None]) -> None:
    key = "browse_kinds"
    is_all = len(filters.kinds) == len(ConversationKind)

    def changed() -> None:
        filtered(kinds=frozenset(st.session_state[key] or ConversationKind))

    shows(key, [] if is_all else [kind for kind in KINDS if kind in filters.kinds])
    st.pills(
        "Kind", list(KINDS), selection_mode="multi", format_func=KINDS.__getitem__, key=key,
        on_change=changed, label_visibility="collapsed",
    )  # fmt: skip


def _sorting(address: Address) -> None:
    key = "browse_sort"
    shows(key, address.sort)
    st.selectbox(
        "Sort", list(SORTS), format_func=SORTS.__getitem__, key=key, label_visibility="collapsed", width=145,
        on_change=lambda: go(address.listing(sort=st.session_state[key])),
    )  # fmt: skip


def _switch(label: str, options: dict[Any, str], value: Any, key: str, choose: Callable[[Any], None]) -> None:
    shows(key, value)
    st.segmented_control(
        label, list(options), required=True, format_func=options.__getitem__, key=key, label_visibility="collapsed",
        on_change=lambda: choose(st.session_state[key] or value),
    )  # fmt: skip


def _more(filters: Filters, owners: tuple[Owner, ...], filtered: Callable[..., None]) -> None:
    chosen = [filters.model, filters.owner_id, filters.since, filters.until]
    count = sum(one is not None for one in chosen)
    with st.popover(f"More ({count})" if count else "More", icon=":material/tune:", help="More filters"):
        models = {name: name for name in bootstrap.current().assistant.models}
        _optional("Model", models, filters.model, lambda model: filtered(model=model))
        if owners:
            names = {owner.id: f"{owner.name} · {owner.email}" for owner in owners}
            _optional("Owner of the room", names, filters.owner_id, lambda owner: filtered(owner_id=owner))
        _day("Last activity from", filters.since, lambda day: filtered(since=day))
        _day("Last activity to", filters.until, lambda day: filtered(until=day))
        if count:
            st.button(
                "Clear these", icon=":material/filter_alt_off:", type="tertiary", key="browse_clear",
                on_click=lambda: filtered(model=None, owner_id=None, since=None, until=None),
            )  # fmt: skip


def _optional(label: str, options: dict[Any, str], value: Any, choose: Callable[[Any], None]) -> None:
    """One of these, or whichever."""
    key = shown(f"browse_{label}", value)
    st.selectbox(
        label, list(options), index=None, format_func=lambda one: options.get(one, ""), key=key, placeholder="Any",
        on_change=lambda: choose(st.session_state[key]),
    )  # fmt: skip


def _day(label: str, value: date | None, choose: Callable[[date | None], None]) -> None:
    key = shown(f"browse_{label}", value)
    st.date_input(
        label, value=None, key=key, min_value=date(YEARS.start, 1, 1), max_value=date(YEARS.stop - 1, 12, 31),
        on_change=lambda: choose(st.session_state[key]),
    )  # fmt: skip
