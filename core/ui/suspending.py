"""Keeping somebody out for a time, and letting them in again."""

from collections.abc import Callable
from datetime import datetime, time, timedelta, tzinfo
from uuid import UUID

import streamlit as st

from core import bootstrap, clock
from core.errors import Invalid
from core.models import MAX_REASON
from core.permissions import Actor
from core.services.in_force_views import SuspensionLine
from core.services.suspensions import LONGEST
from core.ui import guard, times
from core.ui.dialogs import dialog, tried
from core.ui.text import as_label

LONGEST_NAME = 60
LONGEST_SHOWN = 500
HOUR, DAY, WEEK, CHOSEN = "1 hour", "1 day", "1 week", "Until …"
MORNING = timedelta(hours=8)
LASTS = {HOUR: timedelta(hours=1), DAY: timedelta(days=1), WEEK: timedelta(days=7)}


def until(line: SuspensionLine, where: tzinfo) -> str:
    """Like "until 3 May 2026, 14:00 · Insults · by Ada"."""
    by = f" · by {as_label(line.by, LONGEST_NAME)}" if line.by else ""
    return f"until {times.exact(line.until, where)} · {as_label(line.reason, LONGEST_SHOWN)}{by}"


def earlier(line: SuspensionLine, where: tzinfo) -> str:
    """Of one that is over: until when it was, why, and whether it was lifted before."""
    lifted = f" · lifted by {as_label(line.lifted_by or 'somebody', LONGEST_NAME)}" if line.lifted_at else ""
    note = f": {as_label(line.note, LONGEST_SHOWN)}" if line.note else ""
    return f"Suspended on {times.day(line.created_at, where)} {until(line, where)}{lifted}{note}"


@dialog("Suspend this person?")
def suspend_person(actor: Actor, case_id: UUID, name: str, told: Callable[[str], None]) -> None:
    st.markdown(f"**{as_label(name, LONGEST_NAME)}**")
    st.markdown(
        "Until then they can't sign in, read or write: at once, in every tab. It ends by itself. They are told until "
        "when and why; nobody else sees it but moderators. What they wrote stays. You can lift it at any time."
    )
    chosen = st.segmented_control("For how long", [HOUR, DAY, WEEK, CHOSEN], default=DAY, required=True)
    where, typed = times.zone(), None
    if chosen == CHOSEN:
        # The same at each run of this day: what was chosen would be lost otherwise.
        today = datetime.combine(clock.now().astimezone(where).date(), time())
        typed = st.datetime_input(
            f"Until ({times.zone_name(where)})", today + LASTS[WEEK] + MORNING, min_value=today,
            max_value=today + LONGEST, format="YYYY-MM-DD", key="suspend_until",
        )  # fmt: skip
    reason = st.text_input("Reason", placeholder="They read it when they try to sign in", max_chars=MAX_REASON)

    def suspend() -> None:
        bootstrap.current().suspensions.suspend(guard.again(actor), case_id, _moment(chosen, typed, where), reason)

    if st.button("Suspend", type="primary", key="suspend_now") and tried(suspend):
        told("Suspended. Lift takes it back.")
        st.rerun()


def _moment(chosen: str | None, typed: datetime | None, where: tzinfo) -> datetime:
    if chosen in LASTS:
        return clock.now() + LASTS[chosen]
    if typed is None:
        raise Invalid("Choose until when.")
    return typed.replace(tzinfo=where)


@dialog("Lift the suspension?")
def lift_suspension(actor: Actor, line: SuspensionLine, told: Callable[[str], None]) -> None:
    st.markdown(f"**{as_label(line.name or 'Somebody who has left', LONGEST_NAME)}**, {until(line, times.zone())}")
    st.markdown("They can come in again at once, where they were signed in as well, and are told so.")
    with st.form("lift", border=False):
        note = st.text_input("Note", placeholder="Optional; for moderators and the audit", max_chars=MAX_REASON)
        if st.form_submit_button("Lift", type="primary") and tried(
            lambda: bootstrap.current().suspensions.lift(guard.again(actor), line.id, note)
        ):
            told("Lifted. They can come in again.")
            st.rerun()
