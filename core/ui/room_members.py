"""Who is in a room, as its members see them and its owners and admins keep them."""

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from core import bootstrap
from core.amounts import counted
from core.errors import ParleyError
from core.models import ConversationKind, MemberRole
from core.permissions import Actor
from core.services.room_views import MemberLine, RoomView
from core.ui import failures, guard, refusals, times
from core.ui.dialogs import OPEN, dialog, tried
from core.ui.paging import paged, pages_of, show_more
from core.ui.room_adding import ADD_PEOPLE, may_add
from core.ui.text import as_label

MEMBERS = "Members"
PAGE = 30
REMOVE = "Remove"
REFUSED = "members_refused"
REMOVING = "member_to_remove"
PAGES = "members_pages"
ROLES = {MemberRole.OWNER: "Owner", MemberRole.ADMIN: "Admin", MemberRole.MEMBER: "Member"}
WHAT_ROLES_DO = (
    "Members read and write. Admins also add and remove members, name the room and instruct its assistant. "
    "Owners also choose admins and owners, archive and delete."
)


def forget() -> None:
    """What an earlier opening left behind."""
    for key in (REFUSED, REMOVING, PAGES):
        st.session_state.pop(key, None)


@dialog("Members")
def members(actor: Actor, room: RoomView) -> None:
    actor = guard.again(actor)
    room = bootstrap.current().rooms.get(actor, room.id)
    if refused := st.session_state.pop(REFUSED, None):
        st.error(refused, icon=":material/error:")
    if removing := st.session_state.get(REMOVING):
        _confirm_removal(actor, room, removing)
        return
    _summary(room)
    is_direct = room.kind is ConversationKind.DIRECT
    with_former = not is_direct and st.toggle("Former members too", key=f"former_{room.id}")

    def load(limit: int, after: Any) -> list[MemberLine]:
        service = bootstrap.current().members
        return service.list_members(actor, room.id, with_former=with_former, limit=limit, after=after)

    lines, has_more = paged(load, pages_of(PAGES, PAGE))
    for line in lines:
        _member(actor, room, line)
    if has_more:
        show_more(PAGES, key="more_members")


def _summary(room: RoomView) -> None:
    if room.kind is ConversationKind.DIRECT:
        st.caption("A direct chat stays between its two people.")
        return
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(members_count(room), help=WHAT_ROLES_DO, width="content")
        if may_add(room) and st.button(ADD_PEOPLE, icon=":material/person_add:"):
            st.session_state[OPEN] = ADD_PEOPLE
            st.rerun()


def members_count(room: RoomView) -> str:
    return counted(room.member_count, "member")


def _member(actor: Actor, room: RoomView, member: MemberLine) -> None:
    key = f"member_{member.user_id}"
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        you = " (you)" if member.user_id == actor.user_id else ""
        st.markdown(f"**{as_label(member.display_name)}**{you}  \n:small[{_since(member)}]", width="stretch")
        options = _options(actor, room, member)
        if options:
            label = ROLES[member.role]
            chosen: Callable[[], None] = partial(_change, actor, room, member, key)
            st.menu_button(
                label,
                options,
                type="tertiary",
                key=key,
                on_click=chosen,
                help=f"{as_label(member.display_name)}: {label}",
            )
        elif member.left_at is None:
            st.caption(ROLES[member.role], width="content")


def _since(member: MemberLine) -> str:
    where = times.zone()
    parts = [f"since {times.day(member.joined_at, where)}"]
    if member.added_by_name:
        parts.append(f"added by {as_label(member.added_by_name, 40)}")
    if member.left_at:
        parts = [f"was here until {times.day(member.left_at, where)}"]
    if not member.is_active:
        parts.append("can't sign in any more")
    return " · ".join(parts)


def _options(actor: Actor, room: RoomView, member: MemberLine) -> list[str]:
    """What the reader may do with a member; the service has the last word."""
    if member.left_at is not None or not room.can_manage:
        return []
    roles = [f"Make {ROLES[role].lower()}" for role in ROLES if room.can_own and role is not member.role]
    is_other = member.user_id != actor.user_id
    may_remove = is_other and (room.can_own or member.role is MemberRole.MEMBER)
    return [*roles, *([REMOVE] if may_remove else [])]


def _change(actor: Actor, room: RoomView, member: MemberLine, key: str) -> None:
    choice = st.session_state[key]
    if choice == REMOVE:
        st.session_state[REMOVING] = member
        return
    role = next((role for role, name in ROLES.items() if choice == f"Make {name.lower()}"), None)
    if role is None:
        return
    try:
        bootstrap.current().members.change_role(guard.again(actor), room.id, member.user_id, role)
    except ParleyError as error:
        refusals.note(error)
        st.session_state[REFUSED] = failures.sentence_of(error)


def _confirm_removal(actor: Actor, room: RoomView, member: MemberLine) -> None:
    name = as_label(member.display_name)
    again = " They can join again." if room.kind is ConversationKind.COMPANY else ""
    st.markdown(f"Remove **{name}** from **{as_label(room.title)}**?")
    st.caption(f"They can't read anything here any more, not even what they wrote, which stays for the others.{again}")
    with st.container(horizontal=True):
        if st.button("Remove", type="primary", key="confirm_removal") and tried(
            lambda: bootstrap.current().members.remove(guard.again(actor), room.id, member.user_id)
        ):
            _keep()
            st.rerun(scope="fragment")
        st.button("Keep", key="keep_member", on_click=_keep)


def _keep() -> None:
    st.session_state.pop(REMOVING, None)
