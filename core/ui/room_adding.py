"""Adding people to a room."""

from collections.abc import Sequence
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.models import ConversationKind, History, MemberRole
from core.permissions import Actor
from core.services.room_views import Added, AddResult, RoomView
from core.ui import guard
from core.ui.dialogs import dialog, tried
from core.ui.people import choose_people
from core.ui.text import as_label

ADD_PEOPLE = "Add people"
ROUND = "adding_round"
RESULTS = "adding_results"
AS = {MemberRole.MEMBER: "Members", MemberRole.ADMIN: "Admins", MemberRole.OWNER: "Owners"}
NEWCOMERS = {
    History.ALL: "They will see everything that was said here.",
    History.JOINED: "They will see what is said from now on.",
}


def may_add(room: RoomView) -> bool:
    return not room.is_locked and (room.kind is ConversationKind.COMPANY or room.can_manage)


def forget() -> None:
    """What an earlier opening left behind."""
    st.session_state.pop(RESULTS, None)
    _begin_anew()


@dialog("Add people")
def add_people(actor: Actor, room: RoomView) -> None:
    actor = guard.again(actor)
    st.caption(NEWCOMERS[room.history])
    present = bootstrap.current().members.list_members(actor, room.id)
    with st.form("add_people", border=False):
        key = f"people_to_add_{st.session_state.get(ROUND, 0)}"
        people = choose_people(actor, "People", but={member.user_id for member in present}, key=key)
        role = st.radio("As", AS, format_func=AS.__getitem__, horizontal=True) if room.can_own else MemberRole.MEMBER
        is_asked = st.form_submit_button("Add", type="primary")
    if is_asked and not people:
        st.error("Choose somebody first.", icon=":material/error:")
    elif is_asked:
        _add(actor, room, [person.id for person in people], role)
    if results := st.session_state.pop(RESULTS, None):
        st.success(told(results), icon=":material/check:")
        st.caption("Add more, or close this.")


def _add(actor: Actor, room: RoomView, user_ids: Sequence[UUID], role: MemberRole) -> None:
    results: list[Added] = []

    def add() -> None:
        results.extend(bootstrap.current().members.add(actor, room.id, user_ids, role))

    if tried(add):
        st.session_state[RESULTS] = results
        _begin_anew()
        st.rerun(scope="fragment")


def _begin_anew() -> None:
    """The next draw asks with an empty list."""
    st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1


SAID = {
    AddResult.ADDED: ("{} added.", "{} added."),
    AddResult.THERE: ("{} was a member already.", "{} were members already."),
    AddResult.INACTIVE: (
        "{} can't sign in or chat, and was not added.",
        "{} can't sign in or chat, and were not added.",
    ),
    AddResult.UNKNOWN: ("{} is nobody of this company.", "{} are nobody of this company."),
}


def told(results: Sequence[Added]) -> str:
    """What became of each, like "Bo added. Cy was a member already."."""
    sentences = []
    for result, (one, several) in SAID.items():
        names = [as_label(added.name or "One of them", 40) for added in results if added.result is result]
        if names:
            listed = " and ".join([", ".join(names[:-1])] * bool(names[1:]) + names[-1:])
            sentences.append((several if names[1:] else one).format(listed))
    return " ".join(sentences)
