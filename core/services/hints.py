"""How services tell that something changed, after the transaction; `core.database.events.Events` carries it on."""

from typing import Protocol
from uuid import UUID


class Hints(Protocol):
    """Nothing here raises or waits."""

    def publish(self, conversation_id: UUID) -> None:
        """Whoever has the conversation open is to look."""

    def publish_reads(self, conversation_id: UUID) -> None:
        """Somebody has read on there."""

    def publish_person(self, user_id: UUID) -> None:
        """What this person has not read is different now."""

    def publish_listed(self, conversation_id: UUID) -> None:
        """It has another name now, or is in other lists."""

    def publish_standing(self, user_id: UUID) -> None:
        """Whether this person may come in is different now."""

    def publish_rooms(self, user_id: UUID) -> None:
        """Which rooms this person is in, or what those are to them, is different now."""
