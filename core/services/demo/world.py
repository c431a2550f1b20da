"""What is made up, collected as rows: who is there, what was said, what was called and what the trail has of it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Any
from uuid import UUID

from sqlmodel import SQLModel

from core.assistant.tokens import estimate_tokens
from core.ids import dated_id
from core.models import (
    TARGETS,
    AuditAction,
    AuditEvent,
    Conversation,
    ConversationKind,
    Message,
    MessageRole,
    MessageType,
    ModelCall,
    Outcome,
    Rating,
    TaskSource,
)
from core.repositories.audit import plain
from core.repositories.audit_hash import FIRST_HASH, hash_of
from core.repositories.search_index import words_of
from core.services.demo.days import Year
from core.services.demo.people import PEOPLE, Hand

SEED = 20_260
tokens_of = lru_cache(maxsize=30_000)(estimate_tokens)
found_by = lru_cache(maxsize=30_000)(words_of)
"""Texts without slots come again and again, and looking for their words takes longer than all the rest."""
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    hand: Hand
    id: UUID
    came: datetime
    went: datetime | None

    @property
    def name(self) -> str:
        return self.hand.first

    def is_there(self, moment: datetime) -> bool:
        return self.came <= moment and (self.went is None or moment < self.went)


@dataclass(frozen=True, slots=True)
class Deed:
    """A row of the trail to be."""

    at: datetime
    action: AuditAction
    actor_id: UUID | None
    target_id: UUID | None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    reason: str = ""
    outcome: Outcome = Outcome.DONE


@dataclass(slots=True)
class Ask:
    """A task that somebody asked for in a message."""

    at: datetime
    owner: Person
    assignee: Person
    title: str
    days: int
    """Until it is due."""
    conversation_id: UUID
    message_id: UUID
    source: TaskSource = TaskSource.PERSON


@dataclass(slots=True)
class World:
    now: datetime
    chance: Random = field(default_factory=lambda: Random(SEED))
    rows: dict[type[SQLModel], list[Row]] = field(default_factory=lambda: defaultdict(list))
    deeds: list[Deed] = field(default_factory=list)
    calls: list[ModelCall] = field(default_factory=list)
    ratings: list[Rating] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)
    words: list[tuple[UUID, str]] = field(default_factory=list)
    """Of messages that search is to find."""
    titles: list[tuple[UUID, str]] = field(default_factory=list)
    said: int = 0
    year: Year = field(init=False)
    company_id: UUID = field(init=False)
    people: dict[str, Person] = field(init=False)

    def __post_init__(self) -> None:
        self.year = Year(self.now)
        founded = self.year.morning(self.year.first - timedelta(days=9))
        self.company_id = self.id(founded)
        self.people = {hand.first: self._person(hand, founded) for hand in PEOPLE}

    def _person(self, hand: Hand, founded: datetime) -> Person:
        came = self.year.at(hand.came) if hand.came else founded + timedelta(minutes=self.chance.randrange(2, 300))
        went = None if hand.went is None else self.year.at(hand.went) + timedelta(hours=8)
        return Person(hand, self.id(came), came, went)

    def id(self, moment: datetime) -> UUID:
        return dated_id(moment, self.chance.getrandbits(74))

    def add(self, model: type[SQLModel], /, **row: Any) -> Row:
        self.rows[model].append(row)
        return row

    def did(
        self,
        at: datetime,
        action: AuditAction,
        actor: Person | None,
        target_id: UUID | None,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        reason: str = "",
        outcome: Outcome = Outcome.DONE,
    ) -> None:
        by = actor.id if actor else None
        self.deeds.append(Deed(at, action, by, target_id, before, after, reason, outcome))

    def take_rows(self) -> dict[type[SQLModel], list[Row]]:
        """Those that were made since."""
        rows, self.rows = self.rows, defaultdict(list)
        return rows

    def trail(self) -> list[AuditEvent]:
        """What was done, as a chain."""
        events: list[AuditEvent] = []
        hash_ = FIRST_HASH
        for sequence, deed in enumerate(sorted(self.deeds, key=lambda deed: deed.at), 1):
            event = AuditEvent(
                id=self.id(deed.at),
                created_at=deed.at,
                company_id=self.company_id,
                sequence=sequence,
                actor_id=deed.actor_id,
                action=deed.action.value,
                target_type=TARGETS[deed.action],
                target_id=deed.target_id,
                before=plain(deed.before),
                after=plain(deed.after),
                reason=deed.reason,
                outcome=deed.outcome,
                previous_hash=hash_,
                hash=b"",
            )
            event.hash = hash_ = hash_of(event)
            events.append(event)
        return events


class Place:
    """A conversation while it is told: what is said in it gets the next seq."""

    def __init__(self, world: World, kind: ConversationKind, owner: Person, begun: datetime, **values: Any) -> None:
        self.world = world
        self.kind = kind
        self.said_at: list[datetime] = []
        """When each message was said, by seq."""
        self.counts: list[int] = [0]
        """How many of the first messages count as said."""
        self.row = world.add(
            Conversation, id=world.id(begun), created_at=begun, company_id=world.company_id, owner_id=owner.id,
            kind=kind, last_message_at=begun, instructions="", tokens=0, spent=0, **values,
        )  # fmt: skip
        self.id: UUID = self.row["id"]
        if title := values.get("title"):
            world.titles.append((self.id, title))

    @property
    def seq(self) -> int:
        return len(self.said_at)

    def say(
        self, at: datetime, text: str, sender: Person | None = None, *, finds: str | None = None, **values: Any
    ) -> Row:
        """Adds a message. `finds`: the model that wrote it; by what is deleted or unfinished nothing is found."""
        role = values.pop("role", MessageRole.USER if sender else MessageRole.ASSISTANT)
        kind = values.pop("message_type", MessageType.TEXT)
        self.said_at.append(at)
        is_said = kind is MessageType.TEXT
        self.counts.append(self.counts[-1] + is_said)
        row = self.world.add(
            Message, id=self.world.id(at), created_at=at, conversation_id=self.id, seq=self.seq,
            sender_id=sender.id if sender else None, role=role, message_type=kind, content=text, **values,
        )  # fmt: skip
        if is_said and text and not values.get("deleted_at"):
            self.world.words.append((row["id"], found_by(text, finds)))
        self.world.said += is_said
        return row

    def notice(self, at: datetime, sentence: str) -> None:
        self.say(at, sentence, role=MessageRole.SYSTEM, message_type=MessageType.NOTICE)

    def end(self, members: int) -> None:
        """Puts the counters right."""
        last = max([self.row["created_at"], *self.said_at])
        self.row |= {
            "last_seq": self.seq, "said": self.counts[-1], "revision": self.seq, "last_message_at": last,
            "member_count": members,
        }  # fmt: skip

    def seq_at(self, moment: datetime) -> int:
        """The last message that was said by then."""
        seq = self.seq
        while seq and self.said_at[seq - 1] > moment:
            seq -= 1
        return seq
