"""What people send, held against their company's rules, in the transaction that would keep it."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Any
from uuid import UUID

from sqlmodel import Session

from core.models import AuditAction, Conversation, ConversationKind, Message, ReportReason, TargetType
from core.repositories.audit import Audit
from core.repositories.cases import Cases
from core.repositories.rules import Rules
from core.rules.screen import RuleSpec, Screen, Screened

MOST_KEPT = 200
"""Companies whose rules a process keeps ready."""


class _Kept:
    """The rules of companies as they were read last, made ready once. By their version they are known to be old."""

    def __init__(self) -> None:
        self._screens: OrderedDict[UUID, tuple[int, Screen]] = OrderedDict()
        self._lock = Lock()

    def get(self, session: Session, company_id: UUID) -> Screen:
        """One query by a primary key, unless the rules were changed: whoever changed them has counted that up."""
        version = Rules(session).get_version(company_id)
        with self._lock:
            kept = self._screens.get(company_id)
        if kept and kept[0] == version:
            return kept[1]
        screen = Screen(Rules(session).list_on(company_id))
        with self._lock:
            self._screens[company_id] = version, screen
            self._screens.move_to_end(company_id)
            while len(self._screens) > MOST_KEPT:
                self._screens.popitem(last=False)
        return screen


_kept = _Kept()


def screened(session: Session, company_id: UUID, kind: ConversationKind, text: str, *, before: str = "") -> Screened:
    """The text as it may be kept in a conversation of that kind. Raises RefusedByRule. `before`: what it replaces."""
    return _kept.get(session, company_id).look(text, kind, before=before)


def screened_data(session: Session, company_id: UUID, kind: ConversationKind, data: Any) -> Any:
    """The same for data as JSON has it: whatever is written in it somewhere."""
    match data:
        case dict():
            return {
                screened(session, company_id, kind, name).text: screened_data(session, company_id, kind, value)
                for name, value in data.items()
            }
        case list():
            return [screened_data(session, company_id, kind, one) for one in data]
        case None | bool():
            return data
    written = str(data)
    kept = screened(session, company_id, kind, written).text
    return data if kept == written else kept


def report_found(
    session: Session, conversation: Conversation, message: Message, rules: Sequence[RuleSpec]
) -> tuple[UUID, ...]:
    """Opens a case of the message, a report for each of these rules. Call it last: it writes to the trail.

    Those who are to be told, after the transaction. A rule that has reported the message before moves its report on.
    """
    if not rules:
        return ()
    cases = Cases(session)
    for rule in rules:
        is_new = not cases.is_reported_by(message.id, rule.id)
        case_id = cases.open(conversation, message, ReportReason.AUTOMATIC, reports=int(is_new))
        cases.put_rule_report(case_id, rule.id, rule.name)
    moderators = tuple(cases.list_moderators(conversation.company_id))
    for rule in rules:
        Audit(session).record(
            AuditAction.MESSAGE_REPORTED,
            actor=None,
            company_id=conversation.company_id,
            target_type=TargetType.MESSAGE,
            target_id=message.id,
            after={"reason": ReportReason.AUTOMATIC.value, "kind": conversation.kind.value, "rule": rule.name},
        )
    return moderators


def report_asked(session: Session, conversation: Conversation, questions: Iterable[Message]) -> tuple[UUID, ...]:
    """The same for questions that have waited, by the rules of now: they are messages only since their turn came."""
    told: dict[UUID, None] = {}
    for question in questions:
        rules = screen_reports(session, conversation, question.content)
        told |= dict.fromkeys(report_found(session, conversation, question, rules))
    return tuple(told)


def screen_reports(session: Session, conversation: Conversation, text: str) -> tuple[RuleSpec, ...]:
    """The rules that have a text reported which is kept already, whatever others would have done with it."""
    return _kept.get(session, conversation.company_id).reports(text, conversation.kind)
