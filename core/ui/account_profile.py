"""What people say of themselves: their name and the zone that they want times in."""

from zoneinfo import available_timezones

import streamlit as st

from core import bootstrap
from core.permissions import Actor
from core.services.identity import MAX_NAME
from core.ui import failures, guard, times

BROWSER = "As the browser says"


def profile(actor: Actor) -> None:
    st.subheader("Profile", anchor=False)
    st.text_input("Your name", actor.display_name, max_chars=MAX_NAME, key=f"own_name_{actor.display_name}")
    st.button(
        "Save name", key="save_name", on_click=_rename, args=(actor,), help="Everybody here sees you under this name."
    )
    zones = [None, *sorted(available_timezones())]
    st.selectbox(
        "Time zone", zones, index=zones.index(actor.chosen_time_zone) if actor.chosen_time_zone in zones else 0,
        format_func=lambda zone: zone.replace("_", " ") if zone else f"{BROWSER}: {_browsers()}", key="own_zone",
        on_change=_choose_zone, args=(actor,), filter_mode="contains",
    )  # fmt: skip
    st.caption("Times and days are those of this zone. Light or dark follows your device.")


def _browsers() -> str:
    return times.zone_name(times.browser_zone())


def _rename(actor: Actor) -> None:
    with failures.noticed():
        typed = st.session_state[f"own_name_{actor.display_name}"]
        kept = bootstrap.current().profile.rename(guard.again(actor), typed)
        if kept != " ".join(typed.split()):
            failures.keep_note(f"A rule of your company changed it: you are called {kept} now.")


def _choose_zone(actor: Actor) -> None:
    with failures.noticed():
        bootstrap.current().profile.choose_zone(guard.again(actor), st.session_state["own_zone"])
