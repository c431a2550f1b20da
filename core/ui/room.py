"""An open room: its transcript, which what others do changes in place, and the box to write in."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Never
from uuid import UUID

import streamlit as st
from streamlit.errors import StreamlitAPIException

from core import bootstrap
from core.errors import ParleyError
from core.models import ConversationKind, MessageType, Score
from core.permissions import Actor
from core.services.views import Transcript
from core.ui import (
    composer,
    dialogs,
    failures,
    guard,
    links,
    message_bar,
    reporting,
    room_composer,
    room_editor,
    room_view,
    task_making,
    times,
)
from core.ui.earlier import asked_for, earlier
from core.ui.live import drawn, live_room, seen_by
from core.ui.message import rate
from core.ui.message_bar import Act, message_bar_code
from core.ui.parts import call_for, fragment
from core.ui.room_header import room_header
from core.ui.room_message import ANSWER, block
from core.ui.room_view import MOST_NEW, View, call_names, first_of_others
from core.ui.text import as_label
from core.ui.turns import READING

FOOT = "room_foot"
DELETING = "deleting_message"
BURST = 300
"""So many messages may come while the page is not told, and what is edited on it still stays."""


def limit(conversation_id: UUID) -> int:
    """How many messages to read when the page is drawn: as many as stand there, unless those have become too many."""
    view = room_view.current()
    wanted = asked_for(conversation_id)
    if view is None or view.id != conversation_id or view.is_too_long(view.shown.messages):
        return wanted
    # Nothing that is being edited may be lost: what is read too much for that, _begin leaves away.
    more = BURST if view.is_edited() else 0
    return max(wanted, len(view.shown.messages) + more)


def room(actor: Actor, shown: Transcript) -> None:
    """Draws it whole. From then on, what changes is drawn block by block."""
    view = _begin(actor, shown)
    refresh = partial(_refresh, actor, view)
    live_room(view.id, shown.state, on_changed=partial(_hear, actor, view), on_grown=partial(_grow, actor, view))
    message_bar_code(partial(_act_all, actor, view))
    room_header(actor, shown)
    earlier(shown)
    for number in view.blocks:
        fragment(block, key=_key(number))(actor, number, refresh)
    fragment(_foot, key=FOOT)(actor)
    fragment(room_composer.above_box, key=room_composer.ABOVE_BOX)(actor, refresh)
    room_composer.box(actor, view, refresh)
    _dialogs(actor)
    view.is_whole = True


def gone(conversation_id: UUID, error: ParleyError) -> bool:
    """Says that the room which was open here can't be read any more; False when it was not open."""
    view = room_view.current()
    if view is None or view.id != conversation_id:
        return False
    st.title("This room isn't open to you any more", anchor=False)
    st.markdown(failures.sentence_of(error))
    room_composer.closed_box(view)
    return True


def _begin(actor: Actor, shown: Transcript) -> View:
    room = shown.conversation.room
    assert room
    before = room_view.current()
    is_same_visit = before is not None and before.id == shown.conversation.id and message_bar.is_drawn()
    if before and is_same_visit and before.is_edited():
        shown = _cut(shown, before.since, asked_for(shown.conversation.id))
    first, last = (shown.messages[0].seq, shown.messages[-1].seq) if shown.messages else (1, 1)
    members = bootstrap.current().members.list_members(actor, shown.conversation.id)
    unread = before.unread if before and is_same_visit else range(room.last_read_seq + 1, last + 1)
    view = View(
        shown,
        since=first,
        unread=unread,
        new_from=first_of_others(shown.messages, unread),
        most=asked_for(shown.conversation.id) + MOST_NEW,
        where=times.zone(),
        names=call_names(member.display_name for member in members) | {room.assistant_name},
        my_names=call_names([actor.display_name]) | {actor.email.partition("@")[0]},
        marked=room.last_read_seq,
    )
    st.session_state[room_view.VIEW] = view
    composer.see(shown)
    return view


def _cut(shown: Transcript, since: int, wanted: int) -> Transcript:
    """Without what is above the page as it was, unless it is wanted."""
    since = min([since, *(message.seq for message in shown.messages[-wanted:])])
    messages = tuple(message for message in shown.messages if message.seq >= since)
    return replace(shown, messages=messages, has_earlier=shown.has_earlier or len(messages) < len(shown.messages))


def _hear(actor: Actor, view: View, arrived: Collection[str]) -> Never:
    """For the callback that says that the room has changed, and which states have arrived in the browser."""
    if view.shown.state in arrived:
        view.unsure.clear()
    else:
        view.doubt()
    _refresh(actor, view)


