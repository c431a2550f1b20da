"""Actors and targets of the audit trail in words, no more of them than the reader may know."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlmodel import Session

from core.ids import parse_id
from core.lines import one_line
from core.models import AuditAction, BudgetScope, ConversationKind, Outcome, TargetType
from core.permissions import Actor
from core.repositories.audit_lines import AuditRow
from core.repositories.audit_names import AuditNames, Place
from core.services.audit_views import AuditLine

NOT_SIGNED_IN, COMMAND_LINE, ITSELF = "Somebody", "The command line", "Parley"
OWN_ACCOUNT, COMPANY = "own account", "the company"
KINDS = {
    ConversationKind.ASSISTANT: "an assistant chat",
    ConversationKind.DIRECT: "a direct chat",
    ConversationKind.GROUP: "a group",
    ConversationKind.COMPANY: "a company room",
}
FIXED = {
    TargetType.INVITE: "an invite",
    TargetType.USAGE: "figures of usage",
    TargetType.AUDIT: "the audit trail",
    TargetType.RETENTION: "old messages",
    TargetType.LEGAL_HOLD: "a legal hold",
    TargetType.PERMISSION: "",
}
BY_ITSELF = (AuditAction.RETENTION_RUN_BEGUN, AuditAction.RETENTION_RUN_ENDED)
SHORT = 8


def short(key: UUID) -> str:
    """Enough of a key to tell a few apart; the end, as keys of one time begin alike."""
    return key.hex[-SHORT:]


def lines_of(session: Session, actor: Actor, rows: Sequence[AuditRow]) -> tuple[AuditLine, ...]:
    naming = Naming(session, actor, rows)
    return tuple(naming.line(row) for row in rows)


class Naming:
    def __init__(self, session: Session, actor: Actor, rows: Sequence[AuditRow]) -> None:
        """Asks once for each kind of what these rows name."""
        names, company_id, reader_id = AuditNames(session), actor.company_id, actor.user_id
        people = {key for row in rows for key in (row.actor_id, *_subjects(row))} | _targets(rows, TargetType.USER)
        self.people = names.of_people(company_id, {key for key in people if key})
        talks = _targets(rows, TargetType.CONVERSATION)
        self.conversations = names.of_conversations(company_id, talks, reader_id)
        self.messages = names.of_messages(company_id, _targets(rows, TargetType.MESSAGE), reader_id)

    def line(self, row: AuditRow) -> AuditLine:
        return AuditLine(
            sequence=row.sequence,
            id=row.id,
            created_at=row.created_at,
            actor_id=row.actor_id,
            actor=self._actor(row),
            action=row.action,
            target_type=row.target_type,
            target_id=row.target_id,
            target=self._target(row),
            outcome=row.outcome,
            reason=row.reason,
            before=row.before,
            after=row.after,
        )

    def person(self, key: UUID) -> str:
        name = self.people.get(key)
        return one_line(name) if name else f"someone who has left · {short(key)}"

    def _actor(self, row: AuditRow) -> str:
        if row.actor_id:
            return self.person(row.actor_id)
        is_by_rule = row.action == AuditAction.MESSAGE_REPORTED and "rule" in (row.after or {})
        if is_by_rule or row.action in BY_ITSELF:
            return ITSELF
        if row.target_type == TargetType.USER and "provider" in (row.after or {}) and row.outcome is Outcome.DONE:
            return ITSELF  # what came of a sign-in through a provider
        # Who reported a message, moderators see with the case.
        is_somebody = row.action in (AuditAction.SIGNED_IN, AuditAction.MESSAGE_REPORTED)
        return NOT_SIGNED_IN if is_somebody else COMMAND_LINE

    def _target(self, row: AuditRow) -> str:
        words: Mapping[str, Callable[[AuditRow], str]] = {
            TargetType.USER: self._user,
            TargetType.COMPANY: lambda _: COMPANY,
            TargetType.CONVERSATION: self._conversation,
            TargetType.MESSAGE: self._message,
            TargetType.BUDGET: self._budget,
            TargetType.PRICE: _price,
            TargetType.RULE: _rule,
            TargetType.RECORD: _record,
        }
        if row.target_type in words:
            return words[row.target_type](row)
        return FIXED.get(row.target_type, row.target_type)  # type: ignore[call-overload, no-any-return]

    def _user(self, row: AuditRow) -> str:
        if row.target_id is None:
            return ""
        return OWN_ACCOUNT if row.target_id == row.actor_id else self.person(row.target_id)

    def _conversation(self, row: AuditRow) -> str:
        if row.target_id is None:
            return "several conversations"
        found = self.conversations.get(row.target_id)
        return _place(found, row.target_id) if found else f"a conversation that is gone · {short(row.target_id)}"

    def _message(self, row: AuditRow) -> str:
        if row.target_id is None:
            return "messages"
        found = self.messages.get(row.target_id)
        return f"a message in {_place(found, None)}" if found else f"a message that is gone · {short(row.target_id)}"

    def _budget(self, row: AuditRow) -> str:
        facts = {**(row.before or {}), **(row.after or {})}
        match facts.get("scope"):
            case BudgetScope.COMPANY:
                return "the company's budget"
            case BudgetScope.ROLE:
                return f"the budget of each {facts.get('subject')}"
            case BudgetScope.PERSON if key := parse_id(str(facts.get("subject"))):
                return f"the budget of {self.person(key)}"
            case BudgetScope.ROOM:
                return "the budget of a room"
        return f"a budget · {short(row.target_id)}" if row.target_id else "a budget"


def keys_in(value: Any) -> Iterator[UUID]:
    """Whatever could be the key of a person."""
    match value:
        case str():
            if len(value) == 36 and (key := parse_id(value)):
                yield key
        case Mapping():
            for part in value.values():
                yield from keys_in(part)
        case list():
            for part in value:
                yield from keys_in(part)


def _subjects(row: AuditRow) -> Iterable[UUID]:
    """Of budgets: whose they are."""
    if row.target_type == TargetType.BUDGET:
        yield from keys_in(row.before)
        yield from keys_in(row.after)


def _targets(rows: Sequence[AuditRow], kind: TargetType) -> set[UUID]:
    return {row.target_id for row in rows if row.target_id and row.target_type == kind}


def _place(place: Place, key: UUID | None) -> str:
    if place.title:
        return f"“{one_line(place.title)}”"
    return f"{KINDS[place.kind]} · {short(key)}" if key else KINDS[place.kind]


def _rule(row: AuditRow) -> str:
    name = (row.after or row.before or {}).get("name")
    return f"the rule “{one_line(str(name))}”" if name else "a rule"


def _record(row: AuditRow) -> str:
    facts = row.after or row.before or {}
    kind = one_line(str(facts.get("kind") or "record"))
    if row.target_id is None:
        return f"{facts.get('count', 'several')} × {kind}"
    return f"a {kind} · {short(row.target_id)}"


def _price(row: AuditRow) -> str:
    model = (row.after or row.before or {}).get("model")
    return f"the price of {one_line(str(model))}" if model else "a price"
