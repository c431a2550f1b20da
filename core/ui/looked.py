"""Who read a private conversation under a grant, for those whose it is: on record, and there for as long as it is."""

from datetime import timedelta, tzinfo
from uuid import UUID

import streamlit as st

from core import bootstrap, clock
from core.amounts import counted
from core.errors import ParleyError
from core.permissions import Actor
from core.services.access_views import Looked, LookLine
from core.services.views import ConversationView
from core.ui import failures, times
from core.ui.dialogs import dialog
from core.ui.text import as_label

WHO_LOOKED = "Who looked"
NEWS = timedelta(days=7)
"""For so long after the last look the conversation itself says so."""
PLACE = "looked_after"
LONGEST_NAME, LONGEST_REASON = 60, 500
EXPLAINED = (
    "Moderators read what is private only for a reason that they give, and for a while. Every part that one of them "
    "opened is listed here."
)
NOBODY = "No moderator has looked into this conversation."


def looked_line(actor: Actor, conversation: ConversationView) -> None:
    """That somebody looked lately; nothing otherwise."""
    looked_at = conversation.looked_at
    if looked_at is None or clock.now() - looked_at > NEWS:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(
            f":material/visibility: A moderator read in this conversation, {times.ago(looked_at)}.", width="content"
        )
        who_looked_button(actor, conversation.id, key="header_looked")


def who_looked_button(actor: Actor, conversation_id: UUID, *, key: str) -> None:
    if st.button(WHO_LOOKED, type="tertiary", key=key):
        who_looked(actor, conversation_id)


@dialog(WHO_LOOKED)
def _shown(actor: Actor, conversation_id: UUID) -> None:
    st.caption(EXPLAINED)
    place: str | None = st.session_state.get(PLACE)
    try:
        page = bootstrap.current().access_reading.who_looked(actor, conversation_id, place)
    except ParleyError as error:
        failures.say(error)
        return
    if not page.lines:
        st.markdown(NOBODY)
    for one in page.lines:
        _looked(one, times.zone())
    with st.container(horizontal=True, horizontal_alignment="center"):
        if place:
            _step("To the newest", "first_page", None)
        if page.following:
            _step("Earlier ones", "chevron_right", page.following)


def who_looked(actor: Actor, conversation_id: UUID) -> None:
    """From the newest on."""
    st.session_state.pop(PLACE, None)
    _shown(actor, conversation_id)


def _step(label: str, icon: str, place: str | None) -> None:
    def go() -> None:
        st.session_state[PLACE] = place

    st.button(label, icon=f":material/{icon}:", type="tertiary", key=f"looked_{icon}", on_click=go)


def _looked(one: Looked, where: tzinfo) -> None:
    name = as_label(one.grant.moderator_name or "A moderator who has left", LONGEST_NAME)
    lines = "  \n".join(f":small[{_look(look, where)}]" for look in one.looks)
    earlier = "  \n:small[and earlier ones]" if one.has_more_looks else ""
    with st.container(border=True):
        st.markdown(f"**{name}**  \n“{as_label(one.grant.reason, LONGEST_REASON)}”  \n{lines}{earlier}")


def _look(look: LookLine, where: tzinfo) -> str:
    """Like "3 May 2026, 10:02 · 30 messages, of 1 May 2026, 09:00 to 2 May 2026, 18:12"."""
    if look.since is None or look.until is None:
        return f"{times.exact(look.at, where)} · nothing had been said yet"
    what = counted(look.messages, "message")
    version = " of an earlier version" if look.is_earlier_version else ""
    since, until = times.exact(look.since, where), times.exact(look.until, where)
    return f"{times.exact(look.at, where)} · {what}{version}, said {_from_to(since, until)}"


def _from_to(since: str, until: str) -> str:
    if since == until:
        return f"on {since}"
    day, _, time = until.rpartition(", ")
    return f"from {since} to {time if since.startswith(f'{day}, ') else until}"
