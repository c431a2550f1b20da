"""The year as a whole, told conversation by conversation, and written in one transaction: all of it or nothing."""

from collections.abc import Generator, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from sqlmodel import Session, SQLModel

from core.database.engine import Database
from core.errors import Conflict
from core.models import (
    AccessGrant,
    AccessLook,
    AnswerRun,
    AuditEvent,
    Budget,
    Case,
    Company,
    Conversation,
    ConversationKind,
    Feedback,
    Member,
    Mention,
    Message,
    MessageRevision,
    MessageWords,
    ModelCall,
    ModelPrice,
    Notice,
    OneTimeLink,
    Reaction,
    Report,
    RetentionRule,
    Rule,
    Suspension,
    Task,
    TitleWords,
    UsageSlot,
    UsageSpan,
    User,
    UserRole,
)
from core.repositories.audit import Audit
from core.repositories.bulk import Bulk
from core.repositories.feedback import Feedbacks
from core.repositories.model_calls import ModelCalls
from core.repositories.search_index import SearchIndex
from core.services.demo import company
from core.services.demo.care import Care
from core.services.demo.chats import Chats
from core.services.demo.incidents import INCIDENTS
from core.services.demo.ledger import Ledger
from core.services.demo.people import LIVELY
from core.services.demo.rooms import DIRECT_SHARE, PAIRS, ROOMS, Room
from core.services.demo.scripts import Deck, scripts_of
from core.services.demo.talk import Talk
from core.services.demo.tasks import Tasks
from core.services.demo.world import Person, World

TALKED = 0.6
"""Of all messages, those that people write to each other."""
LEAST = 1_000
AT_ONCE = 4_000
"""Messages that are written together."""
LAST_ASKED = {
    "Ada": "Interview questions for support",
    "Bo": "Comparing {supplier} with the others",
    "Cy": "Which chart for the {metric}",
    "Di": "Why batteries last shorter in winter",
    "Eli": "SQL: devices that are silent",
    "Fay": "Risks of a launch in {month}",
}
"""By their titles."""
CALLS_AT_ONCE = 2_500
NOT_EMPTY = (
    "There are people in this database already, so nothing was written: the demo wants one of its own. "
    "`make demo` keeps it in a folder beside yours."
)
ORDER: tuple[type[SQLModel], ...] = (
    Company, User, UserRole, Rule, RetentionRule, OneTimeLink, ModelPrice, Conversation, Member, Message,
    MessageRevision, AnswerRun, Reaction, Mention, Feedback, Case, Report, Suspension, AccessGrant, AccessLook, Notice,
    Budget, Task,
)  # fmt: skip
"""Whoever is pointed at comes first."""
LARGE = (
    Conversation, Member, Message, MessageWords, TitleWords, Reaction, Mention, AnswerRun, ModelCall,
    AuditEvent, Task, Notice, Case,
    UsageSlot, UsageSpan, User,
)  # fmt: skip


class DemoYear:
    def __init__(self, database: Database) -> None:
        self.database = database

    def add(self, now: datetime, messages: int, password_hash: str) -> Generator[int, None, None]:
        """Writes the year until `now` into an empty database; gives how many messages there are so far.

        Raises Conflict where there is anybody. Left before its end, nothing stays.
        """
        world = World(now)
        with self.database.transaction() as session:
            if not Bulk(session).is_empty():
                raise Conflict(NOT_EMPTY)
            Bulk(session).unhurried()
            written = 0
            for _ in tell(world, max(messages, LEAST), password_hash):
                if world.said - written >= AT_ONCE:
                    written = world.said
                    _write(session, world)
                    yield written
            _write(session, world)
            for _ in _book(session, world):
                yield world.said
            Audit(session).append_past(world.trail())
            Bulk(session).settle(LARGE)
        yield world.said


