"""All event streams of this process as one: it looks once for all of them, and tells each what is theirs to know."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from uuid import UUID

import anyio

from core.database.events import Heard, Hint, Subscription
from core.errors import Unavailable
from core.services.presence import BEAT_EVERY
from core.services.watching import Wish
from core.web.application import Application
from core.web.growth import Growth
from core.web.listener import Listener
from core.web.roster import Roster
from core.web.threads import check

log = logging.getLogger(__name__)

GATHER = 0.05
"""Seconds between two looks: what is heard meanwhile is looked at together."""
SLOWLY = 0.5
"""The same for who is here and who has read what, which nobody waits for."""
RECHECK = 5.0
"""Seconds for which a stream may outlive its session; and until the next attempt when PostgreSQL is away."""
NEVER = float("inf")


class Audience:
    """For one event loop. Its one task lives as long as somebody listens."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._roster = Roster()
        self._growth = Growth(application)
        self._wish, self._slow_wish = Wish(), Wish()
        self._look_from = self._slow_from = self._recheck_at = self._beat_at = 0.0
        self._subscription: Subscription | None = None
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def listening(self, listener: Listener) -> Iterator[None]:
        """Meanwhile this stream is told what is its person's to know."""
        presence, conversation_id = self._application.presence, listener.conversation_id
        self._roster.add(listener)
        self._want(listener)
        if conversation_id and listener.is_in_room:
            presence.enter(conversation_id, listener.user_id)
        self._wake()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work(), context=Context())  # for all, not for who came first
        try:
            yield
        finally:
            self._roster.remove(listener)
            if conversation_id and listener.is_in_room:
                presence.leave(conversation_id, listener.user_id)
            self._wake()

    def _want(self, listener: Listener) -> None:
        """All that this one should know."""
        if listener.is_counted_for:
            self._wish.people.add(listener.user_id)
        if listener.conversation_id:
            self._want_conversation(listener.conversation_id)
            if listener.is_in_room:
                self._wish.here.add(listener.conversation_id)

    def _want_conversation(self, conversation_id: UUID) -> None:
        self._wish.states.add(conversation_id)
        if self._roster.is_room(conversation_id):  # its members may be others now
            self._wish.reads.add(conversation_id)

    def _wake(self) -> None:
        if self._subscription:
            self._subscription.wake()

    @property
    def _is_needed(self) -> bool:
        return bool(self._roster.listeners) or self._application.presence.due_at is not None

    async def _work(self) -> None:
        self._recheck_at = time.monotonic() + RECHECK
        try:
            with self._application.events.subscribe() as subscription:
                self._subscription = subscription
                while self._is_needed and not subscription.has_ended:
                    self._note(*subscription.take())
                    await self._act()
                    with anyio.move_on_after(max(0.0, min(self._due().values()) - time.monotonic())):
                        await subscription.hint()
        finally:
            self._subscription = None
            for listener in self._roster.listeners:
                listener.end()

    def _note(self, heard: Heard, has_missed: bool) -> None:  # what `Subscription.take` gives  # noqa: FBT001
        if has_missed:
            for listener in self._roster.listeners:
                self._want(listener)
            self._look_from = self._beat_at = 0.0
        for hint, id_ in heard:
            if hint is Hint.CHANGED:
                self._wish.rooms.add(id_)
            elif hint is Hint.LISTED:
                self._wish.listed.add(id_)
            elif hint is Hint.STANDING:
                self._recheck_at = 0.0
            if id_ in self._roster.watched:
                self._note_watched(hint, id_)
            elif id_ in self._roster.people:
                self._note_person(hint, id_)

    def _note_watched(self, hint: Hint, conversation_id: UUID) -> None:
        if hint is Hint.CHANGED:
            self._want_conversation(conversation_id)
        elif hint is Hint.PRESENCE:
            self._slow_wish.here.add(conversation_id)
        elif hint is Hint.READS:
            self._slow_wish.reads.add(conversation_id)

    def _note_person(self, hint: Hint, user_id: UUID) -> None:
        if hint in (Hint.PERSON, Hint.ROOMS, Hint.TASKS):
            self._wish.people.add(user_id)
        if hint is Hint.ROOMS:
            self._roster.tell_rooms(user_id)
        elif hint is Hint.TASKS:
            self._roster.tell_tasks(user_id)

    def _due(self) -> dict[Callable[[], Awaitable[None]], float]:
        """When each thing is to be done, in monotonic seconds."""
        presence_at = self._application.presence.due_at
        looks = [
            self._look_from if self._wish else NEVER,
            max(self._look_from, self._slow_from) if self._slow_wish else NEVER,
            NEVER if presence_at is None else max(self._look_from, presence_at),
        ]
        return {
            self._look: min(looks),
            self._grow: self._growth.due_at,
            self._recheck: self._recheck_at,
            self._beat: self._beat_at,
        }

    async def _act(self) -> None:
        for act, due_at in self._due().items():
            if due_at > time.monotonic():
                continue
            try:
                await act()
            except Unavailable:
                log.debug("audience_waits")  # what is due stays due
            except Exception:
                log.exception("audience_failed")
                await asyncio.sleep(RECHECK)

    async def _look(self) -> None:
        if self._slow_from <= time.monotonic():
            self._wish.add(self._slow_wish)
            self._slow_wish = Wish()
            self._slow_from = time.monotonic() + SLOWLY
        wish, self._wish = self._wish, Wish()
        watchers, people = self._roster.watchers(wish.watched), set(self._roster.people)
        try:
            sight = await check(self._application.watching.look, wish, watchers, people)
        except Exception:
            self._wish.add(wish)
            self._look_from = time.monotonic() + RECHECK
            raise
        self._look_from = time.monotonic() + GATHER
        self._roster.tell(wish, watchers, sight)
        for conversation_id in wish.states:
            if self._roster.is_room(conversation_id):
                self._growth.follow(conversation_id, sight.runs.get(conversation_id))

    async def _grow(self) -> None:
        self._roster.tell_grown(await check(self._growth.look, self._roster.viewers()))

    async def _recheck(self) -> None:
        """Sessions end, and people lose roles, without a word."""
        self._recheck_at = time.monotonic() + RECHECK
        session_ids = {listener.session_id for listener in self._roster.listeners}
        actors = await check(self._application.accounts.actors, session_ids)
        self._roster.tell_who_they_are(actors, session_ids)

    async def _beat(self) -> None:
        self._beat_at = time.monotonic() + BEAT_EVERY
        await check(self._application.presence.beat)
