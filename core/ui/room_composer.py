"""The box of a room: says something, as a reply if one was begun, and gives back what could not be sent."""

from collections.abc import Callable
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.permissions import Actor
from core.services.views import MessageView
from core.ui import commands, composer, failures, room_view
from core.ui.budget_left import with_left
from core.ui.command_card import command_card
from core.ui.gist import as_gist
from core.ui.room_view import View
from core.ui.text import as_label

ABOVE_BOX = "room_above_box"
REPLIES = "replies"
EXCERPT = 80
DELETED = "The message you were replying to was deleted."
LONGEST_REASON = 600
LONGEST_TITLE = 28
"""As much as stands in the box of a telephone."""


def begin_reply(view: View, message: MessageView) -> None:
    _replies()[view.id] = message.id


def above_box(actor: Actor, refresh: Callable[[], None]) -> None:
    """To be a fragment: what was refused, what a command answered, and what is being replied to."""
    view = room_view.current()
    if view is None:
        return

    def cancelled() -> None:
        _replies().pop(view.id, None)
        refresh()

    with st.bottom:
        failures.show_notice()
        command_card(actor, view.id)
        if view.id in _replies():
            with st.container(horizontal=True, vertical_alignment="center", wrap=False):
                st.caption(f":material/reply: {_told(view)}")
                st.button(
                    "Cancel reply", icon=":material/close:", type="tertiary", key="cancel_reply", on_click=cancelled
                )
    view.above_box = state(view)


def state(view: View) -> tuple[object, ...]:
    """Another one, and what stands above the box is to be drawn anew."""
    notices = st.session_state.get(failures.NOTICE), st.session_state.get(failures.NOTE)
    card = commands.current(view.id)
    return *notices, card and (card.id, card.reply), _told(view) if view.id in _replies() else None


def _told(view: View) -> str:
    """What is being replied to, as it is now: of what was deleted meanwhile nothing stays here."""
    message = view.message(_replies()[view.id])
    if message is None:
        return "Replying to a message further up"
    if message.is_deleted:
        return DELETED
    who = as_label(message.sender_name or view.room.assistant_name, 40)
    return f"Replying to **{who}**: {as_gist(message.content, EXCERPT)}"


def _reply_to(view: View) -> UUID | None:
    """None also where that was deleted: the page has said so."""
    message = view.message(message_id) if (message_id := _replies().get(view.id)) else None
    return None if message and message.is_deleted else message_id


def box(actor: Actor, view: View, refresh: Callable[[], None]) -> None:
    room, key = view.room, composer.box_key(view.id)
    if room.is_locked:
        st.bottom.info(as_label(room.why_not or "", LONGEST_REASON), icon=":material/lock:")
        return

    def submitted() -> None:
        text = st.session_state[key]
        is_done = commands.run(actor, view.id, text)
        if is_done is None and (is_done := composer.say(actor, view.id, text, reply_to_id=_reply_to(view))):
            _replies().pop(view.id, None)
        if is_done:
            refresh()
        else:
            st.session_state[key] = text

    # See composer.chat_box for why it is not inside `st.bottom`.
    st.chat_input(f"Message {_plain(room.title)}", key=key, on_submit=submitted, disabled=not room.can_write)
    hints = [room.why_not or f"Write @{as_label(room.assistant_name)} to ask the assistant, or type /help."]
    hints += ["Muted: only messages that mention you are counted."] if room.muted else []
    standings = bootstrap.current().spending.standings(actor, view.id)
    st.bottom.caption(with_left(standings, " · ".join(hints)))


def closed_box(view: View) -> None:
    """Where one was writing and can't any more: what was typed can still be copied."""
    st.chat_input(f"Message {_plain(view.room.title)}", key=composer.box_key(view.id), disabled=True)


def _plain(title: str) -> str:
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1].rstrip()}…"


def _replies() -> dict[UUID, UUID]:
    """By room, the message that is being replied to."""
    found: dict[UUID, UUID] = st.session_state.setdefault(REPLIES, {})
    return found
