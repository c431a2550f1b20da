"""The box of a room: says something, as a reply if one was begun, and gives back what could not be sent."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import streamlit as st

from core.permissions import Actor
from core.services.views import MessageView
from core.ui import composer, failures, room_view
from core.ui.room_view import View
from core.ui.text import as_label

ABOVE_BOX = "room_above_box"
REPLIES = "replies"
EXCERPT = 80
LONGEST_TITLE = 28
"""As much as stands in the box of a telephone."""


@dataclass(frozen=True, slots=True)
class Replying:
    message_id: UUID
    name: str
    excerpt: str


def begin_reply(view: View, message: MessageView) -> None:
    name = message.sender_name or view.room.assistant_name
    _replies()[view.id] = Replying(message.id, name, message.content[: 2 * EXCERPT])


def above_box(refresh: Callable[[], None]) -> None:
    """To be a fragment: what was refused, and what is being replied to."""
    view = room_view.current()
    if view is None:
        return

    def cancelled() -> None:
        _replies().pop(view.id, None)
        refresh()

    with st.bottom:
        failures.show_notice()
        if replying := _replies().get(view.id):
            with st.container(horizontal=True, vertical_alignment="center", wrap=False):
                who, what = as_label(replying.name, 40), as_label(replying.excerpt, EXCERPT)
                st.caption(f":material/reply: Replying to **{who}**: {what}")
                st.button(
                    "Cancel reply", icon=":material/close:", type="tertiary", key="cancel_reply", on_click=cancelled
                )
    view.above_box = state(view)


def state(view: View) -> tuple[str | None, Replying | None]:
    """Another one, and what stands above the box is to be drawn anew."""
    return st.session_state.get(failures.NOTICE), _replies().get(view.id)


def box(actor: Actor, view: View, refresh: Callable[[], None]) -> None:
    room = view.room

    def submitted() -> None:
        text = st.session_state[composer.BOX]
        replying = _replies().get(view.id)
        if composer.say(actor, view.id, text, reply_to_id=replying.message_id if replying else None):
            _replies().pop(view.id, None)
            refresh()
        else:
            st.session_state[composer.BOX] = text

    # See composer.chat_box for why it is not inside `st.bottom`.
    st.chat_input(f"Message {_plain(room.title)}", key=composer.BOX, on_submit=submitted, disabled=not room.can_write)
    hints = [room.why_not or f"Write @{as_label(room.assistant_name)} to ask the assistant."]
    hints += ["Muted: only messages that mention you are counted."] if room.muted else []
    st.bottom.caption(" · ".join(hints))


def closed_box(title: str) -> None:
    """Where one was writing and can't any more: what was typed can still be copied."""
    st.chat_input(f"Message {_plain(title)}", key=composer.BOX, disabled=True)


def _plain(title: str) -> str:
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1].rstrip()}…"


def _replies() -> dict[UUID, Replying]:
    found: dict[UUID, Replying] = st.session_state.setdefault(REPLIES, {})
    return found
