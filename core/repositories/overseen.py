"""What moderators may see of what was said: messages of their company's rooms, and of everything else what has a case.

Walks go along an index in the order of time, a few thousand entries at the most, and say how far they came.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.models import CaseStatus, ConversationKind, Decision, MessageRole, ReportReason
from core.repositories.base import Repository
from core.repositories.message_lines import IS_STEP
from core.repositories.search import REACH, Candidate, Position

MOST_ROOMS = 500


class Fate(StrEnum):
    """What became of messages with a case."""

    ANY = "any"
    THERE = "there"
    EDITED = "edited"
    """By a moderator, and there."""
    DELETED = "deleted"
    """By a moderator."""
    OPEN = "open"
    """Still to be decided about."""
    CLOSED = "closed"
    """Reported and decided."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which messages of a company. What is None narrows nothing."""

    company_id: UUID
    room_id: UUID | None = None
    author_id: UUID | None = None
    by_assistant: bool = False
    since: datetime | None = None
    until: datetime | None = None
    """Not included."""


@dataclass(frozen=True, slots=True)
class Walked:
    """What a walk found, the newest first."""

    found: list[Candidate]
    horizon: Position | None
    """Everything from there on was looked at; None: everything there is."""


@dataclass(frozen=True, slots=True)
class OverseenLine:
    message_id: UUID
    conversation_id: UUID
    seq: int
    kind: ConversationKind
    room_title: str | None
    """Of a company room; None for all others."""
    role: MessageRole
    sender_id: UUID | None
    sender_name: str | None
    """None for the assistant, and for who has no account here."""
    said_at: datetime
    content: str
    is_pending: bool
    is_superseded: bool
    is_edited: bool
    """By its author."""
    is_deleted: bool
    is_purged: bool
    """By a moderator, for good: its text is nowhere."""
    edit_reason: str | None
    delete_reason: str | None
    """A moderator's; None when its author deleted it, or nobody."""
    case_id: UUID | None
    """None: there is no case, and the fields behind it say nothing."""
    version: int | None
    status: CaseStatus | None
    decision: Decision | None
    report_count: int
    reasons: tuple[ReportReason, ...]
    claimed_by: UUID | None
    claimed_at: datetime | None
    claimed_name: str | None
    decided_name: str | None

    @property
    def position(self) -> Position:
        return self.said_at, self.message_id


class Overseen(Repository):
    def __init__(self, session: Any, reach: int = REACH) -> None:
        """`reach`: how many entries a walk looks at."""
        super().__init__(session)
        self.reach = reach

    def walk_cases(
        self, narrowed: Narrowed, fate: Fate, limit: int, before: Position | None = None, *, words: str = ""
    ) -> Walked:
        """Messages with a case, of every kind of conversation. `words`: a `tsquery`, which no deleted one fits."""
        return self._walk(_CASES, _FATES[fate], narrowed, limit, before, words=words)

    def walk_taken_back(self, narrowed: Narrowed, limit: int, before: Position | None = None) -> Walked:
        """What people deleted themselves."""
        return self._walk(_TAKEN_BACK, _IS_THEIRS, narrowed, limit, before)

    def _walk(
        self, source: str, which: str, narrowed: Narrowed, limit: int, before: Position | None, *, words: str = ""
    ) -> Walked:
        given, bounds = _bounds(narrowed, before)
        given |= {"words": words} if words else {}
        given |= {"company": narrowed.company_id, "limit": limit, "reach": self.reach}
        inner = source.format(bounds=bounds)
        walked = (_FITTING if words else _WALKED).format(inner=inner)
        statement = _WALK.format(walked=walked, held=" AND ".join([which, *_held(narrowed, given)]))
        found = [Candidate(row.key, row.said_at) for row in self.session.execute(text(statement), given)]
        if len(found) == limit:
            return Walked(found, found[-1].position)
        last = self.session.execute(text(_HORIZON.format(inner=inner)), given).one_or_none()
        return Walked(found, (last.said_at, last.key) if last else None)

    def list_lines(self, company_id: UUID, message_ids: Sequence[UUID], length: int) -> list[OverseenLine]:
        """Those of these messages that moderators of the company may see now, in the order given; of their texts the
        first `length` characters.
        """
        if not message_ids:
            return []
        given = {"company": company_id, "keys": list(message_ids), "length": length}
        return [_line(row._asdict()) for row in self.session.execute(_LINES, given)]

    def list_rooms(self, company_id: UUID) -> list[tuple[UUID, str]]:
        """Company rooms with their titles, the latest in use first; at most MOST_ROOMS."""
        return [tuple(row) for row in self.session.execute(_ROOMS, {"company": company_id, "limit": MOST_ROOMS})]


def _bounds(narrowed: Narrowed, before: Position | None) -> tuple[dict[str, Any], str]:
    bounds: dict[str, tuple[Any, str]] = {
        "since": (narrowed.since, "AND w.said_at >= :since"),
        "until": (narrowed.until, "AND w.said_at < :until"),
        "time": (before and before[0], "AND (w.said_at, w.key) < (:time, :key)"),
    }
    held = {name: value for name, (value, _) in bounds.items() if value is not None}
    return held | ({"key": before[1]} if before else {}), " ".join(bounds[name][1] for name in held)


