"""What the moderation page is given: frozen, and free of the database."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.models import AuditAction, MessageRole
from core.repositories.case_lines import CaseLine, ReportLine
from core.repositories.overseen import OverseenLine
from core.services.search_views import Snippet

__all__ = ["CaseLine", "CaseView", "OverseenLine", "QueuePage", "ReportLine", "Said", "Step", "TextVersion"]


@dataclass(frozen=True, slots=True)
class QueuePage:
    lines: tuple[CaseLine, ...]
    following: str | None
    """Where the next page begins; None when this is the last one."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message around the reported one, or that one itself."""

    id: UUID
    seq: int
    role: MessageRole
    sender_name: str | None
    content: str
    """Of messages around it the beginning; empty when it is deleted."""
    created_at: datetime
    is_deleted: bool
    is_purged: bool
    is_notice: bool
    """What Parley itself wrote."""
    is_subject: bool


@dataclass(frozen=True, slots=True)
class TextVersion:
    """A text that the message had, or has."""

    content: str
    by: str | None
    """Who gave it this text; None for its author, and the assistant."""
    since: datetime
    reason: str
    """Why a moderator did; empty when none gave one, or it was no moderator."""
    by_moderator: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a case's story."""

    at: datetime
    who: str | None
    """None for somebody who reported it: the reports have their names."""
    action: AuditAction
    reason: str


@dataclass(frozen=True, slots=True)
class CaseView:
    line: CaseLine
    assistant_name: str
    said: tuple[Said, ...]
    """In order; empty when the message is gone."""
    text: str
    """The whole text of the message as it is now."""
    room_title: str | None
    """Of a company room, which moderators may read; None for all others."""
    seq: int | None
    versions: tuple[TextVersion, ...]
    """The first one first, the present one last; one only when it was never edited."""
    reports: tuple[ReportLine, ...]
    steps: tuple[Step, ...]
    history: tuple[CaseLine, ...]
    """The author's other cases, the newest first."""
    same_text: tuple[tuple[UUID, int], ...]
    """Other cases, with their versions, that can be decided together with this one."""
    can_claim: bool
    can_decide: bool
    can_restore: bool
    can_reopen: bool
    is_taken_back: bool
    """Whether its author deleted the message: then there is nothing left but to dismiss the reports."""
    why_not: str | None
    """Why nothing can be done about it; None when something can."""


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """A line of the moderators' list of messages."""

    line: OverseenLine
    snippet: Snippet


@dataclass(frozen=True, slots=True)
class MessagesPage:
    lines: tuple[FoundMessage, ...]
    following: str | None
    """Where the next page begins; None when this is the last one."""
    hints: tuple[str, ...] = ()
    """What of the search was not understood or finds nothing by itself, each a sentence."""
    is_cut: bool = False
    """True when it was not looked far enough to fill the page: `following` goes on from there."""


@dataclass(frozen=True, slots=True)
class OpenMessage:
    """One message beside that list, with what this moderator can do about it now."""

    view: CaseView
    """Without a case: as one that is closed, with nothing decided in it."""
    line: OverseenLine
    can_change: bool
    """Edit and delete."""
    can_restore: bool
    why_not: str | None
    """Why nothing can be done about it; None when something can."""

    @property
    def seen(self) -> tuple[UUID, int | None]:
        """The message, and the version of its case; for who acts on it."""
        return self.line.message_id, self.line.version
