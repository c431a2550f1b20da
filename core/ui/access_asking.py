"""Asking for access to a private conversation: why, and for how long."""

from collections.abc import Callable
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.models import MAX_REASON
from core.permissions import Actor
from core.services.access_grants import DURATIONS, USUAL
from core.services.access_views import GrantLine
from core.services.moderation_views import CaseView
from core.ui import guard, links
from core.ui.access_address import AccessAddress, go
from core.ui.access_words import whose_label
from core.ui.dialogs import dialog, tried

EXPLAINED = (
    "The people of this conversation are told that you read it, with your name and your reason. Every page that you "
    "open is recorded, for them and in the audit. Access ends by itself."
)
NAMES = {15: "15 min", 30: "30 min", 60: "1 hour", 240: "4 hours"}
Take = Callable[[Actor, str, int], UUID]


def see_more(actor: Actor, view: CaseView) -> None:
    """From a case into its conversation: to where access is in force, or by asking for it."""
    line = view.line
    held = bootstrap.current().access_grants.in_force_for(actor, line.conversation_id)
    if held:
        st.page_link(
            links.MODERATION.page(),
            label="Read on in this conversation",
            icon=":material/visibility:",
            help="",
            query_params=AccessAddress().opening(held.id, view.seq).params(),
        )
    elif st.button("See more of this conversation", icon=":material/visibility:", type="tertiary", key="case_see_more"):
        _ask_for_case(actor, line.id, view.seq)


@dialog("See more of this conversation?")
def _ask_for_case(actor: Actor, case_id: UUID, seq: int | None) -> None:
    grants = bootstrap.current().access_grants
    _form(
        lambda now, reason, minutes: grants.take_for_case(now, case_id, reason, minutes),
        actor,
        AccessAddress(message=seq),
    )


@dialog("Ask for access")
def ask(actor: Actor) -> None:
    address = st.text_input(
        "Address of the conversation",
        placeholder="https://…/chat?c=018f0000-0000-7000-8000-000000000000",
        help="Somebody who is in it can copy it from their browser. Its id alone will do.",
        key="access_of",
    )
    grants = bootstrap.current().access_grants
    _form(lambda now, reason, minutes: grants.take(now, address, reason, minutes), actor, AccessAddress())


@dialog("Ask for more time")
def ask_again(actor: Actor, line: GrantLine, address: AccessAddress) -> None:
    """The place in the conversation stays."""
    st.markdown(f"**{whose_label(line)}**")
    grants = bootstrap.current().access_grants
    _form(lambda now, reason, minutes: grants.extend(now, line.id, reason, minutes), actor, address, line.reason)


def _form(take: Take, actor: Actor, address: AccessAddress, reason: str = "") -> None:
    st.caption(EXPLAINED)
    taken: list[UUID] = []
    with st.form("access", border=False):
        why = st.text_area("Reason", reason, max_chars=MAX_REASON, height=90, placeholder="What you need to find out")
        minutes = st.segmented_control(
            "For how long", DURATIONS, default=USUAL, required=True, format_func=NAMES.__getitem__, wrap=True
        )
        if st.form_submit_button("Read it", type="primary") and tried(
            lambda: taken.append(take(guard.again(actor), why, minutes))
        ):
            place = address.message, address.before, address.after
            go(AccessAddress(taken[0], *place))
            st.rerun()
