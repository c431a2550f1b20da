"""The People page's table: a line for each person, to open one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Any

import streamlit as st
from pandas import DataFrame

from core import bootstrap
from core.permissions import Actor, Role
from core.services.people_looking import PAGE, PersonLine
from core.ui import times
from core.ui.controls import shows
from core.ui.narrowing import CLEAR
from core.ui.nothing import nothing
from core.ui.paging import paged, pages_of, show_more
from core.ui.people_address import PAGES, PeopleAddress, Shown, go, search
from core.ui.people_words import SHOWN, STATES, role_names

SEEN = "people_clicked"
"""What was clicked when the page was drawn last."""
TEXT = st.column_config.TextColumn
COLUMNS: dict[str, Any] = {
    "Name": TEXT(width=170),
    "E-mail": TEXT(width=210),
    "Roles": TEXT(width=150),
    "State": TEXT(width=95),
    "Last seen": st.column_config.DatetimeColumn(width=115, format="distance"),
    "Sign-ins": st.column_config.NumberColumn(width=75, format="localized", help="Browsers that are signed in"),
}
BESIDE: dict[str, Any] = {"Name": TEXT(width=150), "Roles": TEXT(width=110), "State": TEXT(width=95)}
"""What is left of a line beside somebody who is open."""


def people_filters(address: PeopleAddress) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        _search(address)
        _state(address)
        if address.shown is not Shown.INVITED:
            _role(address)


def _search(address: PeopleAddress) -> None:
    key = "people_search"
    shows(key, address.text)
    st.text_input(
        "Find somebody", key=key, placeholder="Name or e-mail", icon=":material/search:", width=200, max_chars=200,
        label_visibility="collapsed", disabled=address.shown is Shown.INVITED,
        on_change=lambda: search(address.listing(text=st.session_state[key].strip())),
    )  # fmt: skip


def _state(address: PeopleAddress) -> None:
    key = "people_state"
    shows(key, address.shown)
    st.segmented_control(
        "State", list(SHOWN), format_func=SHOWN.__getitem__, required=True, key=key, label_visibility="collapsed",
        wrap=True, on_change=lambda: search(address.listing(shown=st.session_state[key] or address.shown)),
    )  # fmt: skip


def _role(address: PeopleAddress) -> None:
    key = "people_role"
    shows(key, address.role)
    st.selectbox(
        "Role", list(Role), index=None, format_func=lambda role: role.value.capitalize(), key=key,
        placeholder="Any role", label_visibility="collapsed", width=135,
        on_change=lambda: search(address.listing(role=st.session_state[key])),
    )  # fmt: skip


def people_list(actor: Actor, address: PeopleAddress) -> None:
    look, wanted = bootstrap.current().people_looking.list_page, address.wanted
    sizes = pages_of(PAGES, PAGE)
    lines, has_more = paged(lambda limit, after: look(actor, wanted, after=after, limit=limit), sizes)
    if not lines:
        nothing("Nobody fits all of that.").button(
            "Show everybody",
            icon=CLEAR,
            key="people_all",
            on_click=search,
            args=(PeopleAddress(),),
        )
        return
    _table(address, lines)
    if has_more:
        show_more(PAGES, key="people_more")


def _table(address: PeopleAddress, lines: Sequence[PersonLine]) -> None:
    """A click opens the person of that line."""
    key = f"people_{len(lines)}_{replace(address, person_id=None).params()}"
    event = st.dataframe(
        frame_of(lines, times.zone()), key=key, hide_index=True, height="content" if len(lines) <= PAGE else 1_800,
        column_config=COLUMNS | (BESIDE if address.person_id else {}), placeholder="never", on_select="rerun",
        column_order=list(BESIDE) if address.person_id else None, selection_mode="single-cell", alt="People, by name",
    )  # fmt: skip
    clicked = (key, *(int(cell[0]) for cell in event.selection.cells))
    is_new = clicked != st.session_state.get(SEEN)
    st.session_state[SEEN] = clicked
    rows = [row for row in clicked[1:] if isinstance(row, int) and row < len(lines)]
    if is_new and rows and lines[rows[0]].id != address.person_id:
        go(replace(address, person_id=lines[rows[0]].id))
        st.rerun()


def frame_of(lines: Sequence[PersonLine], where: tzinfo) -> DataFrame:
    rows = [
        {
            "Name": " ".join(line.display_name.split()),
            "E-mail": line.email,
            "Roles": role_names(line.roles),
            "State": STATES[line.state],
            "Last seen": line.last_seen_at.astimezone(where) if line.last_seen_at else None,
            "Sign-ins": line.sessions,
        }
        for line in lines
    ]
    return DataFrame(rows, columns=list(COLUMNS))
