"""What is looked for in whatever people send: the company's rules, and a place to try them."""

import streamlit as st

from core import bootstrap
from core.models import MAX_MESSAGE
from core.permissions import Actor
from core.services.rules import Hit, RuleView
from core.ui import failures, guard, rule_dialogs, times
from core.ui.dialogs import tried
from core.ui.nothing import nothing
from core.ui.rule_words import ACTIONS, ICONS, LONGEST, looks_for, where, would
from core.ui.text import as_label

ABOUT = (
    "Rules look through what people send before it is kept: messages, edits, names of conversations and instructions. "
    "They act from the next message on, never on what is there already, and not on answers or imports."
)
MOST_SHOWN = 20


def rules_tab(actor: Actor) -> None:
    rules = bootstrap.current().rules.list_all(actor)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(ABOUT, width="stretch")
        if st.button("Add a rule", icon=":material/add:", type="primary", key="rule_add"):
            rule_dialogs.add(actor)
    if not rules:
        nothing("There is no rule yet, so nothing is looked for.")
    for rule in rules:
        _rule(actor, rule)
    _try_out(actor)


def _rule(actor: Actor, rule: RuleView) -> None:
    name = as_label(rule.name, LONGEST)
    does = f"{ACTIONS[rule.action]}, {where(rule.places)}" + ("" if rule.is_on else " :gray-badge[Off]")
    with st.container(border=True):
        words, acts = st.columns([7, 2], vertical_alignment="center")
        words.markdown(f"{ICONS[rule.kind]} **{name}** · {does}  \n{looks_for(rule)}  \n:small[{_since(rule)}]")
        with acts.container(horizontal=True, vertical_alignment="center", gap="small"):
            key = f"rule_on_{rule.id}_{rule.version}"
            st.toggle(
                f"“{name}” is on", rule.is_on, key=key, label_visibility="collapsed", on_change=_switch,
                args=(actor, rule, key),
            )  # fmt: skip
            if st.button("Change", type="tertiary", key=f"rule_change_{rule.id}", help=f"Change “{name}”"):
                rule_dialogs.change(actor, rule)
            if st.button("Delete", type="tertiary", key=f"rule_delete_{rule.id}", help=f"Delete “{name}”"):
                rule_dialogs.delete(actor, rule)


def _since(rule: RuleView) -> str:
    if rule.is_first:
        return "As it came with Parley."
    who = as_label(rule.changed_by or "somebody who is gone", 40)
    return f"Since {times.exact(rule.changed_at, times.zone())}, by {who}."


def _switch(actor: Actor, rule: RuleView, key: str) -> None:
    wanted = bool(st.session_state[key])
    with failures.noticed():
        try:
            bootstrap.current().rules.switch(guard.again(actor), rule.id, rule.version, on=wanted)
        except Exception:
            st.session_state[key] = rule.is_on  # it stays as it was
            raise


def _try_out(actor: Actor) -> None:
    with st.container(border=True), st.form("rule_try", border=False):
        text = st.text_area(
            "Try it",
            placeholder="Paste a text to see what the rules that are on would find in it.",
            help="Nothing of it is kept.",
            max_chars=MAX_MESSAGE,
            height=120,
            key="rule_try_text",
        )
        if st.form_submit_button("Look through it"):
            hits: list[Hit] = []
            if tried(lambda: hits.extend(bootstrap.current().rules.try_out(guard.again(actor), text))):
                show_hits(hits)


def show_hits(hits: list[Hit]) -> None:
    if not hits:
        st.markdown("Nothing is found in it.")
        return
    more = [f"- And {len(hits) - MOST_SHOWN:,} more."] if len(hits) > MOST_SHOWN else []
    st.markdown("\n".join([*map(would, hits[:MOST_SHOWN]), *more]))
