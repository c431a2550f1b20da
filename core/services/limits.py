"""How much of one thing a person may do within a while."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from math import ceil
from uuid import UUID

from sqlmodel import Session

from core.amounts import counted
from core.errors import Misconfigured, RateLimited
from core.permissions import Actor, Role
from core.repositories.rate_limits import RateLimits


class Limited(StrEnum):
    """What there are limits for."""

    MESSAGE = "message"
    QUESTION = "question"
    """In one's own chats; there is one limit for all of them together."""
    ASK = "ask"
    """In a room."""
    REACT = "react"
    ROOM = "room"
    REPORT = "report"
    COMMAND = "command"
    INVITE = "invite"


Limit = tuple[int, int]
"""So many within so many seconds."""

DEFAULTS: Mapping[str, Limit] = {
    "message": (60, 60),
    "question": (30, 60),
    "ask": (10, 60),
    "react": (120, 60),
    "room": (30, 3_600),
    "report": (30, 3_600),
    "command": (60, 60),
    "invite": (60, 3_600),
}
WHAT = {
    Limited.MESSAGE: ("message", "here"),
    Limited.QUESTION: ("question", "in your own chats"),
    Limited.ASK: ("question", "to the assistant here"),
    Limited.REACT: ("reaction", "here"),
    Limited.ROOM: ("new room", ""),
    Limited.REPORT: ("report", ""),
    Limited.COMMAND: ("command", ""),
    Limited.INVITE: ("invite", ""),
}
"""One of it, and where."""
WHILES = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


class RateLimiter:
    """Sliding windows, for each person, event and room; exact, however many try at once.

    What a company has set for an event holds for all its people, from the next one on, in every process. Where it has
    set nothing, a person with several roles has the most generous of their limits.
    """

    def __init__(self, limits: Mapping[str, Limit] | None = None) -> None:
        """`limits` by event, or role.event; what is missing is as in DEFAULTS. Raises Misconfigured."""
        self._limits = {**DEFAULTS, **(limits or {})}
        known = {event.value for event in Limited} | {f"{role}.{event}" for role in Role for event in Limited}
        if unknown := sorted(set(self._limits) - known):
            raise Misconfigured(
                f"PARLEY_RATE_LIMITS names {unknown[0]}. There are {', '.join(Limited)}, each also with a role."
            )

    def parleys(self, event: Limited) -> Limit:
        """As the settings have it for who has no role of its own there."""
        return self._limits[event.value]

    def by_role(self, event: Limited) -> dict[str, Limit]:
        """What the settings say for single roles."""
        return {role.value: self._limits[name] for role in Role if (name := f"{role}.{event}") in self._limits}

    def limit_of(self, actor: Actor, event: Limited) -> Limit:
        """Where the company has set none."""
        own = [self._limits[name] for role in actor.roles if (name := f"{role}.{event}") in self._limits]
        return max(own, key=lambda limit: limit[0] / limit[1], default=self._limits[event.value])

    def take(self, session: Session, actor: Actor, event: Limited, room_id: UUID | None = None) -> None:
        """Counts one more, in the transaction of what it is for. Raises RateLimited when that is one too many.

        Call it with the room's lock, if any, already held: whoever counts the same waits for this transaction.
        """
        limits = RateLimits(session)
        own = limits.lock(actor.company_id, actor.user_id, event.value, room_id)
        count, seconds = own or self.limit_of(actor, event)
        window = timedelta(seconds=seconds)
        wait = limits.wait_for(actor.user_id, event.value, room_id, count=count, window=window)
        if wait > 0:
            left = max(ceil(wait), 1)
            raise RateLimited(
                f"That's the most for now: {_so_many(count, event)} in {a_while(seconds)}. Try again in {_left(left)}.",
                retry_after=left,
            )
        limits.add(actor.user_id, event.value, room_id)


def _so_many(count: int, event: Limited) -> str:
    """Like "1 question in your own chats"."""
    thing, where = WHAT[event]
    return f"{counted(count, thing)} {where}".rstrip()


def a_while(seconds: int) -> str:
    """Like "one minute", "12 hours", "90 seconds"."""
    length, name = next(one for one in WHILES if seconds % one[0] == 0)
    number = seconds // length
    return f"one {name}" if number == 1 else counted(number, name)


def _left(seconds: int) -> str:
    """Rounded up, so that it is true: long waits in words."""
    if seconds < 3_600:
        return f"{seconds:,} s"
    hours = ceil(seconds / 3_600)
    return counted(hours, "hour") if hours > 1 else "an hour"
