"""Access to private conversations: one's own that is in force, a way to ask for it, and what everybody took."""

from dataclasses import replace
from datetime import tzinfo
from typing import Any

import streamlit as st
from pandas import DataFrame

from core import bootstrap, clock
from core.errors import Invalid
from core.permissions import Actor
from core.services.access_views import GrantLine, GrantPage
from core.ui import failures, guard, times
from core.ui.access_address import AccessAddress, AccessReader, go
from core.ui.access_asking import ask
from core.ui.access_transcript import access_transcript
from core.ui.access_words import left, moment, whose, whose_label
from core.ui.controls import left_out
from core.ui.nothing import ENDED, nothing
from core.ui.text import as_label

EXPLAINED = (
    "Company rooms are open to moderators. Of direct chats, groups and chats with the assistant you see what was "
    "reported and a few lines around it; to read more, ask for access with a reason. The people of the conversation "
    "see who looked, when and why."
)
TEXT = st.column_config.TextColumn
MOMENT = st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm", width=130)
COLUMNS: dict[str, Any] = {
    "From": MOMENT,
    "To": MOMENT,
    "Moderator": TEXT(width=110),
    "Conversation": TEXT(width=195),
    "Reason": TEXT(width=195),
    "Looks": st.column_config.NumberColumn(width=60, help="Pages that were read"),
}


def grants_tab(actor: Actor) -> None:
    reader = AccessReader({name: st.query_params.get_all(name) for name in st.query_params})
    address = reader.read()
    if address.grant_id:
        access_transcript(actor, address)
        return
    st.caption(EXPLAINED)
    _mine(actor, bootstrap.current().access_grants.mine(actor), address)
    page, complaints = _page(actor, address, reader.complaints)
    left_out(complaints)
    _everybodys(page, address, times.zone())


def _mine(actor: Actor, lines: tuple[GrantLine, ...], address: AccessAddress) -> None:
    st.header("Yours", anchor=False)
    if not lines:
        nothing("You have no access to a private conversation at the moment.")
    for line in lines:
        _own(actor, line, address)
    if st.button("Ask for access", icon=":material/visibility:", key="access_ask"):
        ask(actor)


def _own(actor: Actor, line: GrantLine, address: AccessAddress) -> None:
    with st.container(border=True), st.container(horizontal=True, vertical_alignment="center"):
        until = f":small[Until {moment(line.until)}, {left(line)}]"
        st.markdown(f"**{whose_label(line)}**  \n{as_label(line.reason, 500)}  \n{until}", width="stretch")
        with st.container(horizontal=True, width="content"):
            st.button("Read", key=f"access_read_{line.id}", on_click=go, args=(address.opening(line.id),))
            st.button("End", type="tertiary", key=f"access_end_{line.id}", on_click=_end, args=(actor, line))


def _end(actor: Actor, line: GrantLine) -> None:
    with failures.noticed():
        bootstrap.current().access_grants.end(guard.again(actor), line.id)


def _page(actor: Actor, address: AccessAddress, complaints: list[str]) -> tuple[GrantPage, list[str]]:
    """What the address names; the beginning where there is no such place."""
    look = bootstrap.current().access_grants.list_page
    try:
        return look(actor, address.older), complaints
    except Invalid as error:
        return look(actor), [*complaints, str(error)]


def _everybodys(page: GrantPage, address: AccessAddress, where: tzinfo) -> None:
    st.header("All moderators", anchor=False)
    if page.lines:
        st.dataframe(
            frame_of(page.lines, where), hide_index=True, height="content", column_config=COLUMNS,
            alt="Access that moderators had, the newest first",
        )  # fmt: skip
    else:
        nothing(ENDED if address.older else "Nobody has asked for access yet.")
    with st.container(horizontal=True, horizontal_alignment="center"):
        if address.older:
            _step("To the newest", "first_page", replace(address, older=None))
        if page.following:
            _step("Older", "chevron_right", replace(address, older=page.following))


def _step(label: str, icon: str, address: AccessAddress) -> None:
    key = f"access_{icon}"
    st.button(label, icon=f":material/{icon}:", type="tertiary", key=key, on_click=go, args=(address,))


def frame_of(lines: tuple[GrantLine, ...], where: tzinfo) -> DataFrame:
    rows = [
        {
            "From": line.created_at.astimezone(where),
            "To": line.until.astimezone(where),
            "Moderator": " ".join((line.moderator_name or "Somebody who has left").split()),
            "Conversation": whose(line) + (" · in force" if line.is_in_force(clock.now()) else ""),
            "Reason": line.reason,
            "Looks": line.looks,
        }
        for line in lines
    ]
    return DataFrame(rows, columns=list(COLUMNS))
