"""What is shown of access to private conversations: frozen, and free of the database."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.repositories.access_lines import GrantLine, LookedInto, LookLine
from core.services.browse_views import BrowsedTranscript

__all__ = ["GrantLine", "GrantPage", "GrantRead", "LookLine", "Looked", "LookedInto", "LookedPage"]


@dataclass(frozen=True, slots=True)
class GrantPage:
    """Everybody's grants, the newest first. `following`: where the next page begins; None when this is the last one."""

    lines: tuple[GrantLine, ...]
    following: str | None


@dataclass(frozen=True, slots=True)
class GrantRead:
    """A page of a conversation, recorded before it was given."""

    grant: GrantLine
    transcript: BrowsedTranscript


@dataclass(frozen=True, slots=True)
class Looked:
    """Who looked into a conversation, with what they looked at, the newest first."""

    grant: GrantLine
    looks: Sequence[LookLine]
    has_more_looks: bool
    """True when there are earlier ones still."""


@dataclass(frozen=True, slots=True)
class LookedPage:
    lines: tuple[Looked, ...]
    following: str | None
