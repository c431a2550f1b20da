from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from core import clock
from core.database.engine import Database
from core.errors import DatabaseUnavailable
from core.ids import new_id
from core.models import Conversation, ConversationKind, Member, Presence, ServingProcess
from core.permissions import Actor
from core.repositories.conversations import Conversations
from core.services import presence
from core.services.presence import NAMED, NOBODY, Here, PresenceService
from tests.support.builders import make_actor, make_company, make_user
from tests.support.waiting import until


@pytest.fixture
def told() -> list[UUID]:
    """The rooms whose readers were told that somebody came or left."""
    return []


@pytest.fixture
def process(database: Database, told: list[UUID]) -> Callable[[], PresenceService]:
    return lambda: PresenceService(database, new_id(), told.append)


@pytest.fixture
def here(process: Callable[[], PresenceService]) -> PresenceService:
    return process()


@pytest.fixture
def people(database: Database) -> list[Actor]:
    with database.transaction() as session:
        company = make_company(session)
        return [make_actor(make_user(session, company, display_name=name)) for name in ("Ada", "Bo", "Cy")]


@pytest.fixture
def room(database: Database, people: list[Actor]) -> UUID:
    """Of all of them."""
    with database.transaction() as session:
        owner = people[0]
        made = Conversations(session).add(
            Conversation(
                company_id=owner.company_id,
                owner_id=owner.user_id,
                kind=ConversationKind.GROUP,
                title="Launch",
                last_message_at=clock.now(),
            )
        )
        for other in people[1:]:
            session.add(Member(conversation_id=made.id, user_id=other.user_id, joined_at=clock.now()))
        return made.id


def due(service: PresenceService) -> float | None:
    return service.due_at


def settled(service: PresenceService, room: UUID) -> Here:
    service.settle()
    return who(service, room)


def who(service: PresenceService, room: UUID) -> Here:
    return service.who([room])[room]


def test_who_opens_a_room_is_here_until_a_while_after_the_last_window(
    here: PresenceService, people: list[Actor], room: UUID, told: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "LINGER", 0.2)
    ada, bo, _ = (person.user_id for person in people)
    assert due(here) is None
    assert who(here, room) == NOBODY
    here.enter(room, bo)
    here.enter(room, ada)
    here.enter(room, ada)  # a second window
    assert due(here) == 0
    here.settle()
    assert who(here, room) == Here(2, ("Ada", "Bo"))
    assert told == [room]
    here.leave(room, ada)
    assert due(here) is None
    here.leave(room, ada)
    here.settle()
    assert who(here, room).count == 2, "it may be a reload"
    here.enter(room, ada)
    assert due(here) is None
    here.leave(room, ada)
    until(lambda: settled(here, room) == Here(1, ("Bo",)))
    assert told == [room, room]
    assert due(here) is None


def test_a_person_at_two_processes_counts_once_and_stays_while_one_of_them_has_them(
    process: Callable[[], PresenceService], people: list[Actor], room: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = process(), process()
    for one in (first, second):
        one.enter(room, people[0].user_id)
        one.settle()
    assert who(first, room) == Here(1, ("Ada",))
    first.stop()
    assert who(second, room) == Here(1, ("Ada",))
    second.stop()
    assert who(second, room) == NOBODY


def test_a_process_that_died_has_nobody_and_is_cleaned_up_by_others(
    database: Database, process: Callable[[], PresenceService], people: list[Actor], room: UUID, told: list[UUID]
) -> None:
    alive, dead = process(), process()
    alive.enter(room, people[0].user_id)
    dead.enter(room, people[1].user_id)
    alive.settle()
    dead.settle()
    alive.beat()
    assert who(alive, room).count == 2
    age(database, dead, presence.SILENT_AFTER + timedelta(seconds=1))
    assert who(alive, room) == Here(1, ("Ada",))
    told.clear()
    alive.beat()
    assert told == [room]
    with database.reading() as session:
        assert session.get(ServingProcess, dead.process_id) is None
        assert session.get(Presence, (room, people[1].user_id, dead.process_id)) is None


def test_who_was_taken_for_dead_writes_everything_again(
    database: Database, process: Callable[[], PresenceService], people: list[Actor], room: UUID
) -> None:
    """A laptop's lid, or PostgreSQL away for long."""
    slept, other = process(), process()
    slept.enter(room, people[0].user_id)
    slept.settle()
    age(database, slept, presence.SILENT_AFTER * 2)
    other.beat()
    assert who(other, room) == NOBODY
    slept.beat()
    assert who(other, room) == Here(1, ("Ada",))


def test_what_could_not_be_written_stays_due(
    here: PresenceService, people: list[Actor], room: UUID, told: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    database = here.database
    here.enter(room, people[0].user_id)
    here.database = Away()  # type: ignore[assignment]
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable):
            here.settle()
    assert (due(here), told) == (0, [])
    here.stop()  # waits for nothing, raises nothing
    here.enter(room, people[0].user_id)
    here.database = database
    here.settle()
    assert who(here, room) == Here(1, ("Ada",))


def test_only_members_are_here_and_what_is_gone_breaks_nothing(
    database: Database, here: PresenceService, people: list[Actor], room: UUID
) -> None:
    for pair in ((room, people[0].user_id), (room, people[1].user_id), (new_id(), people[2].user_id), (room, new_id())):
        here.enter(*pair)
    here.settle()
    assert who(here, room).count == 2
    with database.transaction() as session:
        session.get_one(Member, (room, people[1].user_id)).left_at = clock.now()
    assert who(here, room) == Here(1, ("Ada",))


def test_of_many_only_some_are_named(
    database: Database, here: PresenceService, people: list[Actor], room: UUID
) -> None:
    with database.transaction() as session:
        company = make_company(session)
        for number in range(30):
            user = make_user(session, company, display_name=f"Person {number:02}")
            session.add(Member(conversation_id=room, user_id=user.id, joined_at=clock.now()))
            here.enter(room, user.id)
    here.settle()
    found = who(here, room)
    assert (found.count, found.names) == (30, tuple(f"Person {number:02}" for number in range(NAMED)))


class Away:
    """A database that can't be reached."""

    def transaction(self) -> None:
        raise DatabaseUnavailable


def age(database: Database, process: PresenceService, by: timedelta) -> None:
    with database.transaction() as session:
        session.get_one(ServingProcess, process.process_id).seen_at -= by
