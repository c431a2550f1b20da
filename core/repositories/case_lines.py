"""The queue of cases as a list, along an index in its order, and what is shown beside one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from core.models import AuditAction, CaseStatus, ConversationKind, Decision, MessageRole, ReportReason
from core.repositories.base import Repository

SNIPPET = 200
MOST_EVENTS = 60
Position = tuple[CaseStatus, datetime, UUID]
"""The status, the moment that the list is in order of, and the key."""


@dataclass(frozen=True, slots=True)
class CaseWanted:
    """Cases of a company. What is None narrows nothing."""

    company_id: UUID
    statuses: tuple[CaseStatus, ...]
    """In this order, one behind the other."""
    reason: ReportReason | None = None
    kind: ConversationKind | None = None
    author_id: UUID | None = None
    by_assistant: bool = False
    reviewer_id: UUID | None = None
    """Who claimed or decided it."""
    since: datetime | None = None
    """Of the moment that the list is in order of: waiting since, or decided at."""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class CaseLine:
    id: UUID
    status: CaseStatus
    version: int
    kind: ConversationKind
    role: MessageRole
    message_id: UUID | None
    subject_id: UUID
    conversation_id: UUID
    author_id: UUID | None
    author_name: str | None
    """None for the assistant, and for who has no account here."""
    waiting_since: datetime
    first_reported_at: datetime
    report_count: int
    reasons: tuple[ReportReason, ...]
    claimed_by: UUID | None
    claimed_at: datetime | None
    claimed_name: str | None
    decision: Decision | None
    decided_at: datetime | None
    decided_name: str | None
    reason: str
    snippet: str

    @property
    def position(self) -> Position:
        moment = self.decided_at if self.status is CaseStatus.CLOSED else self.waiting_since
        assert moment  # a closed case has it, as a constraint says
        return self.status, moment, self.id


@dataclass(frozen=True, slots=True)
class ReportLine:
    reporter_name: str | None
    """None for a rule, and for who has left."""
    reason: ReportReason
    comment: str
    created_at: datetime
    rule: str = ""
    """What the rule was called; empty for a person."""


@dataclass(frozen=True, slots=True)
class EventLine:
    """A step in a case's story, as the audit trail has it."""

    created_at: datetime
    actor_name: str | None
    action: AuditAction
    reason: str


class CaseLines(Repository):
    def list_page(self, wanted: CaseWanted, *, after: Position | None = None, limit: int) -> list[CaseLine]:
        """What is open or claimed by how long it waits, the longest first; what is closed the newest first."""
        found: list[CaseLine] = []
        statuses = wanted.statuses
        if after:
            statuses = statuses[statuses.index(after[0]) :] if after[0] in statuses else ()
        for status in statuses:
            place = after if after and after[0] is status else None
            found += self._list(wanted, status, place, limit - len(found))
            if len(found) >= limit:
                break
        return found

    def _list(self, wanted: CaseWanted, status: CaseStatus, place: Position | None, limit: int) -> list[CaseLine]:
        statement, given = queue_statement(wanted, status, place, limit)
        return [_line(row) for row in self.session.execute(text(statement), given)]

    def get(self, company_id: UUID, case_id: UUID) -> CaseLine | None:
        statement = f"{_LINE} WHERE c.company_id = :company AND c.id = :id"
        row = self.session.execute(text(statement), {"company": company_id, "id": case_id}).one_or_none()
        return _line(row) if row else None

    def list_of_author(self, company_id: UUID, author_id: UUID, but: UUID, limit: int) -> list[CaseLine]:
        """The author's other cases, the newest first."""
        statement = f"""{_LINE} WHERE c.company_id = :company AND c.author_id = :author AND c.id <> :but
            ORDER BY c.first_reported_at DESC, c.id DESC LIMIT :limit"""
        given = {"company": company_id, "author": author_id, "but": but, "limit": limit}
        return [_line(row) for row in self.session.execute(text(statement), given)]

    def list_same_text(self, case: CaseLine, reader_id: UUID, limit: int) -> list[tuple[UUID, int]]:
        """Other cases, with their versions, that this moderator may decide and that were reported with this text."""
        statement = """
            SELECT c.id, c.version FROM cases c JOIN cases this ON this.id = :id
            WHERE c.company_id = this.company_id AND c.text_hash = this.text_hash AND c.id <> this.id
                AND c.status <> 'closed' AND (c.status = 'open' OR c.claimed_by = :me)
                AND c.author_id IS DISTINCT FROM :me AND c.message_id IS NOT NULL
            ORDER BY c.id LIMIT :limit"""
        given = {"id": case.id, "me": reader_id, "limit": limit}
        return [(row.id, row.version) for row in self.session.execute(text(statement), given)]

    def list_reports(self, case_id: UUID) -> list[ReportLine]:
        """In the order in which they came."""
        statement = """SELECT u.display_name, r.reason, r.comment, r.created_at, r.rule FROM reports r
            LEFT JOIN users u ON u.id = r.reporter_id WHERE r.case_id = :id ORDER BY r.id"""
        rows = self.session.execute(text(statement), {"id": case_id})
        return [ReportLine(row[0], ReportReason(row[1]), row[2], row[3], row[4]) for row in rows]

    def list_events(self, company_id: UUID, subject_id: UUID) -> list[EventLine]:
        """What moderators did, the newest first: at most MOST_EVENTS."""
        statement = """SELECT e.created_at, u.display_name, e.action, e.reason FROM audit_events e
            LEFT JOIN users u ON u.id = e.actor_id
            WHERE e.company_id = :company AND e.target_id = :subject AND e.action = ANY(:actions)
            ORDER BY e.created_at DESC, e.sequence DESC LIMIT :limit"""
        actions = [one.value for one in AuditAction if one.subject == "moderation"]
        given = {"company": company_id, "subject": subject_id, "actions": actions, "limit": MOST_EVENTS}
        rows = self.session.execute(text(statement), given)
        return [EventLine(row[0], row[1], AuditAction(row[2]), row[3]) for row in rows]

    def list_reviewers(self, company_id: UUID) -> list[tuple[UUID, str]]:
        """Who may work on cases now, by name."""
        statement = """SELECT u.id, u.display_name FROM users u JOIN user_roles r ON r.user_id = u.id
            WHERE u.company_id = :company AND r.role = 'moderator' ORDER BY lower(u.display_name), u.id"""
        return [(row[0], row[1]) for row in self.session.execute(text(statement), {"company": company_id})]