def _held(narrowed: Narrowed, given: dict[str, Any]) -> list[str]:
    conditions = {
        "room": (narrowed.room_id, "m.conversation_id = :room"),
        "author": (narrowed.author_id, "m.sender_id = :author"),
        "role": (MessageRole.ASSISTANT.value if narrowed.by_assistant else None, "m.role = :role"),
    }
    held = []
    for name, (value, condition) in conditions.items():
        if value is not None:
            given[name] = value
            held.append(condition)
    return held


def _line(values: dict[str, Any]) -> OverseenLine:
    return OverseenLine(
        **values
        | {
            "kind": ConversationKind(values["kind"]),
            "role": MessageRole(values["role"]),
            "status": CaseStatus(values["status"]) if values["status"] else None,
            "decision": Decision(values["decision"]) if values["decision"] else None,
            "report_count": values["report_count"] or 0,
            "reasons": tuple(ReportReason(one) for one in values["reasons"] or ()),
        }
    )


_FATES = {
    Fate.ANY: "true",
    Fate.THERE: "m.deleted_at IS NULL",
    Fate.EDITED: "m.deleted_at IS NULL AND m.edit_reason IS NOT NULL",
    Fate.DELETED: "m.delete_reason IS NOT NULL",
    Fate.OPEN: "w.status <> 'closed'",
    Fate.CLOSED: "w.status = 'closed' AND w.reasons <> '{}'",
}
_CASES = """
    SELECT w.key, w.said_at, w.status, w.reasons FROM (
        SELECT message_id AS key, said_at, status, reasons FROM cases
        WHERE company_id = :company AND message_id IS NOT NULL
    ) w WHERE true {bounds} ORDER BY w.said_at DESC, w.key DESC"""
_OPEN_ROOM = "c.company_id = :company AND c.kind = 'company' AND c.deleted_at IS NULL"
# Those of private conversations are walked along as well: whose they are, their conversations say.
_TAKEN_BACK = """
    SELECT w.key, w.said_at FROM (
        SELECT id AS key, created_at AS said_at FROM messages WHERE deleted_at IS NOT NULL AND delete_reason IS NULL
    ) w WHERE true {bounds} ORDER BY w.said_at DESC, w.key DESC"""
_IS_THEIRS = f"""EXISTS (
    SELECT FROM conversations c LEFT JOIN cases k ON k.message_id = w.key
    WHERE c.id = m.conversation_id AND c.company_id = :company AND ({_OPEN_ROOM} OR k.id IS NOT NULL))"""
_WALKED = "({inner} LIMIT :reach)"
# The words first, and each by its key: most entries do not have them, and need no look at their message.
_FITTING = f"""(
    SELECT w.* FROM {_WALKED} w CROSS JOIN LATERAL (SELECT words FROM message_words WHERE message_id = w.key LIMIT 1) x
    WHERE x.words @@ CAST(:words AS tsquery) OFFSET 0)"""
_WALK = """
    SELECT w.key, w.said_at FROM {walked} w JOIN messages m ON m.id = w.key
    WHERE {held} ORDER BY w.said_at DESC, w.key DESC LIMIT :limit"""
_HORIZON = "SELECT w.key, w.said_at FROM ({inner} OFFSET :reach - 1 LIMIT 1) w"
_LINES = text(
    f"""
    SELECT m.id AS message_id, m.conversation_id, m.seq, c.kind,
        CASE WHEN {_OPEN_ROOM} THEN c.title END AS room_title, m.role, m.sender_id,
        coalesce(u.display_name, m.extra -> 'imported' -> 'sender' ->> 'name') AS sender_name, m.created_at AS said_at,
        left(m.content, :length) AS content, m.status = 'pending' AS is_pending,
        m.superseded_with_id IS NOT NULL AS is_superseded, m.edited_at IS NOT NULL AS is_edited,
        m.deleted_at IS NOT NULL AS is_deleted, m.purged_at IS NOT NULL AS is_purged, m.edit_reason, m.delete_reason,
        k.id AS case_id, k.version, k.status, k.decision, k.report_count, k.reasons, k.claimed_by, k.claimed_at,
        h.display_name AS claimed_name, d.display_name AS decided_name
    FROM unnest(CAST(:keys AS uuid[])) WITH ORDINALITY AS given (key, place)
    JOIN messages m ON m.id = given.key JOIN conversations c ON c.id = m.conversation_id
    LEFT JOIN cases k ON k.message_id = m.id LEFT JOIN users u ON u.id = m.sender_id
    LEFT JOIN users h ON h.id = k.claimed_by LEFT JOIN users d ON d.id = k.decided_by
    WHERE c.company_id = :company AND ({_OPEN_ROOM} OR k.id IS NOT NULL) AND m.message_type <> 'notice'
        AND NOT {IS_STEP.format(m="m")}
    ORDER BY given.place
    """
)
_ROOMS = text(
    f"""
    SELECT c.id, c.title FROM conversations c WHERE {_OPEN_ROOM} ORDER BY c.last_message_at DESC, c.id DESC LIMIT :limit
    """
)
