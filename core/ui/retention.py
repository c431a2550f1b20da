"""How long what was said is kept, for admins: a rule for each kind of conversation, and what is held nevertheless."""

import streamlit as st

from core import bootstrap
from core.errors import Invalid
from core.models import ConversationKind
from core.permissions import Actor
from core.services.retention import checked_days, takes_more
from core.services.retention_views import DryRun, LastRun, RuleLine, counted
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
    with st.container(border=True, gap="small"):
        st.markdown(f"{ICONS[kind]} **{NAMES[kind]}** · {_kept(rule)}  \n:small[{_since(kind, rule)}]")
        with st.container(horizontal=True):
            label = "Change" if rule else "Keep for a time"
            if st.button(
                label, icon=":material/edit:", type="tertiary", key=f"retention_set_{kind}",
                help=f"{label}: {NAMES[kind]}",
            ):  # fmt: skip
                st.session_state.pop(FORESEEN, None)
                _set(actor, kind, rule)
            if rule and st.button(
                "Keep for good", icon=":material/all_inclusive:", type="tertiary", key=f"retention_remove_{kind}",
                help=f"Keep for good: {NAMES[kind]}",
            ):  # fmt: skip
                _remove(actor, kind)


def _kept(rule: RuleLine | None) -> str:
    return f"kept for {counted(rule.days, 'day')}" if rule else "kept for good"


def _since(kind: ConversationKind, rule: RuleLine | None) -> str:
    if rule is None:
        return "Nothing goes until somebody deletes it."
    who = as_label(rule.set_by or "somebody who is gone", 40)
    return f"{WHAT_STAYS[kind]} Since {times.exact(rule.set_at, times.zone())}, set by {who}."


def _told(run: LastRun) -> str:
    began, amount = times.exact(run.began_at, times.zone()), run.gone.amount
    if run.finished_at is None:
        return f"A run began on {began} and is under way: {amount} have gone so far."
    return f"The last run began on {began}: {amount} went."


@dialog("Keep for how long?")
def _set(actor: Actor, kind: ConversationKind, rule: RuleLine | None) -> None:
    st.markdown(f"**{NAMES[kind]}**, now {_kept(rule)}")
    typed = st.text_input("Days", placeholder="90", key=f"retention_days_{kind}")
    days, confirmation = _typed_days(typed), ""
    if days is not None and takes_more(rule.days if rule else None, days):
        st.warning(_sentence(_foreseen(actor, kind, days)), icon=":material/delete_forever:")
        confirmation = st.text_input(
            f"It can't be undone. Type {days} once more to confirm it", key=f"retention_confirm_{kind}_{days}"
        )
    reason = st.text_input("Reason", placeholder="Optional", help="Kept in the audit trail.", key="retention_reason")
    service = bootstrap.current().retention
    if st.button("Set", type="primary", key="retention_save") and tried(
        lambda: service.set_rule(guard.again(actor), kind, typed, confirmation=confirmation, reason=reason)
    ):
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


@dialog("Keep for good?")
def _remove(actor: Actor, kind: ConversationKind) -> None:
    st.markdown(
        f"**{NAMES[kind]}**: from now on nothing of them goes, also not in a run that is under way. What has gone does "
        "not come back."
    )
    reason = st.text_input("Reason", placeholder="Optional", help="Kept in the audit trail.", key="retention_why")
    service = bootstrap.current().retention
    if st.button("Keep them for good", type="primary", key="retention_remove") and tried(
        lambda: service.remove_rule(guard.again(actor), kind, reason=reason)
    ):
        st.rerun()
