"""Who hears of what: a change in a conversation becomes known in every process on the same PostgreSQL.

Events are hints. They carry ids, and whoever gets one looks for themselves, with their own rights. So none has to be
kept: after a time without connection everybody is told to look.
"""

import asyncio
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

from sqlalchemy.engine import URL

from core.database.channel import Channel


class Subscription:
    """Hints about one conversation, for the event loop that subscribed. Several before it looks are one."""

    def __init__(self) -> None:
        self.has_ended = False
        """True when nothing will follow any more."""
        self._loop = asyncio.get_running_loop()
        self._told = asyncio.Event()

    async def hint(self) -> None:
        """Waits until there may be something new, or it has ended."""
        await self._told.wait()
        self._told.clear()

    def tell(self) -> None:
        """From any thread."""
        with suppress(RuntimeError):  # its loop is closed: nobody waits there
            self._loop.call_soon_threadsafe(self._told.set)

    def end(self) -> None:
        self.has_ended = True
        self.tell()


class Events:
    """One for each process."""

    def __init__(self, url: URL, *, connect_timeout: int = 5) -> None:
        """`url` must lead to PostgreSQL itself or to a pooler that keeps sessions: others can't LISTEN."""
        self._channel = Channel(url, on_keys=self._tell, on_open=self._tell_everybody, connect_timeout=connect_timeout)
        self._changing = threading.Lock()
        self._subscriptions: dict[str, set[Subscription]] = {}
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
        if not self._channel.is_started:
            return
        self._channel.send(conversation_id.hex)
        if not self._channel.is_open:
            self._tell([conversation_id.hex])

    @contextmanager
    def subscribe(self, conversation_id: UUID) -> Iterator[Subscription]:
        """Hints from now on. Whoever looks after this call, and again at each hint, misses nothing."""
        subscription, key = Subscription(), conversation_id.hex
        with self._changing:
            self._subscriptions.setdefault(key, set()).add(subscription)
        if self._has_hung_up:
            subscription.end()
        try:
            yield subscription
        finally:
            with self._changing:
                self._subscriptions[key].discard(subscription)
                if not self._subscriptions[key]:
                    del self._subscriptions[key]

    def _tell(self, keys: Collection[str]) -> None:
        with self._changing:
            told = [one for key in keys for one in self._subscriptions.get(key, ())]
        for subscription in told:
            subscription.tell()

    def _tell_everybody(self) -> None:
        for subscription in self._everybody():
            subscription.tell()

    def _everybody(self) -> list[Subscription]:
        with self._changing:
            return [one for several in self._subscriptions.values() for one in several]