def _refresh(actor: Actor, view: View) -> Never:
    """For callbacks: has drawn what is different now, blocks if that is all, else the page."""
    # Streamlit cuts off a callback, wherever it touches the session's state, as soon as another run is asked for. What
    # is still to do then is left with the view for whatever comes next.
    view.is_due = True
    if view.needs_page or not view.is_whole or view.id != links.selected_conversation():
        st.rerun()
    try:
        with READING.turn():
            now = guard.again(actor)
            shown = bootstrap.current().transcripts.read(now, view.id, limit=view.limit)
        view.needs_page = not view.take(shown)
    except ParleyError:
        view.needs_page = True  # it says what is the matter
    if view.needs_page:
        st.rerun()
    view.is_due = False
    composer.see(view.shown)
    _redraw(view, FOOT, asked=now)


def _grow(actor: Actor, view: View) -> Never:
    """For the callback that says that the answer being written is longer now."""
    if view.is_due or view.needs_page or not view.is_whole:
        _refresh(actor, view)
    has_place = view.growing is not None and view.growing == view.shown.active_run_id
    _redraw(view, ANSWER if has_place else FOOT)


def _redraw(view: View, *keys: str, asked: Actor | None = None) -> Never:
    """These fragments, and those that the page has otherwise than they are now. `asked`: who is here, if that was."""
    above = [] if view.above_box == room_composer.state(view) else [room_composer.ABOVE_BOX]
    foot = [] if view.foot == _foot_of(view) else [FOOT]
    called = [*map(_key, view.stale()), *above, *foot, *keys]
    if asked:
        call_for(asked, called)
    try:
        st.rerun(called)
    except StreamlitAPIException:  # a draw that was cut short took one of them away
        st.rerun()


def _act_all(actor: Actor, view: View, acts: Sequence[Act]) -> Never:
    """What was clicked in the rows under the messages."""
    for act in acts:
        with failures.noticed():
            _act(guard.again(actor), view, act)
    _refresh(actor, view)


def _act(actor: Actor, view: View, act: Act) -> None:
    message = next((one for one in view.shown.messages if one.id == act.message_id), None)
    if message is None:
        return
    if act.name == "react" and act.value:
        bootstrap.current().reactions.toggle(actor, message.id, act.value)
    elif act.name == "reply":
        room_composer.begin_reply(view, message)
    elif act.name == "edit" and message.can_edit:
        room_editor.begin(message.id)
    elif act.name == "delete" and message.can_delete:
        view.needs_page = True
        st.session_state[DELETING] = message.id
    elif act.name == "report":
        view.needs_page = True
        st.session_state[reporting.REPORTING] = message.id
    elif act.name == task_making.ACT:
        view.needs_page = True
        task_making.begin(message)
    elif act.name in ("up", "down"):
        view.needs_page = act.name == "down"  # it may ask why
        rate(actor, message, Score(act.name))


def _foot(actor: Actor) -> None:
    """To be a fragment, drawn after the blocks: who has read all that, and now oneself as well."""
    view = room_view.current()
    if view is None:
        return
    foot = _foot_of(view)
    if foot.is_empty:
        st.caption(_nobody_yet(view), text_alignment="center")
    elif foot.is_mine:
        seen_by(view.room, foot.last_seq)
    view.foot = foot
    drawn(FOOT, view.drawn_state)
    if view.last_seq > max(view.marked, view.room.last_read_seq):
        with suppress(ParleyError):  # the next draw does it
            # Only a member's mark is moved, whoever they were when the page was drawn: that need not be asked again.
            bootstrap.current().members.mark_read(actor, view.id, view.last_seq)
            view.marked = view.last_seq


@dataclass(frozen=True, slots=True)
class _Foot:
    """Another one, and it is to be drawn anew."""

    last_seq: int
    is_mine: bool
    is_empty: bool


def _foot_of(view: View) -> _Foot:
    messages = view.shown.messages
    return _Foot(
        view.last_seq,
        is_mine=bool(messages) and messages[-1].is_mine,
        is_empty=all(message.message_type is MessageType.NOTICE for message in messages),
    )


def _nobody_yet(view: View) -> str:
    if view.room.kind is ConversationKind.DIRECT:
        return f"Nobody has written here yet. Only you and {as_label(view.room.title)} can read what is said here."
    return "Nobody has written here yet. Begin with what this room is for."


def _dialogs(actor: Actor) -> None:
    if message_id := st.session_state.pop(DELETING, None):
        _confirm_deletion(actor, message_id)
    elif not (reporting.asked_for(actor) or task_making.asked_for(actor)) and (
        answer_id := st.session_state.pop(dialogs.RATED, None)
    ):
        dialogs.say_why(actor, answer_id)


@dialogs.dialog("Delete this message?")
def _confirm_deletion(actor: Actor, message_id: UUID) -> None:
    st.markdown(
        "Its text goes away for everybody in the room; that there was a message stays visible. It can't be undone."
    )
    if st.button("Delete", type="primary", key="confirm_deletion"):
        try:
            bootstrap.current().talk.delete(guard.again(actor), message_id)
        except ParleyError as error:
            failures.say(error)
        else:
            st.rerun()


def _key(number: int) -> str:
    return f"room_block_{number}"
