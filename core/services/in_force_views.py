"""What pages are given of suspensions and locked rooms: frozen, and free of the database."""

from datetime import datetime
from uuid import UUID

from core.repositories.room_locks import LockLine
from core.repositories.suspensions import SuspensionLine

__all__ = ["LockLine", "Place", "SuspensionLine"]

Place = tuple[datetime, UUID]
"""Behind which line the next page of a list begins."""
