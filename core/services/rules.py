"""Rules that a company holds what its people send against: made, changed, tried and deleted by moderators."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.database.engine import Database
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.lines import one_line
from core.models import (
    MAX_MESSAGE,
    MAX_RULE_NAME,
    AuditAction,
    ConversationKind,
    Rule,
    RuleAction,
    RuleKind,
    TargetType,
)
from core.permissions import Actor, Permission
from core.repositories.audit import Audit
from core.repositories.rules import Rules, RuleView, spec_of
from core.rules.patterns import MAX_PATTERN, checked_pattern
from core.rules.screen import Hit, RuleSpec, Screen
from core.rules.wordlists import MOST_WORDS, checked_words
from core.services.texts import checked_text, required_text

__all__ = ["MAX_PATTERN", "MOST_WORDS", "Hit", "RuleService", "RuleView", "WantedRule"]

MOST_RULES = 50
MOST_WORDS_TOLD = 50
"""Of a list's words that came or went, so many stand in the trail; all are counted."""
MAX_LIST = 600_000
"""Characters of what is typed for a list: more than its entries may have together."""
OTHER_TAB = "This rule was changed meanwhile, perhaps in another tab. Look at it again; nothing was done."


@dataclass(frozen=True, slots=True)
class WantedRule:
    name: str
    kind: RuleKind
    action: RuleAction
    places: tuple[ConversationKind, ...]
    words: str = ""
    """As typed: one a line."""
    pattern: str = ""


class RuleService:
    def __init__(self, database: Database) -> None:
        self.database = database

    def list_all(self, actor: Actor) -> tuple[RuleView, ...]:
        """By name."""
        actor.require(Permission.RULES_MANAGE)
        with self.database.reading() as session:
            return tuple(Rules(session).list_all(actor.company_id))

    def add(self, actor: Actor, wanted: WantedRule) -> UUID:
        """On from this moment. Raises Invalid with what is wrong; Conflict for a name that there is."""
        actor.require(Permission.RULES_MANAGE)
        values = _checked(wanted)
        with self.database.transaction() as session:
            rules = Rules(session)
            rules.change(actor.company_id)  # first, so that whoever else changes some waits
            if rules.count(actor.company_id) >= MOST_RULES:
                raise Invalid(f"There are {MOST_RULES} rules already. Delete one that is of no use any more.")
            _refuse_same_name(rules, actor, values["name"], but=None)
            rule = Rule(
                company_id=actor.company_id,
                is_on=True,
                version=1,
                changed_by=actor.user_id,
                changed_at=clock.now(),
                **values,
            )
            rules.put(rule)
            _record(
                session, actor, AuditAction.RULE_ADDED, rule, after=facts_of_rule(rule) | _told_words((), rule.words)
            )
        return rule.id

    def change(self, actor: Actor, rule_id: UUID, version: int, wanted: WantedRule) -> None:
        """From the next message on. Raises Invalid, NotFound; Conflict when it is not as it was seen any more."""
        actor.require(Permission.RULES_MANAGE)
        values = _checked(wanted)
        self._changed(actor, rule_id, version, values)

    def switch(self, actor: Actor, rule_id: UUID, version: int, *, on: bool) -> None:
        actor.require(Permission.RULES_MANAGE)
        self._changed(actor, rule_id, version, {"is_on": on})

    def delete(self, actor: Actor, rule_id: UUID, version: int) -> None:
        """For good. What it has done stays, and its reports keep its name."""
        actor.require(Permission.RULES_MANAGE)
        with self.database.transaction() as session:
            rule = _seen(session, actor, rule_id, version)
            Rules(session).remove(rule)
            before = facts_of_rule(rule) | _told_words(rule.words, ())
            _record(session, actor, AuditAction.RULE_DELETED, rule, before=before)

    def try_out(self, actor: Actor, text: str, wanted: WantedRule | None = None) -> tuple[Hit, ...]:
        """All that the rules which are on would find, or this one alone. Nothing of the text is kept."""
        actor.require(Permission.RULES_MANAGE)
        text = checked_text(text, field="The text", limit=MAX_MESSAGE)
        if wanted is not None:
            values = _checked(wanted)
            screen = Screen([_spec(values)])
        else:
            with self.database.reading() as session:
                screen = Screen(Rules(session).list_on(actor.company_id))
        return screen.explain(text)

    def _changed(self, actor: Actor, rule_id: UUID, version: int, values: dict[str, Any]) -> None:
        with self.database.transaction() as session:
            rule = _seen(session, actor, rule_id, version)
            before, words = facts_of_rule(rule), list(rule.words)
            if "name" in values:
                _refuse_same_name(Rules(session), actor, values["name"], but=rule.id)
            for name, value in values.items():
                setattr(rule, name, value)
            after = facts_of_rule(rule)
            if before == after and words == rule.words:
                return
            rule.version, rule.changed_by, rule.changed_at = rule.version + 1, actor.user_id, clock.now()
            Rules(session).put(rule)
            after |= _told_words(words, rule.words)
            _record(session, actor, AuditAction.RULE_CHANGED, rule, before=before, after=after)


