"""What the audit page asks for and gets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from core.models import ChainProblem, Outcome


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One event, with its actor and target in words that this reader may know."""

    sequence: int
    id: UUID
    created_at: datetime
    actor_id: UUID | None
    actor: str
    action: str
    target_type: str
    target_id: UUID | None
    target: str
    outcome: Outcome
    reason: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """The newest first. `newer`, `older`: marks of what is next to it; None where there is nothing."""

    lines: tuple[AuditLine, ...]
    newer: str | None = None
    older: str | None = None
    looked_to: datetime | None = None
    """Where looking ended before the page was full: further on there may be more that fits."""


@dataclass(frozen=True, slots=True)
class AuditDetail:
    line: AuditLine
    names: Mapping[str, str]
    """Of people whose keys stand in `before` and `after`, by those keys."""


@dataclass(frozen=True, slots=True)
class ChainState:
    rows: int
    checked_at: datetime | None = None
    """None: it was never verified."""
    checked_rows: int = 0
    """So many were whole then."""
    problem: ChainProblem | None = None
    """Of the row after those."""


@dataclass(frozen=True, slots=True)
class Verified:
    """Where a verification is. `is_over` with the last one."""

    rows: int
    """Whole up to here."""
    total: int
    is_over: bool = False
    broken: "BrokenLink | None" = None


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """The first one. `created_at`: when its row was written; None when there is none, then `after` is the last whole
    row's moment, None before the first.
    """

    company: str
    sequence: int
    problem: ChainProblem
    created_at: datetime | None
    after: datetime | None
