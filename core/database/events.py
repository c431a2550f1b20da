"""Who hears of what: a change becomes known in every process on the same PostgreSQL.

Events are hints. They carry ids, and whoever gets one looks for themselves, with their own rights. So none has to be
kept: after a time without connection everybody is told to look.
"""

import asyncio
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from uuid import UUID

from sqlalchemy.engine import URL

from core.database.channel import Channel
from core.ids import parse_id


class Hint(StrEnum):
    """What may be different, as the first letter of a key: none that begins an id. What a process does not know, left
    by one of a newer release, it does not hear.
    """

    CHANGED = ""
    """What the readers of that conversation see."""
    PRESENCE = "p"
    """Who has that conversation open."""
    READS = "r"
    """How far that conversation is read."""
    PERSON = "u"
    """What that person has not read."""
    LISTED = "l"
    """How that conversation stands in its members' lists: its name, or whether it is there."""
    STANDING = "s"
    """Whether that person may come in."""
    ROOMS = "m"
    """Which rooms that person is in; what they have not read as well, then."""
    TASKS = "t"
    """What that person has to do, or has others do."""


Heard = set[tuple[Hint, UUID]]


class Subscription:
    """What is heard, for the event loop that subscribed. Several hints before it looks are one."""

    def __init__(self) -> None:
        self.has_ended = False
        """True when nothing will follow any more."""
        self._loop = asyncio.get_running_loop()
        self._told = asyncio.Event()
        self._changing = threading.Lock()
        self._keys: set[str] = set()
        self._has_missed = True

    async def hint(self) -> None:
        """Waits until there may be something new, or it has ended, or somebody called `wake`."""
        await self._told.wait()
        self._told.clear()

    def take(self) -> tuple[Heard, bool]:
        """What was heard since the last time, and whether more may have been missed: then anything may be different."""
        with self._changing:
            keys, self._keys = self._keys, set()
            has_missed, self._has_missed = self._has_missed, False
        return {hint for key in keys if (hint := _parsed(key))}, has_missed

    def tell(self, keys: Collection[str] | None = None) -> None:
        """From any thread. Without keys: something was missed."""
        with self._changing:
            self._keys.update(keys or ())
            self._has_missed = self._has_missed or keys is None
        self.wake()

    def wake(self) -> None:
        with suppress(RuntimeError):  # its loop is closed: nobody waits there
            self._loop.call_soon_threadsafe(self._told.set)

    def end(self) -> None:
        self.has_ended = True
        self.wake()


class Events:
    """One for each process."""

    def __init__(self, url: URL, *, connect_timeout: int = 5) -> None:
        """`url` must lead to PostgreSQL itself or to a pooler that keeps sessions: others can't LISTEN."""
        self._channel = Channel(url, on_keys=self._tell, on_open=self._tell, connect_timeout=connect_timeout)
        self._changing = threading.Lock()
        self._subscriptions: set[Subscription] = set()
        self._has_hung_up = False

    @property
    def is_listening(self) -> bool:
        """False while PostgreSQL is away: then this process hears of its own changes only."""
        return self._channel.is_open

    def start(self) -> None:
        self._channel.start()

    def stop(self) -> None:
        """Ends every subscription; what was published still goes out, unless PostgreSQL is away."""
        self.hang_up()
        self._channel.stop()

    def hang_up(self) -> None:
        """Ends every subscription, those to come as well; publishing goes on."""
        self._has_hung_up = True
        for subscription in self._everybody():
            subscription.end()

    def publish(self, conversation_id: UUID) -> None:
        """Says that something changed there, for others to see: so after the commit.

        From any thread; returns at once and never raises. In a process that started no Events it does nothing.
        """
        self._publish(Hint.CHANGED, conversation_id)

    def publish_listed(self, conversation_id: UUID) -> None:
        """It has another name, or is in other lists now."""
        self._publish(Hint.LISTED, conversation_id)

    def publish_presence(self, conversation_id: UUID) -> None:
        """Somebody has it open now, or no longer."""
        self._publish(Hint.PRESENCE, conversation_id)

    def publish_reads(self, conversation_id: UUID) -> None:
        """Somebody has read on there."""
        self._publish(Hint.READS, conversation_id)

    def publish_person(self, user_id: UUID) -> None:
        """What they have not read is different now."""
        self._publish(Hint.PERSON, user_id)

    def publish_standing(self, user_id: UUID) -> None:
        """They are kept out now, or no longer."""
        self._publish(Hint.STANDING, user_id)

    def publish_rooms(self, user_id: UUID) -> None:
        """Which rooms they are in, or what those are to them, is different now."""
        self._publish(Hint.ROOMS, user_id)

    def publish_tasks(self, user_id: UUID) -> None:
        """Tasks that they see are different now."""
        self._publish(Hint.TASKS, user_id)

    def _publish(self, hint: Hint, id_: UUID) -> None:
        if not self._channel.is_started:
            return
        key = hint.value + id_.hex
        self._channel.send(key)
        if not self._channel.is_open:
            self._tell([key])

    @contextmanager
    def subscribe(self) -> Iterator[Subscription]:
        """Hints from now on, first that there may be anything. Whoever looks at each misses nothing."""
        subscription = Subscription()
        with self._changing:
            self._subscriptions.add(subscription)
        if self._has_hung_up:
            subscription.end()
        try:
            yield subscription
        finally:
            with self._changing:
                self._subscriptions.discard(subscription)

    def _tell(self, keys: Collection[str] | None = None) -> None:
        for subscription in self._everybody():
            subscription.tell(keys)

    def _everybody(self) -> list[Subscription]:
        with self._changing:
            return list(self._subscriptions)


def _parsed(key: str) -> tuple[Hint, UUID] | None:
    letter = key[:1] if key[:1] in tuple(Hint) else ""
    id_ = parse_id(key.removeprefix(letter))
    return (Hint(letter), id_) if id_ else None
