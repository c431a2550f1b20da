"""For whom tools act in tests, and where."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from core import clock
from core.assistant.tools.registry import Caller
from core.database.engine import Database
from core.ids import new_id
from core.permissions import Actor


def caller_for(database: Database, actor: Actor, *, zone: str = "UTC", **given: Any) -> Caller:
    given = {"now": clock.now().astimezone(ZoneInfo(zone)), "client_key": new_id(), **given}
    return Caller(database=database, actor=actor, **given)


def in_room(database: Database, actor: Actor, room_id: UUID, **given: Any) -> Caller:
    return caller_for(database, actor, conversation_id=room_id, is_room=True, **given)
