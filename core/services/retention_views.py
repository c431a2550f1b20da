"""What the retention service hands to pages and commands."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.amounts import counted
from core.models import ConversationKind
from core.repositories.legal_holds import HoldLine
from core.repositories.retention import RuleLine

__all__ = ["DryRun", "Gone", "HoldLine", "Holdable", "Kept", "LastRun", "RuleLine", "WantedHold"]


@dataclass(frozen=True, slots=True)
class DryRun:
    """What would go for good at the next run."""

    messages: int
    conversations: int
    held: int
    """Conversations of which something would go, were they not held."""
    is_least: bool
    """True when there was no time to count all: then each figure may be higher."""

    @property
    def amount(self) -> str:
        least = "at least " if self.is_least else ""
        return f"{least}{counted(self.messages, 'message')} in {counted(self.conversations, 'conversation')}"

    @property
    def is_nothing(self) -> bool:
        return not (self.messages or self.is_least)


@dataclass(frozen=True, slots=True)
class Gone:
    """What went of a run, by kind or altogether."""

    messages: int = 0
    conversations: int = 0
    """Of which something went."""
    chats: int = 0
    """Of these, the chats with the assistant of which nothing was left."""

    @property
    def amount(self) -> str:
        return f"{counted(self.messages, 'message')} in {counted(self.conversations, 'conversation')}"


@dataclass(frozen=True, slots=True)
class LastRun:
    began_at: datetime
    finished_at: datetime | None
    """None while it is under way."""
    gone: Gone


@dataclass(frozen=True, slots=True)
class Kept:
    """How long a company keeps what was said."""

    rules: dict[ConversationKind, RuleLine]
    """Kinds without one are kept for good."""
    holds: tuple[HoldLine, ...]
    last_run: LastRun | None


@dataclass(frozen=True, slots=True)
class Holdable:
    """Who and what can be held by name."""

    people: tuple[tuple[UUID, str], ...]
    rooms: tuple[tuple[UUID, str], ...]


@dataclass(frozen=True, slots=True)
class WantedHold:
    """Exactly one of the two; `conversation` is an id as typed, or chosen."""

    reason: str
    user_id: UUID | None = None
    conversation: str | None = None
