"""What the assistant did for an answer, each step where in the text it was made: collapsed, and open to look at."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.models import MessageStatus, StepState
from core.permissions import Actor
from core.services.browse_views import BrowsedMessage
from core.services.views import MessageView, StepView
from core.ui import failures, guard, links
from core.ui.leftovers import leave_empty
from core.ui.text import as_label, as_markdown

LONGEST_LABEL, LONGEST_SENTENCE = 60, 140
LONGEST_LINE = 100
"""Characters of an argument that stand on a line of their own; longer ones get a box."""
LONGEST_SHOWN = 2_000
LONG, HIGHEST = 500, 200
"""From so many characters on an argument has a box of so many pixels, and scrolls in it."""
SHORTEST = 0.1
PLACES = 60
"""The most that the draw before may have left below what an answer being written has by now."""
ACTED = "steps_acted"
ICONS = {
    StepState.FAILED: ":material/error:",
    StepState.DECLINED: ":material/block:",
    StepState.WAITING: ":material/hourglass_empty:",
    StepState.RUNNING: ":material/help:",
}
UNDONE = ":material/undo:"
SPINNER = "spinner"

Shown = MessageView | BrowsedMessage


@dataclass(frozen=True, slots=True)
class Hand:
    """Who can do something with the steps of an answer."""

    actor: Actor
    after: Callable[[], None] | None = None
    """Called when something was done."""
    may_decide: bool = True
    """False where nothing can be said, and so nothing gone on with."""

    def act(self, name: str, step_id: UUID) -> None:
        """For callbacks. The second half of a double click does nothing, wherever it falls."""
        acted: set[tuple[bool, UUID]] = st.session_state.setdefault(ACTED, set())
        act = name == "undo", step_id
        if act not in acted:
            with failures.noticed():
                getattr(bootstrap.current().steps, name)(guard.again(self.actor), step_id)
                acted.add(act)
        if self.after:
            self.after()


def told(message: Shown, hand: Hand | None = None) -> None:
    """An answer's text with its steps, in one place. Without a hand nothing can be done with them."""
    if not message.steps:
        if message.content:
            st.markdown(as_markdown(message.content))
        return
    with st.container(gap="small"):
        _pieces(message, message.content, hand)


def begun(message: MessageView, text: str, hand: Hand) -> None:
    """Of an answer being written, of which that text is there, what stands above its growing end: all steps, and the
    text up to the last one.
    """
    if message.steps:
        with st.container(gap="small"):
            leave_empty(PLACES - _pieces(message, text[: end_of(message)], hand))


def end_of(message: MessageView) -> int:
    """Characters of the text up to the last step; 0 without any."""
    return max((step.at for step in message.steps), default=0)


def _pieces(message: Shown, text: str, hand: Hand | None) -> int:
    """How many places it took."""
    places, written = 0, 0
    for at, steps in groupby(sorted(message.steps, key=_at), key=_at):
        places += _text(text[written:at])
        written = max(written, at)
        for step in steps:
            _step(message, step, hand)
            places += 1
    return places + _text(text[written:])


def _at(step: StepView) -> int:
    return step.at


def _text(text: str) -> int:
    if not text.strip():
        return 0
    st.markdown(as_markdown(text))
    return 1


def _step(message: Shown, step: StepView, hand: Hand | None) -> None:
    if step.may_decide and hand and hand.may_decide:
        _question(step, hand)
        return
    with st.expander(_label(message, step), icon=_icon(message, step), type="step"):
        _arguments(step)
        if len(step.shown) > LONGEST_SENTENCE or step.is_undone:  # else it was said already
            st.markdown(as_label(step.shown, LONGEST_SHOWN))
        for link in step.links:
            if screen := links.screen_at(link.page):
                st.page_link(
                    screen.page(),
                    label=as_label(link.label, LONGEST_LABEL),
                    icon=":material/arrow_forward:",
                    help="",
                    query_params=dict(link.query),
                )
        if step.may_undo and hand:
            key = f"undo_{step.id}"
            st.button("Undo", icon=UNDONE, type="tertiary", key=key, on_click=hand.act, args=("undo", step.id))


def _question(step: StepView, hand: Hand) -> None:
    """What is to be decided stands open: nobody approves what they did not see."""
    with st.container(border=True, gap="small"):
        st.markdown(f"{step.icon} **{as_label(step.label, LONGEST_LABEL)}?**")
        _arguments(step)
        with st.container(horizontal=True, gap="small"):
            for label, icon, name in (("Approve", "check", "approve"), ("Decline", "close", "decline")):
                key = f"{name}_{step.id}"
                st.button(label, icon=f":material/{icon}:", key=key, on_click=hand.act, args=(name, step.id))


def _arguments(step: StepView) -> None:
    """As text, whatever is in them."""
    lines = [(name, value) for name, value in step.arguments if len(value) <= LONGEST_LINE and "\n" not in value]
    if lines:
        said = [
            f"{as_label(name, LONGEST_LABEL)}: **{apart(as_label(value, LONGEST_LINE) or '–')}**"
            for name, value in lines
        ]
        st.markdown("  \n".join(said))
    for name, value in step.arguments:
        if (name, value) not in lines:
            st.caption(as_label(name, LONGEST_LABEL))
            st.code(value, language=None, wrap_lines=True, height=HIGHEST if len(value) > LONG else "content")


def _label(message: Shown, step: StepView) -> str:
    said = apart(as_label(state_of(message, step), LONGEST_SENTENCE))
    took = _took(step.seconds) if step.seconds is not None else ""
    return " · ".join(part for part in (f"**{as_label(step.label, LONGEST_LABEL)}**", said, took) if part)


def _value(value: str) -> str:
    return apart(as_label(value, LONGEST_LINE) or "–")


def apart(text: str) -> str:
    """So that what is written from right to left does not turn round what stands beside it."""
    return f"\u2068{text}\u2069" if text else ""


def _took(seconds: float) -> str:
    if seconds < SHORTEST:
        return f"under {SHORTEST} s"
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def _icon(message: Shown, step: StepView) -> str:
    if step.state is StepState.RUNNING and message.status is MessageStatus.PENDING:
        return SPINNER
    return UNDONE if step.is_undone else ICONS.get(step.state, step.icon)


def state_of(message: Shown, step: StepView) -> str:
    """What has become of it, in words; empty while it is under way."""
    if step.state is StepState.RUNNING:
        return _running(message.status)
    if step.state is StepState.WAITING:
        return _waiting(message, step)
    if step.state is StepState.DECLINED:
        return "Declined"
    return "Taken back" if step.is_undone else step.shown


def _running(status: MessageStatus) -> str:
    if status is MessageStatus.PENDING:
        return ""
    if status is MessageStatus.WAITING:
        return "Approved, to be done once the rest is decided"
    return "Broken off before its end was known"


def _waiting(message: Shown, step: StepView) -> str:
    if step.may_decide:
        return "Waits for you"
    if step.waits_for:
        return f"Waits for {step.waits_for}"
    is_open = isinstance(message, BrowsedMessage) and message.status is MessageStatus.WAITING
    return "Waits for a decision" if is_open else "Nobody decided"


def waits(message: MessageView) -> str:
    """What an answer waits for that asks before it does something."""
    if any(step.may_decide for step in message.steps):
        return ":material/pending_actions: Waits for your decision: it goes on when you approve or decline."
    names = list(dict.fromkeys(step.waits_for for step in message.steps if step.waits_for))
    if names:
        listed = " and ".join(as_label(name) for name in names)
        return f":material/pending_actions: Waits for {listed} to approve or decline."
    return "It asked before doing something, and nobody decided before the talk went on."
