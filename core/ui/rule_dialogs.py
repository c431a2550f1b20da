"""Making, changing and deleting a rule, each in a window of its own."""

from dataclasses import dataclass

import streamlit as st

from core import bootstrap
from core.models import MAX_RULE_NAME, ConversationKind, RuleAction, RuleKind
from core.permissions import Actor
from core.services.rules import MAX_PATTERN, MOST_WORDS, Hit, RuleView, WantedRule
from core.ui import guard
from core.ui.dialogs import dialog, tried
from core.ui.rule_words import ACTIONS, EXPLAINED, FOLLOWS, KINDS, LONGEST, PLACES, would
from core.ui.text import as_label

PATTERN_HELP = (
    "As RE2 knows them: (?i) at the beginning ignores case, \\b is the edge of a word, \\d a digit. Looking ahead or "
    "behind and references back are not possible, so that none takes long."
)


@dataclass(frozen=True, slots=True)
class _Before:
    """What the fields begin with."""

    key: str
    name: str = ""
    kind: RuleKind = RuleKind.WORDS
    action: RuleAction = RuleAction.REPORT
    places: tuple[ConversationKind, ...] = tuple(PLACES)
    words: str = ""
    pattern: str = ""


@dialog("Add a rule")
def add(actor: Actor) -> None:
    wanted = _fields(actor, _Before("new"))
    if st.button("Add", type="primary", key="rule_save_new") and tried(
        lambda: bootstrap.current().rules.add(guard.again(actor), wanted)
    ):
        st.rerun()


@dialog("Change a rule")
def change(actor: Actor, rule: RuleView) -> None:
    before = _Before(
        f"{rule.id}_{rule.version}", rule.name, rule.kind, rule.action, rule.places, "\n".join(rule.words), rule.pattern
    )
    wanted = _fields(actor, before)
    if st.button("Save", type="primary", key=f"rule_save_{rule.id}") and tried(
        lambda: bootstrap.current().rules.change(guard.again(actor), rule.id, rule.version, wanted)
    ):
        st.rerun()


@dialog("Delete a rule")
def delete(actor: Actor, rule: RuleView) -> None:
    st.markdown(
        f"**{as_label(rule.name, LONGEST)}** finds nothing any more from the next message on. What it did stays, and "
        "its reports keep its name. It does not come back; to have it rest, switch it off instead."
    )
    if st.button("Delete it", type="primary", key=f"rule_end_{rule.id}") and tried(
        lambda: bootstrap.current().rules.delete(guard.again(actor), rule.id, rule.version)
    ):
        st.rerun()


def _fields(actor: Actor, before: _Before) -> WantedRule:
    key = before.key
    name = st.text_input("Name", before.name, max_chars=MAX_RULE_NAME, key=f"rule_name_{key}")
    kinds = list(KINDS)
    kind = st.selectbox(
        "It looks for", kinds, kinds.index(before.kind), format_func=KINDS.__getitem__, key=f"rule_kind_{key}"
    )
    st.caption(EXPLAINED[kind])
    words, pattern = before.words, before.pattern
    if kind is RuleKind.WORDS:
        words = st.text_area(
            "Words and phrases", words, placeholder="One on each line", height=140, key=f"rule_words_{key}",
            help=f"Up to {MOST_WORDS:,}. Chinese, Japanese and Korean are found also within other writing.",
        )  # fmt: skip
    elif kind is RuleKind.PATTERN:
        pattern = st.text_input(
            "Pattern", pattern, max_chars=MAX_PATTERN, placeholder=r"\bPRJ-\d{4}\b", key=f"rule_pattern_{key}",
            help=PATTERN_HELP,
        )  # fmt: skip
    action = st.segmented_control(
        "Then", list(ACTIONS), format_func=ACTIONS.__getitem__, default=before.action, required=True,
        key=f"rule_action_{key}",
    )  # fmt: skip
    st.caption(FOLLOWS[action])
    places = st.pills(
        "Where", list(PLACES), format_func=PLACES.__getitem__, selection_mode="multi", default=list(before.places),
        key=f"rule_places_{key}",
    )  # fmt: skip
    wanted = WantedRule(name, kind, action, tuple(places), words, pattern)
    _try_alone(actor, wanted, key)
    return wanted


def _try_alone(actor: Actor, wanted: WantedRule, key: str) -> None:
    """This rule alone, as it stands here."""
    text = st.text_area(
        "Try it", placeholder="A text to see what this rule would find in it. Nothing of it is kept.", height=80,
        key=f"rule_try_{key}",
    )  # fmt: skip
    if not text:
        return
    hits: list[Hit] = []
    named = WantedRule(
        wanted.name or "This rule", wanted.kind, wanted.action, wanted.places, wanted.words, wanted.pattern
    )
    if tried(lambda: hits.extend(bootstrap.current().rules.try_out(guard.again(actor), text, named))):
        st.markdown("\n".join(map(would, hits[:5])) or "Nothing is found in it.")
