"""One open event stream: what its browser should know by now, and what it was told."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

import anyio

from core.permissions import Actor, Permission
from core.services.presence import Here
from core.services.watching import ReadMark, RoomUnread

KEEP_ALIVE = 25.0
"""Seconds; what is silent for much longer, proxies take for dead."""
BEGIN = "retry: 2000\n\n"
NOTHING_NEW = ":\n\n"
SIGNED_OUT = "event: signed-out\ndata:\n\n"
GONE = "gone"
"""The state of a conversation that can't be read any more."""

Unread = Mapping[UUID, RoomUnread]
READ_ALL = RoomUnread(0, 0, muted=False)


def frame(event: str, data: str) -> str:
    return f"event: {event}\ndata: {data}\n\n"


@dataclass(slots=True)
class Known:
    """None: not known yet, or nothing that there is in this conversation."""

    state: str | None
    here: str | None = None
    reads: str | None = None
    unread: Unread | None = None
    cases: int | None = None
    due: int | None = None
    tasks: int = 0
    """Counts up when tasks that they see are different."""
    rooms: int = 0
    """Counts up when the list of their rooms is another one."""
    grown: tuple[UUID, int] | None = None
    """The run that writes an answer, and how long that is."""


class Listener:
    """For the event loop on which it was made."""

    def __init__(
        self,
        actor: Actor,
        session_id: UUID,
        conversation_id: UUID | None = None,
        seen: str = "",
        *,
        is_in_room: bool = False,
    ) -> None:
        """`seen`: the state of the conversation that the browser has."""
        self.session_id = session_id
        self.user_id = actor.user_id
        self.roles = actor.roles
        self.may_chat = actor.may(Permission.CHAT_USE)
        self.is_counted_for = any(
            map(actor.may, (Permission.CHAT_USE, Permission.RECORDS_KEEP, Permission.MODERATION_WORK))
        )
        """Whether there are numbers that this one is to know."""
        self.conversation_id = conversation_id
        self.is_in_room = is_in_room
        self._known = Known(seen)
        self._told = Known(seen)
        self._farewell: str | None = None
        self._woken = asyncio.Event()

    async def frames(self) -> AsyncIterator[str]:
        """Whatever differs from what was told, now and later, until it is ended."""
        yield BEGIN
        while True:
            for one in self._news():
                yield one
            if self._farewell is not None:
                if self._farewell:
                    yield self._farewell
                return
            with anyio.move_on_after(KEEP_ALIVE) as waiting:
                await self._woken.wait()
            self._woken.clear()
            if waiting.cancelled_caught:
                yield NOTHING_NEW

    def end(self, farewell: str = "") -> None:
        self._farewell = farewell
        self._woken.set()

    def know_state(self, state: str | None) -> None:
        """None: they may not read it any more, and that is the last they hear."""
        if state is None:
            self.end(frame("changed", GONE))
        else:
            self._known.state = state
            self._woken.set()

    def know_here(self, here: Here) -> None:
        self._known.here = json.dumps({"count": here.count, "names": here.names})
        self._woken.set()

    def know_reads(self, marks: list[ReadMark] | None) -> None:
        """None: in this conversation nobody is told who has read what."""
        if marks is None and self._known.reads is None:
            return
        others = [{"name": one.name, "seq": one.seq} for one in marks or () if one.user_id != self.user_id]
        self._known.reads = json.dumps(others)
        self._woken.set()

    def know_unread(self, unread: Unread) -> None:
        """By room. The mapping is not changed afterwards: a later one takes its place."""
        self._known.unread = unread
        self._woken.set()

    def know_cases(self, count: int) -> None:
        """Reported messages that wait to be claimed; 0 for who is no moderator, or none any more."""
        self._known.cases = count
        self._woken.set()

    def know_due(self, count: int) -> None:
        """Tasks that are due by today."""
        self._known.due = count
        self._woken.set()

    def know_tasks(self) -> None:
        self._known.tasks += 1
        self._woken.set()

    def know_rooms(self) -> None:
        self._known.rooms += 1
        self._woken.set()

    def know_grown(self, run_id: UUID, length: int) -> None:
        self._known.grown = run_id, length
        self._woken.set()

    def _news(self) -> Iterator[str]:
        known, told = self._known, self._told
        self._told = replace(known)
        for event, data, before in (
            ("changed", known.state, told.state),
            ("here", known.here, told.here),
            ("reads", known.reads, told.reads),
        ):
            if data is not None and data != before:
                yield frame(event, data)
        if known.unread is not None and known.unread != told.unread:
            yield frame("unread", _counts(known.unread, told.unread or {}))
        if known.cases is not None and known.cases != (told.cases or 0):
            yield frame("cases", str(known.cases))
        if known.due is not None and known.due != (told.due or 0):
            yield frame("due", str(known.due))
        if known.tasks != told.tasks:
            yield frame("tasks", str(known.tasks))
        if known.rooms != told.rooms:
            yield frame("rooms", str(known.rooms))
        if known.grown is not None and known.grown != told.grown:
            yield frame("grown", str(known.grown[0]))


def _counts(unread: Unread, before: Unread) -> str:
    """The totals, and the rooms that differ from before."""
    rooms = {**dict.fromkeys(before, READ_ALL), **unread}
    return json.dumps(
        {
            "total": sum(one.counted for one in unread.values()),
            "mentions": sum(one.mentions for one in unread.values()),
            "rooms": {
                str(id_): [one.unread, one.mentions, int(one.muted)]
                for id_, one in rooms.items()
                if before.get(id_, READ_ALL) != one
            },
        }
    )