def tell(world: World, messages: int, password_hash: str) -> Iterator[None]:
    """Makes it up, after each conversation there is time to write. The same for the same moment and size."""
    rule_id = company.found(world, password_hash)
    ledger, care = Ledger(world), Care(world, rule_id)
    talked, shares = messages * TALKED, sum(room.share * _lasts(room) for room in ROOMS)
    rooms: dict[str, UUID] = {}
    for room in ROOMS:
        share = talked * (1 - DIRECT_SHARE) * room.share * _lasts(room) / shares
        rooms[room.title] = _tell_room(world, ledger, care, room, share)
        yield
    weights = [world.chance.uniform(0.3, 1.8) for _ in PAIRS]
    for pair, weight in zip(PAIRS, weights, strict=True):
        _tell_pair(world, ledger, care, pair, talked * DIRECT_SHARE * weight / sum(weights))
        yield
    chats = Chats(world, ledger)
    for person in (world.people[name] for name in LIVELY):
        _tell_today(world, chats, person)
    yield
    while world.said < messages:
        chats.tell_one()
        yield
    Tasks(world).tell()
    company.set_budgets(world, rooms)


def _lasts(room: Room) -> float:
    return (1.0 if room.ends is None else room.ends) - room.begins


def _tell_room(world: World, ledger: Ledger, care: Care, room: Room, count: float) -> UUID:
    owner = world.people[room.owner]
    people = [one for one in world.people.values() if _is_in(one, room)]
    begun = owner.came + timedelta(hours=1) if not room.begins else world.year.at(room.begins) + timedelta(hours=2)
    until = None if room.ends is None else world.year.at(room.ends) + timedelta(hours=9)
    talk = Talk(world, ledger, care, room.kind, people=people, owner=owner, begun=begun, room=room)
    happened = [one for one in INCIDENTS if one.room == room.title]
    talk.tell(room.places, round(count), until, happened)
    _tell_last(world, talk, room.title)
    return talk.end(until).id


def _is_in(person: Person, room: Room) -> bool:
    if person.went is not None and room.begins > (person.hand.went or 0):
        return False
    is_everybodys = not room.departments and room.kind is ConversationKind.COMPANY
    return is_everybodys or person.hand.department in room.departments or person.name in (room.owner, *room.others)


def _tell_pair(world: World, ledger: Ledger, care: Care, pair: str, count: float) -> None:
    one, other = (world.people[name] for name in pair.split())
    begun = max(one.came, other.came) + timedelta(days=world.chance.uniform(0.1, 12))
    begun = world.year.moment(world.chance, one.hand.zone, begun, begun + timedelta(days=5))
    talk = Talk(world, ledger, care, ConversationKind.DIRECT, people=[one, other], owner=one, begun=begun)
    happened = [incident for incident in INCIDENTS if incident.room == pair]
    talk.tell(("direct",), round(count), min((when for when in (one.went, other.went) if when), default=None), happened)
    _tell_last(world, talk, pair)
    talk.end()


def _tell_last(world: World, talk: Talk, where: str) -> None:
    for number, script in enumerate(scripts_of("now")):
        if script.title == where:
            cast = [world.people[name] for name in script.names]
            talk.last_word(world.year.last_hour - timedelta(minutes=70 - 4 * number), script, cast)


def _tell_today(world: World, chats: Chats, person: Person) -> None:
    """Something to go on with."""
    last = next(one for one in scripts_of("chats") if one.title == LAST_ASKED[person.name])
    deck = Deck(world.chance, [one for one in scripts_of("chats") if one is not last])
    for minutes, script in ((190, deck.take()), (130, deck.take()), (75, deck.take()), (35, last)):
        chats.tell(person, world.year.last_hour - timedelta(minutes=minutes), script)


def _write(session: Session, world: World) -> None:
    rows, bulk = world.take_rows(), Bulk(session)
    for model in ORDER:
        bulk.copy(model, rows.pop(model, ()))
    assert not rows, f"ORDER lacks {[model.__name__ for model in rows]}"
    SearchIndex(session).put_many(world.words, world.titles)
    world.words.clear()
    world.titles.clear()


def _book(session: Session, world: World) -> Iterator[None]:
    """In the order of time: what is booked together falls into few of the sums."""
    world.calls.sort(key=lambda call: (call.created_at, call.id))
    places = range(0, len(world.calls) + CALLS_AT_ONCE, CALLS_AT_ONCE)
    for at, end in pairwise(places):
        ModelCalls(session).add_all(world.calls[at:end])
        yield
    Feedbacks(session).add_past(world.ratings)
