"""What every message shows, in a chat with the assistant and in a room: its text, how it ended, the row under it."""

from collections.abc import Callable
from datetime import tzinfo
from typing import Any
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.models import MessageRole, MessageStatus, Score
from core.permissions import Actor
from core.services.views import MessageView
from core.ui import dialogs, failures, guard, times
from core.ui.steps import waits
from core.ui.text import as_markdown

WRITING = " :shimmer[…]"
AVATARS = {MessageRole.USER: ":material/person:", MessageRole.ASSISTANT: ":material/forum:"}
STATES = {
    MessageStatus.STOPPED: "Stopped. What had arrived is kept.",
    MessageStatus.INTERRUPTED: "Interrupted before it was finished. What had arrived is kept.",
}


def growing(text: str) -> str:
    """The answer being written, as far as it is there."""
    return as_markdown(text) + WRITING if text else ":shimmer[Thinking …]"


def text_so_far(message: MessageView) -> str:
    """Of an answer being written."""
    written = bootstrap.current().runner.glance(message.run_id).text if message.run_id else ""
    return max(message.content, written, key=len)


def stop_button(on_click: Callable[[], None]) -> None:
    st.button("Stop", icon=":material/stop_circle:", type="tertiary", key="stop_answer", on_click=on_click)


def ending(message: MessageView) -> None:
    """How a message ended, unless it is just whole."""
    if message.problem:
        st.warning(message.problem, icon=":material/error:")
    if message.status is MessageStatus.WAITING:
        st.caption(waits(message))
    elif state := STATES.get(message.status):
        st.caption(state + (f" Reference **{message.reference}**." if message.reference else ""))
    elif message.reference:
        st.caption(f"If it stays, tell an admin the reference **{message.reference}**.")
    elif message.reached_limit:
        st.caption("Ended here: the answer reached the longest length allowed.")


def remedies(actor: Actor, message: MessageView, after: Callable[[], None] | None = None) -> None:
    """What can be done about an answer that ended too early. `after` is called when that was done."""
    chat = bootstrap.current().chat
    offers: dict[str, tuple[str, Callable[[Actor, UUID], object]]] = {}
    if message.can_retry:
        offers["Retry"] = ":material/refresh:", chat.retry
    if message.can_resume:
        offers["Continue"] = ":material/play_arrow:", chat.resume
    if not offers:
        return

    def clicked(act: Callable[[Actor, UUID], object]) -> None:
        with failures.noticed():
            act(guard.again(actor), message.id)
        if after:
            after()

    with st.container(horizontal=True, gap="small"):
        for label, (icon, act) in offers.items():
            st.button(label, icon=icon, key=f"{label.lower()}_{message.id}", on_click=clicked, args=(act,))


def rate(actor: Actor, message: MessageView, score: Score) -> None:
    """Says it, or takes it back; after a bad one the page asks why."""
    again = message.score is score
    bootstrap.current().feedback.rate(actor, message.id, None if again else score)
    if score is Score.DOWN and not again:
        st.session_state[dialogs.RATED] = message.id


def bar_data(message: MessageView, where: tzinfo) -> dict[str, Any]:
    """What the rows of all messages have."""
    return {
        "message": str(message.id),
        "time": times.clock_time(message.created_at, where) + (" · edited" if message.is_edited else ""),
        "exact": times.exact(message.created_at, where),
        "copy": message.content,
        "score": message.score.value if message.score else None,
        "version": None,
    }
