"""One event of the audit page, with what it changed."""

from dataclasses import replace
from datetime import tzinfo
from functools import partial

import streamlit as st

from core import bootstrap
from core.errors import NotFound
from core.models import Outcome
from core.permissions import Actor, Permission
from core.services.audit_query import AuditQuery
from core.services.audit_views import AuditDetail
from core.ui import times
from core.ui.audit_filters import go
from core.ui.audit_list import ROUND
from core.ui.audit_words import OUTCOMES, changes, did
from core.ui.parts import asked_again
from core.ui.text import as_label

LONGEST = 1_000
GONE = "There is no such event, or it is not yours to see."


def audit_event(actor: Actor, query: AuditQuery, where: tzinfo) -> None:
    """Opens it in a window of its own; closed, the address names it no longer."""
    st.dialog("Event", on_dismiss=partial(_closed, query))(asked_again(_drawn))(actor, query, where)


def _closed(query: AuditQuery) -> None:
    st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1
    go(replace(query, event=None))


def _drawn(actor: Actor, query: AuditQuery, where: tzinfo) -> None:
    assert query.event is not None
    try:
        detail = bootstrap.current().audit.get(actor, query.event)
    except NotFound:
        st.markdown(GONE)
        return
    line = detail.line
    words = [as_label(line.actor, 120), did(line.action, line.outcome), as_label(line.target, 240)]
    st.markdown(f"**{words[0]}** {words[1]} {words[2]}".rstrip() + ".")
    badge = ":red-badge[:material/block: Refused]" if line.outcome is Outcome.REFUSED else OUTCOMES[line.outcome]
    st.markdown(f"{times.exact(line.created_at, where)}:{line.created_at.astimezone(where):%S} · {badge}")
    if line.reason:
        st.markdown(f"Reason: {as_label(line.reason, LONGEST)}")
    _changed(detail)
    key = f" · its key {line.target_id}" if line.target_id else ""
    st.caption(f"Row {line.sequence:,} · `{line.action}`{key}")
    _others(actor, query, detail)


def _changed(detail: AuditDetail) -> None:
    line = detail.line
    for name, before, after in changes(line.before, line.after, detail.names):
        old = "" if before is None else as_label(before, LONGEST)
        new = "" if after is None else as_label(after, LONGEST)
        if before is None or after is None:
            said = new if before is None else f"{old} _(before)_"
        else:
            said = new if before == after else f":red[{old}] → :green[{new}]"
        st.markdown(f"**{as_label(name)}:** {said}")


def _others(actor: Actor, query: AuditQuery, detail: AuditDetail) -> None:
    line = detail.line
    with st.container(horizontal=True, gap="small"):
        if line.target_id:
            everything = AuditQuery(target_id=line.target_id, is_mine=query.is_mine, zone=query.zone)
            _link("All that was done to it", everything, key="audit_same_target")
        if line.actor_id and actor.may(Permission.AUDIT_VIEW) and not query.is_mine:
            _link("All that they did", AuditQuery(actor_id=line.actor_id, zone=query.zone), key="audit_same_actor")


def _link(label: str, query: AuditQuery, *, key: str) -> None:
    if st.button(label, type="tertiary", icon=":material/filter_alt:", key=key):
        go(query)
        st.rerun()
