"""What is asked in a window of its own: a conversation's name, its instructions, why an answer was bad."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.errors import ParleyError
from core.models import MAX_INSTRUCTIONS, Score
from core.permissions import Actor
from core.services.feedback import REASONS
from core.services.views import ConversationView
from core.ui import failures, guard
from core.ui.parts import asked_again

OPEN = "open_dialog"
"""Which dialog the next draw opens."""
IS_OPEN = "dialog_is_open"
RATED = "rated_down"

Asked = ParamSpec("Asked")


def dialog(title: str) -> Callable[[Callable[Asked, None]], Callable[Asked, None]]:
    """`st.dialog`, by which the rest of the run knows that one is open.

    A page must not go on following an answer behind it: the dialog's buttons would wait for the end of that run, and
    the page that is drawn then would close it with all that was typed. When it is dismissed, the page is drawn anew.
    """

    def decorate(draw: Callable[Asked, None]) -> Callable[Asked, None]:
        @wraps(draw)
        def opened(*args: Asked.args, **options: Asked.kwargs) -> None:
            st.session_state[IS_OPEN] = True
            st.dialog(title, on_dismiss="rerun")(asked_again(draw))(*args, **options)

        return opened

    return decorate


def none_is_open() -> None:
    """At the beginning of a run."""
    st.session_state.pop(IS_OPEN, None)


def is_open() -> bool:
    """Whether this run opened one."""
    return IS_OPEN in st.session_state


def tried(act: Callable[[], object]) -> bool:
    """Does it; or says here, where nothing that was typed is lost, why it can't be done."""
    try:
        act()
    except ParleyError as error:
        failures.say(error)
        return False
    return True


@dialog("Rename")
def rename(actor: Actor, conversation: ConversationView) -> None:
    service = bootstrap.current().conversations
    if conversation.room:
        st.caption("Everybody here sees the new name, and a notice says whose it is.")
    with st.form("rename", border=False):
        title = st.text_input("Name", conversation.title)
        if st.form_submit_button("Rename", type="primary") and tried(
            lambda: failures.keep_note(service.rename(guard.again(actor), conversation.id, title))
        ):
            st.rerun()


@dialog("Instructions")
def instruct(actor: Actor, conversation: ConversationView) -> None:
    service = bootstrap.current().conversations
    where = "in this room, whoever asks it" if conversation.room else "here"
    st.caption(f"The assistant is told this with every question {where}, after your company's own instructions.")
    with st.form("instruct", border=False):
        text = st.text_area(
            "Instructions",
            conversation.instructions,
            placeholder="Answer in German. Keep it under five sentences.",
            height=180,
            help=f"Up to {MAX_INSTRUCTIONS:,} characters.",
        )
        if st.form_submit_button("Save", type="primary") and tried(
            lambda: failures.keep_note(service.instruct(guard.again(actor), conversation.id, text))
        ):
            st.rerun()


@dialog("What was wrong with it?")
def say_why(actor: Actor, answer_id: UUID) -> None:
    def rate() -> None:
        bootstrap.current().feedback.rate(guard.again(actor), answer_id, Score.DOWN, tags=tuple(tags), comment=comment)

    with st.form("say_why", border=False):
        tags = st.pills("Reason", REASONS, selection_mode="multi", label_visibility="collapsed")
        comment = st.text_area("What would have helped?", placeholder="Optional", height=100)
        if st.form_submit_button("Send", type="primary") and tried(rate):
            st.toast("Thank you. It is kept with the answer.", icon=":material/thumb_down:")
            st.rerun()
