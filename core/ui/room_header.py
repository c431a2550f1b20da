"""The top of a room: its name, who is in it, who is here, and what can be done with it as a whole."""

from collections.abc import Callable

import streamlit as st

from core import bootstrap
from core.models import ConversationKind
from core.permissions import Actor, Permission
from core.services.room_views import RoomView
from core.services.views import ConversationView, Transcript
from core.ui import dialogs, exporting, failures, guard, room_adding, room_dialogs, room_members
from core.ui.chat_header import forget_undo
from core.ui.live import here_label
from core.ui.looked import WHO_LOOKED, looked_line, who_looked
from core.ui.room_adding import ADD_PEOPLE, may_add
from core.ui.room_locking import lock_room, named, unlock_room
from core.ui.room_members import MEMBERS, members_count
from core.ui.room_usage import SPEND, spend
from core.ui.text import as_label

ICONS = {
    ConversationKind.DIRECT: ":material/person:",
    ConversationKind.GROUP: ":material/group:",
    ConversationKind.COMPANY: ":material/domain:",
}
RENAME, INSTRUCTIONS, HISTORY = "Rename", "Instructions", "What newcomers see"
MUTE, UNMUTE, LEAVE, ARCHIVE, UNARCHIVE, DELETE = "Mute", "Unmute", "Leave", "Archive", "Bring back", "Delete"
LOCK, UNLOCK = "Lock this room", "Unlock this room"
MENU = "room_menu"


def room_header(actor: Actor, shown: Transcript) -> None:
    conversation, room = shown.conversation, shown.conversation.room
    assert room
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
        _title(room)
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
            here_label()
            st.button(_people(room), type="tertiary", key="room_people", help=MEMBERS, on_click=_ask, args=(MEMBERS,))
            st.menu_button(
                "More",
                [*_options(room, is_archived=conversation.is_archived), *_for_moderators(actor, room)],
                type="tertiary",
                key=MENU,
                on_click=lambda: _act(actor, room, st.session_state[MENU]),
            )
    if conversation.is_archived:
        st.info("This room is archived: nobody can write here. An owner can bring it back.", icon=":material/archive:")
    looked_line(actor, conversation)
    _open_dialog(actor, conversation, room)


def _title(room: RoomView) -> None:
    title = f"{ICONS[room.kind]} **{as_label(room.title, 48)}**"
    if room.can_manage:
        st.button(title, type="tertiary", key="room_title", help=RENAME, wrap=False, on_click=_ask, args=(RENAME,))
    else:
        st.markdown(title, width="content")


def _people(room: RoomView) -> str:
    if room.other is None:
        return members_count(room)
    return as_label(room.other.email, 40) if room.can_write or room.is_locked else "Can't sign in any more"


def _options(room: RoomView, *, is_archived: bool) -> list[str]:
    mute = UNMUTE if room.muted else MUTE
    if room.kind is ConversationKind.DIRECT:
        return [SPEND, exporting.EXPORT, WHO_LOOKED, mute]
    return [
        MEMBERS,
        *([ADD_PEOPLE] if may_add(room) else []),
        *([RENAME, INSTRUCTIONS, HISTORY] if room.can_manage else []),
        SPEND,
        exporting.EXPORT,
        *([WHO_LOOKED] if room.kind is ConversationKind.GROUP else []),
        mute,
        LEAVE,
        *([UNARCHIVE if is_archived else ARCHIVE, DELETE] if room.can_own else []),
    ]


def _for_moderators(actor: Actor, room: RoomView) -> list[str]:
    """What is said in private they lock from a case."""
    if not actor.may(Permission.MODERATION_WORK):
        return []
    if room.is_locked:
        return [UNLOCK]
    return [LOCK] if room.kind is ConversationKind.COMPANY else []


def _ask(choice: str) -> None:
    room_members.forget()
    room_adding.forget()
    st.session_state[dialogs.OPEN] = choice


def _act(actor: Actor, room: RoomView, choice: str | None) -> None:
    if choice not in (MUTE, UNMUTE, UNARCHIVE):
        _ask(choice or "")
        return
    app = bootstrap.current()
    with failures.noticed():
        actor = guard.again(actor)
        if choice == MUTE:
            app.members.mute(actor, room.id)
            st.toast("Muted: only messages that mention you are counted.", icon=":material/notifications_off:")
        elif choice == UNMUTE:
            app.members.unmute(actor, room.id)
            st.toast("Not muted any more: every message is counted.", icon=":material/notifications:")
        else:
            app.conversations.unarchive(actor, room.id)
            forget_undo()
            st.toast("The room is open again: everybody here can write.", icon=":material/unarchive:")


def _open_dialog(actor: Actor, conversation: ConversationView, room: RoomView) -> None:
    shown: dict[str, Callable[[], None]] = {
        MEMBERS: lambda: room_members.members(actor, room),
        ADD_PEOPLE: lambda: room_adding.add_people(actor, room),
        RENAME: lambda: dialogs.rename(actor, conversation),
        INSTRUCTIONS: lambda: dialogs.instruct(actor, conversation),
        HISTORY: lambda: room_dialogs.history(actor, room),
        SPEND: lambda: spend(actor, room),
        exporting.EXPORT: lambda: exporting.export([room.id]),
        WHO_LOOKED: lambda: who_looked(actor, room.id),
        LEAVE: lambda: room_dialogs.leave(actor, room),
        ARCHIVE: lambda: room_dialogs.archive(actor, room),
        DELETE: lambda: room_dialogs.delete(actor, room),
        LOCK: lambda: lock_room(named(room.kind, room.title), _lock(room), actor, _told),
        UNLOCK: lambda: unlock_room(named(room.kind, room.title), room.id, actor, _told),
    }
    if opening := shown.get(st.session_state.pop(dialogs.OPEN, "")):
        opening()


def _lock(room: RoomView) -> Callable[[Actor, str], None]:
    return lambda actor, reason: bootstrap.current().room_locks.lock(actor, room.id, reason)


def _told(sentence: str) -> None:
    st.toast(sentence, icon=":material/shield:")
