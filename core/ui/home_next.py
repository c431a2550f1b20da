"""Under the greeting: the one most useful next step, and the way there."""

from contextlib import suppress
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.amounts import counted
from core.errors import NotFound
from core.permissions import Actor
from core.typed.near_days import when
from core.ui import links, times
from core.ui.browse_list import NEW_CHAT
from core.ui.home_waits import Step, Waits, badge_of, next_step
from core.ui.text import as_label

LONGEST = 60
ICONS = {
    Step.MENTION: ":material/alternate_email:",
    Step.OVERDUE: ":material/event_busy:",
    Step.REPORTS: ":material/shield:",
    Step.UNREAD: ":material/mark_chat_unread:",
    Step.CONTINUE: ":material/chat:",
    Step.ASK: ":material/edit_square:",
}


def next_line(actor: Actor, waits: Waits) -> None:
    """Nothing where nothing is to do, or where a decision is: that has a line of its own."""
    step = next_step(waits)
    if step is None or step is Step.DECISION:
        return
    screen, label, params = _said(actor, step, waits)
    st.page_link(screen.page(), label=label, icon=ICONS[step], help="", query_params=params)


def _said(actor: Actor, step: Step, waits: Waits) -> tuple[links.Screen, str, dict[str, str]]:
    match step:
        case Step.OVERDUE:
            return links.TASKS, _overdue(waits), {}
        case Step.REPORTS:
            verb = "waits" if waits.reports == 1 else "wait"
            return links.MODERATION, f"**{counted(waits.reports, 'report')}** {verb} for a moderator", {}
        case Step.CONTINUE:
            line = waits.chats[0].line
            label = f"Go on with **{as_label(line.title, LONGEST) or NEW_CHAT}**"
            return links.CHAT, label, {links.CONVERSATION: str(line.id)}
        case Step.ASK:
            return links.CHAT, "Ask the assistant a question", {}
        case _:
            return _room(actor, step, waits)


def _overdue(waits: Waits) -> str:
    late = waits.due.tasks[0]  # by the day they are due
    assert late.due_on is not None
    at_least = "at least " if waits.due.next and waits.overdue == len(waits.due.tasks) else ""  # the rest is not read
    more = f" · {at_least}{waits.overdue - 1:,} more" if waits.overdue > 1 else ""
    return f"**{as_label(late.title, LONGEST)}** was due {when(late.due_on, times.today())}{more}"


def _room(actor: Actor, step: Step, waits: Waits) -> tuple[links.Screen, str, dict[str, str]]:
    """Of the rooms that are listed here the first; where it is none of them, any."""
    is_call = step is Step.MENTION
    for line in waits.rooms:
        if number := line.mentions if is_call else badge_of(line):
            return links.CHAT, _new(line.title, number, is_call=is_call), {links.CONVERSATION: str(line.id)}
    news = {id_: room.mentions if is_call else room.counted for id_, room in waits.unread.rooms.items()}
    room_id, number = next((id_, number) for id_, number in news.items() if number)
    return links.CHAT, _new(_title(actor, room_id), number, is_call=is_call), {links.CONVERSATION: str(room_id)}


def _title(actor: Actor, room_id: UUID) -> str:
    """Empty where they are no member any more since it was counted."""
    with suppress(NotFound):
        return bootstrap.current().rooms.get(actor, room_id).title
    return ""


def _new(title: str, number: int, *, is_call: bool) -> str:
    where = f"**{as_label(title, LONGEST)}**: " if title else ""
    if is_call:
        return f"{where}{counted(number, 'message')} {'mentions' if number == 1 else 'mention'} you"
    return where + counted(number, "new message")