def _seen(session: Session, actor: Actor, rule_id: UUID, version: int) -> Rule:
    """A rule as this person saw it; nobody else changes any until the transaction ends."""
    Rules(session).change(actor.company_id)
    rule = Rules(session).get(actor.company_id, rule_id)
    if rule is None:
        raise NotFound("This rule isn't here any more. Somebody deleted it.")
    if rule.version != version:
        raise Conflict(OTHER_TAB)
    return rule


def _refuse_same_name(rules: Rules, actor: Actor, name: str, *, but: UUID | None) -> None:
    if rules.is_named(actor.company_id, name, but=but):
        raise Conflict(f"There is a rule “{name}” already. Give this one another name.")


def _checked(wanted: WantedRule) -> dict[str, Any]:
    """The columns of a rule as it was wanted. Raises Invalid."""
    name = required_text(one_line(wanted.name), field="The rule's name", limit=MAX_RULE_NAME)
    if not wanted.places:
        raise Invalid("Choose where it looks: at least one kind of conversation.")
    is_words, is_pattern = wanted.kind is RuleKind.WORDS, wanted.kind is RuleKind.PATTERN
    words = checked_words(checked_text(wanted.words, field="The list", limit=MAX_LIST)) if is_words else []
    pattern = checked_text(wanted.pattern.strip("\r\n"), field="The pattern", limit=MAX_LIST) if is_pattern else ""
    if is_pattern:
        checked_pattern(pattern)
    places = [kind.value for kind in ConversationKind if kind in wanted.places]
    return {
        "name": name,
        "kind": wanted.kind,
        "action": wanted.action,
        "places": places,
        "words": words,
        "pattern": pattern,
    }


def _spec(values: dict[str, Any]) -> RuleSpec:
    rule = Rule(company_id=new_id(), is_on=True, changed_at=clock.now(), **values)
    return spec_of(rule)


def facts_of_rule(rule: Rule) -> dict[str, Any]:
    """What the trail says of it: a pattern is a setting, nothing that anybody has written to somebody."""
    facts: dict[str, Any] = {
        "name": rule.name,
        "kind": rule.kind.value,
        "action": rule.action.value,
        "on": rule.is_on,
        "places": list(rule.places),
    }
    if rule.kind is RuleKind.PATTERN:
        facts["pattern"] = rule.pattern
    if rule.kind is RuleKind.WORDS:
        facts["words"] = len(rule.words)
    return facts


def _told_words(before: Sequence[str], after: Sequence[str]) -> dict[str, list[str]]:
    old, new = set(before), set(after)
    came = [word for word in after if word not in old][:MOST_WORDS_TOLD]
    went = [word for word in before if word not in new][:MOST_WORDS_TOLD]
    return {name: words for name, words in (("words_added", came), ("words_removed", went)) if words}


def _record(
    session: Session,
    actor: Actor,
    action: AuditAction,
    rule: Rule,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    Audit(session).record(
        action,
        actor=actor,
        company_id=actor.company_id,
        target_type=TargetType.RULE,
        target_id=rule.id,
        before=before,
        after=after,
    )
