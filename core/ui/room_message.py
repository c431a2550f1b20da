"""A block of a room's transcript: who said what, when, to what, and what others think of it."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.errors import NotFound
from core.models import MessageRole, MessageType
from core.permissions import Actor
from core.services.views import MessageView, Reply
from core.ui import composer, reporting, room_editor, room_view, steps, task_making, times
from core.ui.gist import as_gist
from core.ui.live import drawn
from core.ui.message import AVATARS, bar_data, ending, growing, remedies, stop_button, text_so_far
from core.ui.message_bar import message_bar
from core.ui.parts import fragment
from core.ui.room_view import View, is_growing
from core.ui.steps import Hand
from core.ui.text import as_label, as_said

ANSWER = "room_answer"
EXCERPT = 100
MOST_NAMES = 20
LONGEST_NAME = 60

Refresh = Callable[[], None]


def block(actor: Actor, number: int, refresh: Refresh) -> None:
    """To be a fragment. `refresh` is for callbacks: it has drawn anew what they changed."""
    view = room_view.current()
    if view is None:
        return
    view.drawn.pop(number, None)  # a draw that is cut short is to be done again
    digest = view.digest(number)
    for group in _groups(view, number):
        _separator(view, view.above(group[0]), group[0])
        if group[0].message_type is MessageType.NOTICE:
            st.caption(as_label(group[0].content, 400), text_alignment="center")
        else:
            _group(actor, view, group, refresh)
    view.drawn[number] = digest
    view.unsure.add(number)


def answer(actor: Actor, message_id: UUID) -> None:
    """To be a fragment: the answer being written, as far as it is there."""
    view = room_view.current()
    message = next((one for one in view.shown.messages if one.id == message_id), None) if view else None
    if view is None or message is None:
        return
    try:  # all else that is drawn here was read with the rights of then; this is read now
        bootstrap.current().watching.is_room(actor, view.id)
    except NotFound:
        st.rerun()  # the page says so
    st.markdown(growing(text_so_far(message)[steps.end_of(message) :]))
    drawn(ANSWER, view.drawn_state)


def _groups(view: View, number: int) -> Iterator[list[MessageView]]:
    """What stands under one name."""
    group: list[MessageView] = []
    for message in view.messages_of(number):
        if group and not view.belongs(group[-1], message):
            yield group
            group = []
        group.append(message)
    if group:
        yield group


def _separator(view: View, previous: MessageView | None, message: MessageView) -> None:
    if previous is None or view.day_of(previous) != view.day_of(message):
        st.caption(times.day_label(view.day_of(message), view.today), text_alignment="center")
    if message.seq == view.new_from:
        st.markdown(":green-badge[New]", text_alignment="center")


def _group(actor: Actor, view: View, group: list[MessageView], refresh: Refresh) -> None:
    is_assistant = group[0].role is MessageRole.ASSISTANT
    name = view.room.assistant_name if is_assistant else group[0].sender_name or "Somebody"
    avatar = AVATARS[MessageRole.ASSISTANT] if is_assistant else None
    with st.chat_message(name, avatar=avatar), st.container(gap="xsmall"):
        st.caption(f"**{as_label(name, LONGEST_NAME)}**")
        for message in group:
            # One place for each, whatever stands in it: an editor in the next one keeps its own.
            with st.container(gap="xxsmall"):
                _message(actor, view, message, refresh)


def _message(actor: Actor, view: View, message: MessageView, refresh: Refresh) -> None:
    if message.is_deleted:
        st.caption(reporting.deleted_text(message))
        reporting.traces(message)
        return
    if message.reply and (message.role is MessageRole.USER or message.reply.seq < message.seq - 1):
        st.caption(f":material/reply: {_quoted(view, message.reply)}")
    if message.id in room_view.editing():
        room_editor.editor(actor, message, refresh)
    elif is_growing(message):
        _growing(actor, view, message, refresh)
    else:
        _whole(actor, view, message, refresh)


def _quoted(view: View, reply: Reply) -> str:
    if not reply.excerpt:
        return "A message that isn't shown"
    name = view.room.assistant_name if reply.sender_name is None else reply.sender_name
    return f"**{as_label(name, LONGEST_NAME)}** {as_gist(reply.excerpt, EXCERPT)}"


def _whole(actor: Actor, view: View, message: MessageView, refresh: Refresh) -> None:
    if message.role is MessageRole.ASSISTANT:
        steps.told(message, _hand(actor, view, refresh))
    elif message.content:
        st.markdown(as_said(message.content, view.names, view.my_names if message.mentions_me else ()))
    ending(message)
    reporting.traces(message)
    if message.is_waiting:
        name = as_label(view.room.assistant_name)
        st.caption(f":material/schedule: Waiting for {name}: it answers when the answer before is finished.")
    if view.room.can_write:
        remedies(actor, message, refresh)
    message_bar(_bar(actor, view, message), key=f"bar_{message.id}")


def _hand(actor: Actor, view: View, refresh: Refresh) -> Hand:
    return Hand(actor, refresh, may_decide=view.room.can_write)


def _growing(actor: Actor, view: View, message: MessageView, refresh: Refresh) -> None:
    def stop() -> None:
        composer.stop_answer(actor, view.id)
        refresh()

    if message.steps:
        steps.begun(message, text_so_far(message), _hand(actor, view, refresh))
    fragment(answer, key=ANSWER)(actor, message.id)
    view.growing = message.run_id
    stop_button(stop)


def _bar(actor: Actor, view: View, message: MessageView) -> dict[str, Any]:
    actions = ["react", "reply"] if view.room.can_write else []
    if message.role is MessageRole.ASSISTANT:
        actions += ["up", "down"] if message.content else []
    offers = {"copy": bool(message.content), "edit": message.can_edit, "delete": message.can_delete}
    offers[task_making.ACT] = task_making.can_make(actor, message)
    offers["report"] = reporting.can_report(message)
    menu = [name for name, is_offered in offers.items() if is_offered]
    return bar_data(message, view.where) | {
        "reactions": [
            {"emoji": one.emoji, "count": one.count, "names": _listed(one.names), "mine": one.is_mine}
            for one in message.reactions
        ],
        "actions": actions + (["more"] if menu else []),
        "menu": menu,
        "end": message.is_mine and message.seq == view.last_seq,
    }


def _listed(names: tuple[str, ...]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
