"""What an export is about to give: frozen, and free of the database."""

from dataclasses import dataclass
from uuid import UUID

from core.transfer.formats import Format
from core.transfer.outgoing import EVERYTHING, Included

__all__ = ["EVERYTHING", "ExportPlan", "Format", "Included"]


@dataclass(frozen=True, slots=True)
class ExportPlan:
    conversation_ids: tuple[UUID, ...]
    messages: int
    """In all of them, as far as the reader may see them."""
    title: str
    """Of the only one; empty for several."""
    is_archive: bool
    """True for a ZIP, even with one file in it."""

    @property
    def conversations(self) -> int:
        return len(self.conversation_ids)
