"""Who listens to what in this process, and what of the things seen is theirs to know."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from core.permissions import Actor, Permission
from core.services.watching import Pair, Sight, Unread, Wish
from core.web.listener import SIGNED_OUT, Listener


class Roster:
    def __init__(self) -> None:
        self.listeners: set[Listener] = set()
        self.watched: dict[UUID, set[Listener]] = defaultdict(set)
        """Who has which conversation open."""
        self.people: dict[UUID, set[Listener]] = defaultdict(set)
        """Those who may chat, and moderators."""
        self._unread: dict[UUID, Unread] = {}
        """Of these people; missing until it was looked at."""

    def add(self, listener: Listener) -> None:
        self.listeners.add(listener)
        if listener.is_counted_for:
            self.people[listener.user_id].add(listener)
        if listener.conversation_id:
            self.watched[listener.conversation_id].add(listener)

    def remove(self, listener: Listener) -> None:
        self.listeners.discard(listener)
        _discard(self.people, listener.user_id, listener)
        _discard(self.watched, listener.conversation_id, listener)
        if listener.user_id not in self.people:
            self._unread.pop(listener.user_id, None)

    def watchers(self, conversation_ids: Iterable[UUID]) -> set[Pair]:
        return {(id_, listener.user_id) for id_ in conversation_ids for listener in self.watched.get(id_, ())}

    def viewers(self) -> dict[UUID, int]:
        """How many streams there are on each room."""
        return {id_: len(listeners) for id_, listeners in self.watched.items()}

    def is_room(self, conversation_id: UUID) -> bool:
        return any(listener.is_in_room for listener in self.watched.get(conversation_id, ()))

    def tell(self, wish: Wish, watchers: Collection[Pair], sight: Sight) -> None:
        """What was wished for and seen. Who came after the look is not in it, and waits for the next."""
        for conversation_id in wish.watched:
            for listener in self.watched.get(conversation_id, ()):
                if (conversation_id, listener.user_id) in watchers:
                    _tell(listener, conversation_id, wish, sight)
        for user_id in sight.listers:
            self.tell_rooms(user_id)
        for user_id in wish.people & self.people.keys():
            self._tell_unread(user_id, sight.unread_of.get(user_id, {}))
            for listener in self.people[user_id]:
                listener.know_cases(sight.cases_of.get(user_id, 0))
                listener.know_due(sight.due_of.get(user_id, 0))
        for user_id in self._unread.keys() - wish.people:
            known, now = self._unread[user_id], sight.unread_in.get(user_id, {})
            if now or any(room in known for room in wish.rooms):
                kept = {id_: one for id_, one in known.items() if id_ not in wish.rooms}
                self._tell_unread(user_id, kept | {id_: one for id_, one in now.items() if one.unread})

    def _tell_unread(self, user_id: UUID, unread: Unread) -> None:
        self._unread[user_id] = unread
        for listener in self.people[user_id]:
            listener.know_unread(unread)

    def tell_rooms(self, user_id: UUID) -> None:
        """That they are in other rooms now; which, the page reads."""
        for listener in self.people.get(user_id, ()):
            listener.know_rooms()

    def tell_tasks(self, user_id: UUID) -> None:
        """That tasks of theirs are different now; which, the page reads."""
        for listener in self.people.get(user_id, ()):
            listener.know_tasks()

    def tell_grown(self, grown: Mapping[UUID, tuple[UUID, int]]) -> None:
        for conversation_id, (run_id, length) in grown.items():
            for listener in self.watched.get(conversation_id, ()):
                listener.know_grown(run_id, length)

    def tell_who_they_are(self, actors: Mapping[UUID, Actor], session_ids: Collection[UUID]) -> None:
        """Ends the streams of sessions that ended, and of people who may no longer what they might."""
        for listener in [one for one in self.listeners if one.session_id in session_ids]:
            actor = actors.get(listener.session_id)
            if actor is None:
                listener.end(SIGNED_OUT)
            elif listener.may_chat and not actor.may(Permission.CHAT_USE):
                listener.know_state(None)
            elif listener.roles - actor.roles:
                listener.end()  # it comes again, and gets what it may still have


def _tell(listener: Listener, conversation_id: UUID, wish: Wish, sight: Sight) -> None:
    state = sight.states.get((conversation_id, listener.user_id))
    listener.know_state(state)
    if state is None or not listener.is_in_room:
        return
    if conversation_id in wish.here:
        listener.know_here(sight.here[conversation_id])
    if conversation_id in wish.reads:
        listener.know_reads(sight.reads.get(conversation_id))


def _discard(known: dict[UUID, set[Listener]], key: UUID | None, listener: Listener) -> None:
    if key in known:
        known[key].discard(listener)
        if not known[key]:
            del known[key]
