"""A private conversation as it is read under a grant: read only, with how long that still goes on."""

from dataclasses import replace
from urllib.parse import urlencode

import streamlit as st

from core import bootstrap, clock
from core.amounts import counted
from core.errors import AccessOver, NotFound
from core.permissions import Actor
from core.services.access_views import GrantLine
from core.services.browse_views import BrowsedTranscript
from core.ui import failures, guard
from core.ui.access_address import AccessAddress, go
from core.ui.access_asking import ask_again
from core.ui.access_words import left, moment, over, whose_label
from core.ui.browse_hits import KIND_ICONS
from core.ui.browse_list import NEW_CHAT
from core.ui.browse_transcript import LONGEST_TITLE, STYLE, messages
from core.ui.into_view import into_view
from core.ui.parts import fragment
from core.ui.text import as_label

GONE = "This access isn't here. It may be somebody else's, or the address is wrong."
WIDTH = 760
TOLD = "access_told"
"""Of which grant it was said that it is over."""
SLACK = 1.0
"""Seconds after which it surely is over."""


def access_transcript(actor: Actor, address: AccessAddress) -> None:
    assert address.grant_id
    app = bootstrap.current()
    st.html(STYLE)
    with st.container(width=WIDTH, key="panel"):
        try:
            read = app.access_reading.read(
                actor, address.grant_id, around=address.message, before=address.before, after=address.after
            )
        except AccessOver:
            _is_over(actor, address, app.access_grants.get(actor, address.grant_id))
        except NotFound as error:
            is_other = str(error) == NotFound.sentence
            st.info(GONE if is_other else failures.sentence_of(error), icon=":material/search_off:")
            _close(address)
        else:
            _header(actor, address, read.grant, read.transcript)
            with st.container(key="panel_body"):
                _body(address, read.transcript)


def _is_over(actor: Actor, address: AccessAddress, line: GrantLine) -> None:
    st.markdown(f"**{whose_label(line)}**")
    st.info(f"{over(line)} To read on, ask again.", icon=":material/timer_off:")
    with st.container(horizontal=True):
        if st.button("Ask again", icon=":material/visibility:", type="primary", key="access_again"):
            ask_again(actor, line, address)
        _close(address)


def _header(actor: Actor, address: AccessAddress, line: GrantLine, shown: BrowsedTranscript) -> None:
    conversation = shown.conversation
    if address.message is None:
        into_view(urlencode(address.params()), key="access_opened")
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        title = as_label(conversation.title, LONGEST_TITLE) or NEW_CHAT
        st.markdown(f"{KIND_ICONS[line.kind]} **{title}**", width="stretch")
        _close(address)
    about = [whose_label(line), counted(conversation.messages, "message")]
    st.caption(" · ".join(about))
    # Once, when it will be over: until then nothing on this part of the page changes.
    seconds = (line.until - clock.now()).total_seconds() + SLACK
    fragment(_time_left, run_every=max(seconds, SLACK), key="access_left")(actor, address, line)
    if conversation.is_deleted:
        st.info(
            "Its owner deleted this conversation, so nobody else sees it. It is kept until retention removes it.",
            icon=":material/delete:",
        )
    if shown.is_earlier_version:
        st.info("An earlier version: this is not what the conversation shows now.", icon=":material/history:")


def _time_left(actor: Actor, address: AccessAddress, line: GrantLine) -> None:
    """To be a fragment, so that the page behind it stays when time is up."""
    is_over = not line.is_in_force(clock.now())
    if is_over:
        stays = "What you see stays until you go on; to read more, ask again."
        st.warning(f"{over(line)} {stays}", icon=":material/timer_off:")
        if st.session_state.get(TOLD) != line.id:  # however far down they are reading
            st.session_state[TOLD] = line.id
            st.toast(over(line), icon=":material/timer_off:")
    else:
        st.caption(f":material/timer: Until {moment(line.until)}, {left(line)} · “{as_label(line.reason, 500)}”")
    with st.container(horizontal=True, gap="small"):
        label = "Ask again" if is_over else "More time"
        if st.button(label, icon=":material/more_time:", type="tertiary", key="access_more"):
            ask_again(actor, line, address)
        done = not is_over and st.button("I'm done", icon=":material/done:", type="tertiary", key="access_done")
    if done:
        _done(actor, address)
        st.rerun()  # the whole page: it shows something else now


def _done(actor: Actor, address: AccessAddress) -> None:
    assert address.grant_id
    with failures.noticed():
        bootstrap.current().access_grants.end(guard.again(actor), address.grant_id)
    go(address.opening(None))


def _close(address: AccessAddress) -> None:
    st.button(
        "Close", icon=":material/close:", type="tertiary", key="access_close", on_click=go,
        args=(address.opening(None),),
    )  # fmt: skip


def _body(address: AccessAddress, shown: BrowsedTranscript) -> None:
    if shown.has_earlier:
        _on("Earlier messages", "expand_less", replace(address, before=shown.messages[0].seq, after=None))
    messages(shown, urlencode(address.params()))
    if shown.has_later:
        _on("Later messages", "expand_more", replace(address, after=shown.messages[-1].seq, before=None))


def _on(label: str, icon: str, address: AccessAddress) -> None:
    key = f"access_{label.lower().replace(' ', '_')}"
    st.button(label, icon=f":material/{icon}:", type="tertiary", key=key, on_click=go, args=(address,))
