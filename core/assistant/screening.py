"""What people send, held against their company's rules, in the transaction that would keep it."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Any
from uuid import UUID

from sqlmodel import Session

from core.errors import Invalid
from core.models import AuditAction, Conversation, ConversationKind, Message, ReportReason, TargetType
from core.repositories.audit import Audit
from core.repositories.cases import Cases
from core.repositories.rules import Rules
from core.rules.screen import RuleSpec, Screen, Screened, told

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


def screened(
    session: Session, company_id: UUID, kind: ConversationKind, text: str, *, limit: int, before: str = ""
) -> Screened:
    """The text as it may be kept in a conversation of that kind. Raises RefusedByRule; Invalid where it has more than
    `limit` characters with what was taken out. `before`: what it replaces.
    """
    kept = _kept.get(session, company_id).look(text, kind, before=before)
    if kept.masked and len(kept.text) > limit:
        raise Invalid(f"{told(kept.masked)} That makes more than {limit:,} characters of it: shorten it.")
    return kept


def screened_data(session: Session, company_id: UUID, kind: ConversationKind, data: Any) -> Any:
    """The same for data as JSON has it: whatever is written in it somewhere."""
    return _looked_through(_kept.get(session, company_id), kind, data)


def _looked_through(screen: Screen, kind: ConversationKind, data: Any) -> Any:
    match data:
        case dict():
            pairs = ((screen.look(name, kind).text, value) for name, value in data.items())
            return {name: _looked_through(screen, kind, value) for name, value in pairs}
        case list():
            return [_looked_through(screen, kind, one) for one in data]
        case None | bool():
            return data
    written = str(data)
    kept = screen.look(written, kind).text
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
    moderators: dict[UUID, None] = {}
    for question in questions:
        rules = _kept.get(session, conversation.company_id).reports(question.content, conversation.kind)
        moderators |= dict.fromkeys(report_found(session, conversation, question, rules))
    return tuple(moderators)
