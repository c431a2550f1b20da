"""What a person sees when something goes wrong: one sentence, never a traceback."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import BudgetSpent, DatabaseUnavailable, ParleyError, RefusedByRule, Suspended
from core.ids import new_id
from core.ui import refusals, times
from core.ui.text import as_label, as_sentence

log = logging.getLogger(__name__)

NOTICE = "notice"
NOTE = "note"
"""What was done otherwise than it was typed."""
LONGEST = 500
WHILE_AWAY = "Parley couldn't reach its database just then. If that was not done, try it again."
"""By the time that this is read, it can: no page is drawn before."""


def show_unexpected(error: Exception) -> bool:
    """For `st.App(on_script_error=…)`: our own errors as they read, all others by a reference that the log has too."""
    if isinstance(error, ParleyError):
        if not error.is_expected:
            log.error("page_failed code=%s", error.code, exc_info=error)
        say(error)
        return True
    reference = new_id().hex[-8:]
    log.error("page_crashed reference=%s", reference, exc_info=error)
    st.error(
        f"Something went wrong here. Reload the page; if it stays, tell an admin the reference **{reference}**.",
        icon=":material/error:",
    )
    return True


def say(error: ParleyError) -> None:
    """Says it right here."""
    refusals.note(error)
    st.error(sentence_of(error), icon=":material/error:")


@contextmanager
def noticed() -> Iterator[None]:
    """For callbacks: an error of ours becomes a notice on the page that is drawn next."""
    forget()
    try:
        yield
    except ParleyError as error:
        keep_notice(error)


def forget() -> None:
    """At the beginning of a person's next action."""
    st.session_state.pop(NOTICE, None)
    st.session_state.pop(NOTE, None)


def keep_note(sentence: str | None) -> None:
    """Has it said on the page that is drawn next; None: nothing."""
    if sentence:
        st.session_state[NOTE] = as_label(sentence, LONGEST)


def sentence_of(error: ParleyError) -> str:
    """What to say of it here: times are the reader's own, and names and typed words in it are no markup."""
    if isinstance(error, Suspended) and error.until:
        return as_label(error.said(times.with_zone(error.until, times.zone())), 700)
    if isinstance(error, BudgetSpent) and error.resets_at:
        return as_sentence(error.said(times.with_zone(error.resets_at, times.zone())))
    return as_label(str(error), LONGEST) if isinstance(error, RefusedByRule) else as_sentence(str(error))


def keep_notice(error: ParleyError) -> None:
    """Has the error said on the page that is drawn next."""
    refusals.note(error)
    if not error.is_expected:
        log.error("action_failed code=%s", error.code, exc_info=error)
    st.session_state[NOTICE] = WHILE_AWAY if isinstance(error, DatabaseUnavailable) else sentence_of(error)


def is_noticed() -> bool:
    """Whether this draw says that something went wrong."""
    return NOTICE in st.session_state


def show_notice() -> None:
    """Draws what was kept, until the person's next action: a run may be cut short before anybody saw it."""
    place = st.empty()  # always there: what stands below keeps its place when the notice goes
    if sentence := st.session_state.get(NOTICE):
        place.error(sentence, icon=":material/error:")
    elif note := st.session_state.get(NOTE):
        place.info(note, icon=":material/visibility_off:")
