"""What the tab Rules calls things."""

import re
from collections.abc import Sequence

from core.models import ConversationKind, RuleAction, RuleKind
from core.services.rules import Hit, RuleView
from core.ui.text import as_label

KINDS = {
    RuleKind.SECRETS: "Keys, tokens and passwords",
    RuleKind.CARDS: "Card numbers",
    RuleKind.IBANS: "Bank accounts",
    RuleKind.WORDS: "Words on a list",
    RuleKind.PATTERN: "A pattern",
}
EXPLAINED = {
    RuleKind.SECRETS: "Private keys, keys and tokens of well-known services, and passwords in addresses.",
    RuleKind.CARDS: "Numbers with a payment card's length, beginning and checksum, however they are grouped.",
    RuleKind.IBANS: "IBANs with the right length and checksum.",
    RuleKind.WORDS: "Whole words and phrases, whatever their case and accents.",
    RuleKind.PATTERN: "A regular expression of your own.",
}
ICONS = {
    RuleKind.SECRETS: ":material/key:",
    RuleKind.CARDS: ":material/credit_card:",
    RuleKind.IBANS: ":material/account_balance:",
    RuleKind.WORDS: ":material/list:",
    RuleKind.PATTERN: ":material/regular_expression:",
}
ACTIONS = {RuleAction.REPORT: "Report", RuleAction.MASK: "Mask", RuleAction.REFUSE: "Refuse"}
FOLLOWS = {
    RuleAction.REPORT: "The message is sent and waits in the queue. Its author isn't told.",
    RuleAction.MASK: "What is found is replaced before anything is kept or sent to a model. The author is told.",
    RuleAction.REFUSE: "The message is not sent. It stays in its author's box, with the reason above it.",
}
WOULD = {RuleAction.REPORT: "reported", RuleAction.MASK: "masked", RuleAction.REFUSE: "refused"}
PLACES = {
    ConversationKind.ASSISTANT: "Chats with the assistant",
    ConversationKind.DIRECT: "Direct chats",
    ConversationKind.GROUP: "Groups",
    ConversationKind.COMPANY: "Company rooms",
}
LONGEST = 60


def looks_for(rule: RuleView) -> str:
    """As Markdown."""
    if rule.kind is RuleKind.PATTERN:
        return f"{KINDS[rule.kind]}: {_code(rule.pattern)}"
    if rule.kind is RuleKind.WORDS:
        first = as_label(", ".join(rule.words[:5]), LONGEST)
        more = f" and {len(rule.words) - 5:,} more" if len(rule.words) > 5 else ""
        return f"{KINDS[rule.kind]}: {first}{more}"
    return EXPLAINED[rule.kind].removesuffix(".")


def _code(pattern: str) -> str:
    """Within a line, whatever ticks are in it."""
    short = pattern if len(pattern) <= LONGEST else f"{pattern[: LONGEST - 1]}…"
    ticks = "`" * (max(map(len, re.findall("`+", short)), default=0) + 1)
    return f"{ticks} {short} {ticks}"


def where(places: Sequence[ConversationKind]) -> str:
    if len(places) == len(PLACES):
        return "everywhere"
    return ", ".join(PLACES[place] for place in places).lower()


def would(hit: Hit) -> str:
    """A line of what was found; as Markdown."""
    return (
        f"- Line {hit.line:,}: {hit.what.value}. {WOULD[hit.action].capitalize()} by “{as_label(hit.name, LONGEST)}”."
    )
