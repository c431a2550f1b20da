"""What narrows a list, in popovers above it: days, one of several, and nothing any more."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import streamlit as st

from core.ui.controls import shown
from core.ui.usage_filters import days_text

CLEAR = ":material/filter_alt_off:"
Days = tuple[date | None, date | None]
"""The first and the last; None: open at that end."""


def days(page: str, chosen: Days, choose: Callable[[date | None, date | None], None], years: range, about: str) -> None:
    """`page`: what the keys of its widgets begin with; `about`: what happened on those days, if that is to be said."""
    first, last = chosen

    def changed(name: str, key: str) -> None:
        day: date | None = st.session_state[key]
        start, end = (day, last) if name == "from" else (first, day)
        if start and end and end < start:  # a day behind the other end takes that along
            start = end = day
        choose(start, end)

    with st.popover(_days_label(chosen), icon=":material/date_range:"):
        if about:
            st.caption(about)
        for name, day in (("from", first), ("to", last)):
            key = shown(f"{page}_{name}", day)
            st.date_input(
                name.capitalize(), value=None, key=key, on_change=changed, args=(name, key),
                min_value=date(years.start, 1, 1), max_value=date(years.stop - 1, 12, 31),
            )  # fmt: skip
        if first or last:
            clear(page, "All days", lambda: choose(None, None))


def _days_label(chosen: Days) -> str:
    first, last = chosen
    if first and last:
        return days_text(first, last)
    if first:
        return f"From {days_text(first, first)}"
    return f"To {days_text(last, last)}" if last else "Dates"


def filters(count: int) -> Any:
    """The popover for the others; `count`: how many of them narrow the list."""
    return st.popover(f"Filters ({count})" if count else "Filters", icon=":material/tune:")


def one_of(page: str, label: str, options: Mapping[Any, str], chosen: Any, choose: Callable[[Any], None]) -> None:
    """One of these, or whichever."""
    key = shown(f"{page}_{label}", chosen)
    st.selectbox(
        label, list(options), index=None, format_func=lambda one: options.get(one, ""), key=key, placeholder="Any",
        on_change=lambda: choose(st.session_state[key]),
    )  # fmt: skip


def clear(page: str, label: str, act: Callable[[], None]) -> None:
    key = f"{page}_{label.lower().replace(' ', '_')}"
    st.button(label, icon=CLEAR, type="tertiary", key=key, on_click=act)
