"""How long what was said is kept, for admins: a rule for each kind of conversation, and what is held nevertheless."""

import streamlit as st

from core import bootstrap
from core.amounts import counted
from core.errors import Invalid
from core.models import ConversationKind
from core.permissions import Actor
from core.services.retention import checked_days, takes_more
from core.services.retention_views import DryRun, LastRun, RuleLine
from core.ui import failures, guard, times
from core.ui.dialogs import dialog, tried
from core.ui.legal_holds import legal_holds
from core.ui.text import as_label

NAMES = {
    ConversationKind.ASSISTANT: "Chats with the assistant",
    ConversationKind.DIRECT: "Direct chats",
    ConversationKind.GROUP: "Groups",
    ConversationKind.COMPANY: "Company rooms",
}
ICONS = {
    ConversationKind.ASSISTANT: ":material/chat:",
    ConversationKind.DIRECT: ":material/person:",
    ConversationKind.GROUP: ":material/group:",
    ConversationKind.COMPANY: ":material/domain:",
}
WHAT_STAYS = {
    ConversationKind.ASSISTANT: "A chat of which nothing is left goes as a whole, with its title.",
    ConversationKind.DIRECT: "The chat itself stays, for both.",
    ConversationKind.GROUP: "The group itself stays, with its members.",
    ConversationKind.COMPANY: "The room itself stays, with its members.",
}
EXPLAINED = (
    "Once a day, messages older than their rule says go for good: with earlier texts, reactions and comments, also "
    "from conversations that are archived or deleted. The ledger, with all sums and ratings, is kept."
)
FORESEEN = "retention_foreseen"


def retention(actor: Actor) -> None:
    kept = bootstrap.current().retention.read(actor)
    failures.show_notice()
    st.caption(EXPLAINED)
    for kind in ConversationKind:
        _rule(actor, kind, kept.rules.get(kind))
    if kept.last_run:
        st.caption(_told(kept.last_run))
    legal_holds(actor, kept.holds)


def _rule(actor: Actor, kind: ConversationKind, rule: RuleLine | None) -> None:
    with (
        st.container(border=True),
        st.container(horizontal=True, vertical_alignment="center", wrap=False),
    ):
        since = f"  \n:small[{_since(kind, rule)}]" if rule else ""
        st.markdown(f"{ICONS[kind]} **{NAMES[kind]}** · {_kept(rule)}{since}", width="stretch")
        if st.button("Change", type="tertiary", key=f"retention_set_{kind}", help=f"Change: {NAMES[kind]}"):
            st.session_state.pop(FORESEEN, None)
            _set(actor, kind, rule)


def _kept(rule: RuleLine | None) -> str:
    return f"kept for {counted(rule.days, 'day')}" if rule else "kept for good"


def _since(kind: ConversationKind, rule: RuleLine) -> str:
    who = as_label(rule.set_by or "somebody who is gone", 40)
    return f"{WHAT_STAYS[kind]} Since {times.exact(rule.set_at, times.zone())}, set by {who}."


def _told(run: LastRun) -> str:
    began = times.exact(run.began_at, times.zone())
    amount = run.gone.amount if run.gone.messages else "no messages"
    if run.finished_at is None:
        return f"A run began on {began} and is under way: {amount} have gone so far."
    return f"The last run began on {began}: {amount} went."


@dialog("Keep for how long?")
def _set(actor: Actor, kind: ConversationKind, rule: RuleLine | None) -> None:
    service = bootstrap.current().retention
    st.markdown(f"**{NAMES[kind]}**, now {_kept(rule)}")
    typed = st.text_input("Days", placeholder="90", key=f"retention_days_{kind}")
    days, confirmation = _typed_days(typed), ""
    if days is not None and takes_more(rule.days if rule else None, days):
        dry = _foreseen(actor, kind, days)
        if dry.is_nothing:
            st.info(_sentence(dry), icon=":material/delete_forever:")
        else:
            st.warning(_sentence(dry), icon=":material/delete_forever:")
        confirmation = st.text_input(
            f"What goes does not come back. Type {days} once more to confirm it",
            key=f"retention_confirm_{kind}_{days}",
        )
    reason = st.text_input("Reason", placeholder="Optional", help="Kept in the audit trail.", key="retention_reason")
    with st.container(horizontal=True):
        is_set = st.button("Set", type="primary", key="retention_save")
        is_end = rule is not None and st.button(
            "Keep for good",
            key="retention_remove",
            help="From now on nothing goes, also not in a run that is under way.",
        )
    if is_set and tried(
        lambda: service.set_rule(guard.again(actor), kind, typed, confirmation=confirmation, reason=reason)
    ):
        st.rerun()
    if is_end and tried(lambda: service.remove_rule(guard.again(actor), kind, reason=reason)):
        st.rerun()


def _typed_days(typed: str) -> int | None:
    try:
        return checked_days(typed) if typed.strip() else None
    except Invalid:
        return None  # said when it is sent


def _foreseen(actor: Actor, kind: ConversationKind, days: int) -> DryRun:
    """Counted once for each number, not with every click in the dialog."""
    found: dict[tuple[ConversationKind, int], DryRun] = st.session_state.setdefault(FORESEEN, {})
    if (kind, days) not in found:
        with st.spinner("Counting what would go …"):
            found[kind, days] = bootstrap.current().retention.dry_run(guard.again(actor), {kind: days})
    return found[kind, days]


def _sentence(dry: DryRun) -> str:
    held = f" {counted(dry.held, 'conversation')} {'is' if dry.held == 1 else 'are'} held." if dry.held else ""
    if dry.is_nothing:
        return f"At the next run nothing goes yet.{held}"
    verb = "goes" if dry.messages == 1 else "go"
    return f"At the next run {dry.amount} {verb} for good; the ledger is kept.{held}"
