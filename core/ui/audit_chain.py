"""Whether the chain is whole, as far as that is known."""

from datetime import tzinfo

import streamlit as st

from core import bootstrap, clock
from core.amounts import counted
from core.permissions import Actor, Permission
from core.services.audit_views import ChainState
from core.ui import guard, times
from core.ui.audit_words import PROBLEMS

SMALL = 200_000
"""Rows that are verified while somebody waits: about three seconds."""
COMMAND = "python -m core audit verify"


def chain_state(actor: Actor, where: tzinfo) -> None:
    """In a row with what stands beside it. Not there for who sees their own acts only."""
    if not actor.may(Permission.AUDIT_VIEW):
        return
    checks = bootstrap.current().audit_checks
    state = checks.state(actor)
    place = st.container(width="content").empty()
    if state.rows > SMALL:
        place.caption(f"{words_of(state, where)} · `{COMMAND}` verifies it")
        return
    if st.button("Verify now", icon=":material/verified:", type="tertiary", key="audit_verify"):
        _verify(place, guard.again(actor))
        state = checks.state(actor)
    place.caption(words_of(state, where))


def words_of(state: ChainState, where: tzinfo) -> str:
    rows = counted(state.rows, "row")
    if state.checked_at is None:
        return f":material/link: Chain not verified yet · {rows}"
    when = _when(state, where)
    if state.problem:
        what = PROBLEMS[state.problem]
        return (
            f":red[:material/link_off: Chain broken at row {state.checked_rows + 1:,}: {what}] · found {when} · {rows}"
        )
    since = state.rows - state.checked_rows
    return f":material/link: Chain whole as of {when} · {rows}" + (f", {since:,} since" if since > 0 else "")


def _when(state: ChainState, where: tzinfo) -> str:
    assert state.checked_at
    is_today = state.checked_at.astimezone(where).date() == clock.now().astimezone(where).date()
    return times.clock_time(state.checked_at, where) if is_today else times.exact(state.checked_at, where)


def _verify(place: st.delta_generator.DeltaGenerator, actor: Actor) -> None:
    bar = place.progress(0.0, "Verifying the chain …")
    for step in bootstrap.current().audit_checks.verify_own(actor):
        share = step.rows / step.total if step.total else 1.0
        bar.progress(min(share, 1.0), f"Verifying the chain … {step.rows:,} of {step.total:,} rows")
