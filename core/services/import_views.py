"""What an import would do, does and did: frozen, and free of the database."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Progress:
    read: int
    """Bytes of the file."""
    total: int
    conversations: int
    """Looked at so far, those that failed as well."""

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return min(self.read / self.total, 1.0) if self.total else 1.0


@dataclass(frozen=True, slots=True)
class Failure:
    """A conversation that does not come in."""

    title: str
    """Plain text; empty where there is none."""
    position: int
    """Which one in the file, from 1."""
    reason: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What there is to say of a file: before an import what would come in, after it what did."""

    conversations: int
    """New ones."""
    messages: int
    """Of those; earlier versions are counted too."""
    already: int
    """Conversations that were imported before, deleted ones too."""
    failed: int
    failures: tuple[Failure, ...]
    """The first of them."""
    notes: tuple[tuple[str, int], ...]
    """What is left out or changed, each with the number of new conversations that it is true of."""
    sources: tuple[str, ...]
    """The systems that they come from: "parley", "chatgpt", "open-webui"."""
    first_at: datetime | None
    last_at: datetime | None
    """When the first of the new ones began, and when something was said last."""
    trouble: str | None
    """A sentence when not all of the file was read: it is cut off, or the database went away."""

    @property
    def is_empty(self) -> bool:
        """Nothing in it could be read."""
        return not (self.conversations or self.already)
