"""What is held, whatever the rules of retention say: for admins, with the reason of each."""

from collections.abc import Sequence
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.models import ConversationKind
from core.permissions import Actor
from core.services.retention_views import Holdable, HoldLine, WantedHold
from core.ui import guard, times
from core.ui.dialogs import dialog, tried
from core.ui.nothing import nothing
from core.ui.text import as_label

PERSON, ROOM, BY_ID = "Person", "Company room", "Conversation"
PRIVATE = {
    ConversationKind.ASSISTANT: "A chat with the assistant",
    ConversationKind.DIRECT: "A direct chat",
    ConversationKind.GROUP: "A group",
    ConversationKind.COMPANY: "A company room",
}
EXPLAINED = (
    "While a hold is in force, no rule removes anything from what is held: of a person, every conversation that they "
    "own, or are or were a member of. It acts from the moment it is placed, also in a run that is under way."
)


def legal_holds(actor: Actor, holds: Sequence[HoldLine]) -> None:
    st.header("Legal holds", anchor=False)
    st.caption(EXPLAINED)
    if not holds:
        nothing("Nothing is held.")
    for hold in holds:
        _hold(actor, hold)
    if st.button("Place a hold", icon=":material/gavel:", key="hold_add"):
        _place(actor)


def _hold(actor: Actor, hold: HoldLine) -> None:
    with (
        st.container(border=True),
        st.container(horizontal=True, vertical_alignment="center", wrap=False),
    ):
        who = as_label(hold.placed_by or "somebody who is gone", 40)
        since = times.exact(hold.created_at, times.zone())
        icon = ":material/person:" if hold.user_id else ":material/forum:"
        said = f"{icon} **{_name(hold)}**  \n{as_label(hold.reason, 500)}  \n:small[Since {since}, placed by {who}.]"
        st.markdown(said, width="stretch")
        name = f"Release the hold: {_name(hold)}"
        if st.button("Release", type="tertiary", key=f"hold_release_{hold.id}", help=name):
            _release(actor, hold)


def _name(hold: HoldLine) -> str:
    if hold.name:
        return as_label(hold.name, 60)
    if hold.user_id:
        return "Somebody who is gone"
    kind = PRIVATE[hold.kind] if hold.kind else "A conversation that is gone"
    return f"{kind}, {hold.conversation_id}"


@dialog("Place a hold")
def _place(actor: Actor) -> None:
    service = bootstrap.current().retention
    what = st.segmented_control("On", [PERSON, ROOM, BY_ID], default=PERSON, required=True, key="hold_on")
    user_id, conversation = _subject(service.holdable(actor), what)
    reason = st.text_area("Reason", help="Kept in the audit trail.", height=100, key="hold_reason")
    if st.button("Place it", type="primary", key="hold_save") and tried(
        lambda: service.place_hold(guard.again(actor), WantedHold(reason, user_id=user_id, conversation=conversation))
    ):
        st.rerun()


def _subject(choices: Holdable, what: str) -> tuple[UUID | None, str | None]:
    people, rooms = dict(choices.people), dict(choices.rooms)
    if what == PERSON:
        return st.selectbox("Person", list(people), format_func=people.__getitem__, index=None, key="hold_person"), None
    if what == ROOM:
        room_id = st.selectbox("Room", list(rooms), format_func=rooms.__getitem__, index=None, key="hold_room")
        return None, str(room_id) if room_id else None
    typed = st.text_input(
        "Its id",
        placeholder="018f0000-0000-7000-8000-000000000000",
        help="It stands in the address of the conversation, behind c=. Neither its title nor its text is shown here.",
        key="hold_conversation",
    )
    return None, typed


@dialog("Release a hold")
def _release(actor: Actor, hold: HoldLine) -> None:
    st.markdown(
        f"**{_name(hold)}**: what is older than the rules say goes at the next run, unless it is held otherwise."
    )
    reason = st.text_input("Reason", help="Kept in the audit trail.", key=f"hold_why_{hold.id}")
    service = bootstrap.current().retention
    if st.button("Release it", type="primary", key="hold_end") and tried(
        lambda: service.release_hold(guard.again(actor), hold.id, reason)
    ):
        st.rerun()
