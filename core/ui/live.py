"""What happens elsewhere, in another tab, by another person or in another process, reaches the open page by push.

Each window has one ear, an `EventSource` on `/api/events` (core/web/events.py); the parts of a page listen to that.
"""

import json
from collections.abc import Callable, Collection
from pathlib import Path
from uuid import UUID

import streamlit as st

from core.models import ConversationKind
from core.services.room_views import RoomView
from core.ui.told import keep_nothing_of, told

DRAWNS = "drawn_count"
TASKS, TASKS_HEARD = "live_tasks", "tasks_heard"
LIVE_ROOM = "live_room"
DRAWN = """
export default ({ data }) => window.dispatchEvent(new CustomEvent("parley-drawn", { detail: JSON.parse(data).state }))
"""
LABEL = "<span hidden></span>"
LABEL_CSS = """
span { font-family: var(--st-font); font-size: 0.8125rem; line-height: 1.5; color: var(--st-text-color); opacity: 0.7; }
"""


def _beside(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")


def _listening(name: str) -> str:
    """The code of a part that listens to the ear."""
    return _beside("quiet.js") + _beside("listening.js") + _beside(name)


_ear = st.components.v2.component(
    "ear",
    css=_beside("ear.css"),
    js=_beside("popovers.js") + _beside("mends.js") + _beside("ear.js"),
    isolate_styles=False,
)
_live = st.components.v2.component("live", js=_listening("live.js"))
_live_room = st.components.v2.component("live_room", js=_listening("live_room.js"))
_live_tasks = st.components.v2.component("live_tasks", js=_beside("quiet.js") + _beside("live_tasks.js"))
_drawn = st.components.v2.component("drawn", js=DRAWN)
_label = st.components.v2.component("live_label", html=LABEL, css=LABEL_CSS, js=_listening("live_label.js"))


def ear() -> None:
    """Listens for the window, leads the keyboard into popovers, and mends what screen readers are told. On every page,
    once. Nothing to see but numbers, on "Chat" of what is unread, on "Tasks" of what is due and on "Moderation" of what
    waits.
    """
    _ear(key="ear")


def live(conversation_id: UUID, seen: str) -> None:
    """For a chat with the assistant: `seen` is the state that this run draws, `Transcript.state`. Another one reruns
    the page.
    """
    _live(key="live", data=_watched(conversation_id, seen))


def live_room(
    conversation_id: UUID,
    seen: str,
    *,
    on_changed: Callable[[Collection[str]], None],
    on_grown: Callable[[], None],
) -> None:
    """For a room: another state than `seen` calls `on_changed` with those that the browser knows to have drawn, an
    answer that grew `on_grown`.

    To be drawn outside every fragment. Both are widget callbacks, one at a time, and not while the page is being drawn;
    they may end with `st.rerun` of the fragments that look different now. The last of these calls `drawn`.
    """

    def changed() -> None:
        on_changed(json.loads(told(LIVE_ROOM, "changed") or "[]"))

    _live_room(
        key=LIVE_ROOM,
        data=_watched(conversation_id, seen),
        on_changed_change=changed,
        on_grown_change=on_grown,
    )


def follows() -> None:
    """To be drawn last by a run that goes on for as long as an answer is written: from here on, news may cut it off."""
    with st.container(key="follows"):
        st.html("<i></i>")


def live_tasks() -> None:
    """For a page of tasks: it is drawn anew when they are others, wherever that was done. To be drawn before them."""

    def heard() -> None:
        st.session_state[TASKS_HEARD] = told(TASKS, "heard") or 0

    seen = st.session_state.get(TASKS_HEARD, 0)
    _live_tasks(key=TASKS, data=json.dumps({"seen": seen}), on_heard_change=heard)


def drawn(fragment: str, state: str | None) -> None:
    """At the end of each fragment that a callback of `live_room` has drawn: the next call need not wait any longer, and
    that `state` need not be told again. None: it is not all there yet.
    """
    st.session_state[DRAWNS] = st.session_state.get(DRAWNS, 0) + 1
    key = f"drawn_{fragment}"
    _drawn(key=key, data=json.dumps({"number": st.session_state[DRAWNS], "state": state}))
    keep_nothing_of(key)


def here_label() -> None:
    """How many have the open room open, unless that is oneself alone; who, on hover."""
    _label(key="here_label", data=json.dumps({"kind": "here"}), width="content")


def seen_by(room: RoomView, last_seq: int) -> None:
    """Who has read up to that message, the last one; nothing while nobody has."""
    is_direct = room.kind is ConversationKind.DIRECT
    _label(key="seen_by", data=json.dumps({"kind": "reads", "last": last_seq, "is_direct": is_direct}))


def _watched(conversation_id: UUID, seen: str) -> str:
    return json.dumps({"address": f"/api/events?c={conversation_id}", "seen": seen})