def queue_statement(
    wanted: CaseWanted, status: CaseStatus, place: Position | None, limit: int
) -> tuple[str, dict[str, Any]]:
    """The cases of one status behind a place. The page is cut off before names and texts are looked up."""
    is_closed = status is CaseStatus.CLOSED
    moment, direction, beyond = ("decided_at", " DESC", "<") if is_closed else ("waiting_since", "", ">")
    # The status stands in the statement itself: only then does the planner match it with a partial index.
    held = ["c.company_id = :company", f"c.status = '{status.value}'"]
    given: dict[str, Any] = {"company": wanted.company_id, "limit": limit}
    for condition, name, value in (
        ("c.reasons @> ARRAY[CAST(:reason AS varchar)]", "reason", wanted.reason and wanted.reason.value),
        ("c.kind = :kind", "kind", wanted.kind and wanted.kind.value),
        ("c.author_id = :author", "author", wanted.author_id),
        ("c.role = :role", "role", MessageRole.ASSISTANT.value if wanted.by_assistant else None),
        (f"c.{'decided_by' if is_closed else 'claimed_by'} = :reviewer", "reviewer", wanted.reviewer_id),
        (f"c.{moment} >= :since", "since", wanted.since),
        (f"c.{moment} < :until", "until", wanted.until),
    ):
        if value is not None:
            held.append(condition)
            given[name] = value
    if place:
        held.append(f"(c.{moment}, c.id) {beyond} (:place_at, :place_id)")
        given |= {"place_at": place[1], "place_id": place[2]}
    order = f"c.{moment}{direction}, c.id{direction}"
    page = f"SELECT * FROM cases c WHERE {' AND '.join(held)} ORDER BY {order} LIMIT :limit"
    return f"{_LINE.replace('FROM cases c', f'FROM ({page}) c')} ORDER BY {order}", given


_LINE = f"""
    SELECT c.id, c.status, c.version, c.kind, c.role, c.message_id, c.subject_id, c.conversation_id, c.author_id,
        a.display_name AS author_name, c.waiting_since, c.first_reported_at, c.report_count, c.reasons, c.claimed_by,
        c.claimed_at, k.display_name AS claimed_name, c.decision, c.decided_at, d.display_name AS decided_name,
        c.reason, coalesce(left(m.content, {SNIPPET}), '') AS snippet
    FROM cases c LEFT JOIN messages m ON m.id = c.message_id LEFT JOIN users a ON a.id = c.author_id
    LEFT JOIN users k ON k.id = c.claimed_by LEFT JOIN users d ON d.id = c.decided_by"""


def _line(row: Row[Any]) -> CaseLine:
    values = row._asdict()
    reasons: Sequence[str] = values["reasons"]
    return CaseLine(
        **values
        | {
            "status": CaseStatus(values["status"]),
            "kind": ConversationKind(values["kind"]),
            "role": MessageRole(values["role"]),
            "decision": Decision(values["decision"]) if values["decision"] else None,
            "reasons": tuple(ReportReason(one) for one in reasons),
        }
    )
