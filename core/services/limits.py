"""How much of one thing a person may do within a while."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from math import ceil
from uuid import UUID

from sqlmodel import Session

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
    Limited.MESSAGE: "messages here",
    Limited.QUESTION: "questions in your own chats",
    Limited.ASK: "questions to the assistant here",
    Limited.REACT: "reactions here",
    Limited.ROOM: "new rooms",
    Limited.REPORT: "reports",
    Limited.COMMAND: "commands",
    Limited.INVITE: "invites",
}


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
                f"That's the most for now: {count:,} {WHAT[event]} in {a_while(seconds)}. Try again in {_left(left)}.",
                retry_after=left,
            )
        limits.add(actor.user_id, event.value, room_id)


def a_while(seconds: int) -> str:
    """Like "one minute", "12 hours", "90 seconds"."""
    for length, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds % length == 0:
            number = seconds // length
            return f"{number} {name}s" if number > 1 else f"one {name}"
    return f"{seconds} seconds"


def _left(seconds: int) -> str:
    """Rounded up, so that it is true: long waits in words."""
    if seconds < 3_600:
        return f"{seconds:,} s"
    hours = ceil(seconds / 3_600)
    return f"{hours} hours" if hours > 1 else "an hour"
