"""What this tab shows of the open room, and which of it is to be drawn anew when the room has changed.

The transcript stands in blocks of a few messages, each a fragment. So what others do redraws the blocks that look
different then, and nothing else: not the page, nor what somebody is typing in it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta, tzinfo
from typing import Any
from uuid import UUID

import streamlit as st

from core import clock
from core.models import MessageRole, MessageStatus, MessageType
from core.services.room_views import RoomView
from core.services.views import MessageView, Transcript

VIEW = "room_view"
EDITING = "editing_in_room"
BLOCK, LONGEST_BLOCK = 3, 10
"""Messages: a block ends at the next other name when it has the first, and at any when it has the second."""
SPARE = 12
"""Empty blocks below the last: while they last, what is said takes no other part of the page."""
TOGETHER = timedelta(minutes=5)
"""What somebody says within this time of their last message stands under the same name."""
SLACK = 30
"""So many more messages than are shown are read when something changed: so many may have come at once."""
MOST_NEW = 100
"""Messages that may come while the page stands; then it begins with the newest again, so that it does not slow down."""


@dataclass
class View:
    """Blocks draw what is here when they are drawn, not what was there when the page was."""

    shown: Transcript
    since: int
    """The first seq on the page. It stays when messages come, or the page would shift under its reader."""
    unread: range
    """The seqs that this person had not read when the visit began."""
    new_from: int | None
    """Above it stands the line "New", for the whole visit: the first of them on the page that somebody else said."""
    most: int
    """Messages on the page."""
    where: tzinfo
    names: frozenset[str]
    """By which people are called here."""
    my_names: frozenset[str]
    begins: list[int] = field(default_factory=list)
    """The first seq of each block with messages. They stay as well."""
    places: int = 0
    """Blocks on the page, with those that are spare."""
    drawn: dict[int, int] = field(default_factory=dict)
    """The digest of each block as the page has it."""
    looks: tuple[tuple[frozenset[UUID], date], list[int]] | None = None
    """The digests of all blocks as they are now, and by what else than the messages; None: not looked for yet."""
    unsure: set[int] = field(default_factory=set)
    """Blocks that were drawn since the browser was last known to have all of it."""
    above_box: Any = None
    """What stands above the box."""
    foot: Any = None
    """What stands below the last block."""
    marked: int = 0
    """Up to where it is told that this person has read."""
    growing: UUID | None = None
    """The run whose answer has a place on the page in which it grows."""
    is_due: bool = False
    """True while it is not known whether the room has changed since it was read."""
    needs_page: bool = False
    """True when drawing blocks anew is not enough."""
    is_whole: bool = False
    """False until the page was drawn to its end: one that was cut short still has parts of the page before."""

    def __post_init__(self) -> None:
        self.begins = self._beginnings(self.shown.messages)
        self.places = len(self.begins) + SPARE

    @property
    def id(self) -> UUID:
        return self.shown.conversation.id

    @property
    def room(self) -> RoomView:
        assert self.shown.conversation.room
        return self.shown.conversation.room

    @property
    def last_seq(self) -> int:
        return self.shown.messages[-1].seq if self.shown.messages else 0

    @property
    def blocks(self) -> range:
        return range(self.places)

    @property
    def limit(self) -> int:
        """How many messages to read, so that there is no gap between those on the page and the newest."""
        return len(self.shown.messages) + SLACK

    def message(self, message_id: UUID) -> MessageView | None:
        return next((message for message in self.shown.messages if message.id == message_id), None)

    def is_edited(self) -> bool:
        """Whether something on the page is being edited."""
        return any(message.id in editing() for message in self.shown.messages)

    def is_too_long(self, messages: Sequence[MessageView]) -> bool:
        """Whether the page is to begin anew rather than show all these. It waits for who is editing one of them."""
        return len(messages) > self.most and not self.is_edited()

    def messages_of(self, number: int) -> list[MessageView]:
        begins = [*self.begins, self.last_seq + 1]
        if number >= len(self.begins):
            return []
        return [message for message in self.shown.messages if begins[number] <= message.seq < begins[number + 1]]

    def above(self, message: MessageView) -> MessageView | None:
        """The one before it; None at the top of the page."""
        return next((one for one in reversed(self.shown.messages) if one.seq < message.seq), None)

    def belongs(self, previous: MessageView, message: MessageView) -> bool:
        """Whether it stands under the same name as the one before."""
        return (
            message.role is MessageRole.USER
            and (previous.role, previous.sender_id) == (message.role, message.sender_id)
            and message.created_at - previous.created_at < TOGETHER
            and self.day_of(previous) == self.day_of(message)
            and message.seq != self.new_from
        )

    def day_of(self, message: MessageView) -> date:
        return message.created_at.astimezone(self.where).date()

    @property
    def today(self) -> date:
        return clock.now().astimezone(self.where).date()

    def take(self, shown: Transcript) -> bool:
        """Shows that from now on; False when that takes more than blocks drawn anew, and is for a run of the page."""
        first = shown.messages[0].seq if shown.messages else self.since
        has_gap = shown.has_earlier and first > self.since
        messages = tuple(message for message in shown.messages if message.seq >= self.since)
        begins = self._beginnings(messages)
        if has_gap or len(begins) > self.places or self.is_too_long(messages):
            return False
        if not _is_framed_alike(shown, self.shown):
            return False
        self.begins, self.looks = begins, None
        self.shown = replace(shown, messages=messages, has_earlier=self.shown.has_earlier)
        return True

    def _beginnings(self, messages: Sequence[MessageView]) -> list[int]:
        """Of blocks for all these: those that there are, and more for what came."""
        begins, size, previous = list(self.begins), 0, None
        for message in messages:
            is_placed = message.seq <= self.last_seq and bool(self.begins)
            is_next = message.seq in self.begins if is_placed else self._begins_block(previous, message, size)
            if is_next and not is_placed:
                begins.append(message.seq)
            size, previous = 1 if is_next else size + 1, message
        return begins

    def _begins_block(self, previous: MessageView | None, message: MessageView, size: int) -> bool:
        if previous is None:
            return True
        return size >= (LONGEST_BLOCK if self.belongs(previous, message) else BLOCK)

    def doubt(self) -> None:
        """Streamlit takes away what one run has drawn and not sent yet when another begins. So what was drawn lately is
        to be drawn again.
        """
        for number in self.unsure:
            self.drawn.pop(number, None)

    def stale(self) -> list[int]:
        """The blocks that the page has otherwise than they are now."""
        return [number for number, digest in enumerate(self._digests()) if self.drawn.get(number) != digest]

    def _digests(self) -> list[int]:
        """Of all blocks; with all that messages have it takes longer than to draw one, so it is done once for all."""
        now = editing(), self.today
        if self.looks is None or self.looks[0] != now:
            self.looks = now, [self.digest(number) for number in self.blocks]
        return self.looks[1]

    @property
    def drawn_state(self) -> str | None:
        """The state that the page shows by now; None while one of its blocks has not come to that: what draws several
        may be cut off in the middle, and go on behind it.
        """
        return None if self.stale() else self.shown.state

    def digest(self, number: int) -> int:
        """Another one, and the block looks different."""
        messages = self.messages_of(number)
        if not messages:
            return 0
        above = self.above(messages[0])
        looks: tuple[Any, ...] = (
            *(_look(message) for message in messages),
            editing() & {message.id for message in messages},
            above and self.day_of(above),
            self.today,
        )
        return hash(looks)


def current() -> View | None:
    """Of this tab; it may be of another room than the open one."""
    view: View | None = st.session_state.get(VIEW)
    return view


def begin_run() -> None:
    """To be called first of all in a run of the page: if that is cut short, no block of it may be drawn by itself."""
    if view := current():
        view.is_whole = False


def editing() -> frozenset[UUID]:
    """The messages that this tab is editing."""
    found: frozenset[UUID] = st.session_state.get(EDITING, frozenset())
    return found


def call_names(display_names: Iterable[str]) -> frozenset[str]:
    """What people may be called by: whole names, and first names that only one of them has."""
    names = [" ".join(name.split()) for name in display_names]
    first = Counter(name.partition(" ")[0] for name in names)
    return frozenset({*names, *(name for name, count in first.items() if count == 1)})


def first_of_others(messages: Iterable[MessageView], seqs: range) -> int | None:
    """The first of these seqs that somebody else said."""
    said = (one for one in messages if not one.is_mine and one.message_type is not MessageType.NOTICE)
    return next((message.seq for message in said if message.seq in seqs), None)


def is_growing(message: MessageView) -> bool:
    return message.status is MessageStatus.PENDING


def _look(message: MessageView) -> MessageView:
    """Without what changes all the time and is drawn in a place of its own."""
    return replace(message, content="", tokens=None) if is_growing(message) else message


def _is_framed_alike(one: Transcript, other: Transcript) -> bool:
    """Whether the same stands around the messages: of the room all but how far it has come."""
    room, like = one.conversation.room, other.conversation.room
    room = room and like and replace(room, last_read_seq=like.last_read_seq)
    conversation = replace(one.conversation, room=room, last_message_at=other.conversation.last_message_at)
    return conversation == other.conversation
