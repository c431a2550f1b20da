"""What people say of themselves: their name, the zone that they want times in, and how Parley looks."""

from zoneinfo import available_timezones

import streamlit as st

from core import bootstrap
from core.permissions import Actor
from core.services.identity import MAX_NAME
from core.ui import failures, guard, times
from core.ui.dialogs import dialog, tried
from core.ui.look import look_choice

BROWSER = "As the browser says"


def profile(actor: Actor) -> None:
    st.header("Profile", anchor=False)
    if st.button("Change my name", icon=":material/edit:", key="change_name"):
        _change_name(actor)
    zones = [None, *sorted(available_timezones())]
    st.selectbox(
        "Time zone", zones, index=zones.index(actor.chosen_time_zone) if actor.chosen_time_zone in zones else 0,
        format_func=lambda zone: zone.replace("_", " ") if zone else f"{BROWSER}: {_browsers()}", key="own_zone",
        on_change=_choose_zone, args=(actor,), filter_mode="contains",
    )  # fmt: skip
    st.caption("Times and days are those of this zone.")
    look_choice(actor)
    st.caption("In every browser of yours, from its next load on.")


def _browsers() -> str:
    return times.zone_name(times.browser_zone())


@dialog("Change my name")
def _change_name(actor: Actor) -> None:
    st.caption("Everybody here sees you under it, also where you wrote before.")
    with st.form("change_name", border=False):
        typed = st.text_input("Your name", actor.display_name, max_chars=MAX_NAME)
        if st.form_submit_button("Save", type="primary") and tried(lambda: _rename(actor, typed)):
            st.rerun()


def _rename(actor: Actor, typed: str) -> None:
    kept = bootstrap.current().profile.rename(guard.again(actor), typed)
    if kept != " ".join(typed.split()):
        failures.keep_note(f"A rule of your company changed it: you are called {kept} now.")


def _choose_zone(actor: Actor) -> None:
    with failures.noticed():
        bootstrap.current().profile.choose_zone(guard.again(actor), st.session_state["own_zone"])
