"""What is too old goes, nothing else does, and nothing of it is left anywhere."""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session

from core import clock
from core.database.engine import Database
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.models import (
    Conversation,
    ConversationKind,
    Member,
    Message,
    MessageRevision,
    MessageRole,
    ReportReason,
    Score,
    User,
)
from core.permissions import Actor, Role
from core.repositories.audit import Audit
from core.repositories.conversations import Conversations
from core.repositories.legal_holds import LegalHolds
from core.repositories.steps import Steps
from core.repositories.unread import Unreads
from core.services.importing import ImportService
from core.services.retention import RetentionService, checked_days
from core.services.retention_keeping import RetentionKeeper
from core.services.retention_views import DryRun, Gone, WantedHold
from core.services.usage_keeping import UsageKeeper
from tests.support.builders import make_actor, make_company, make_user
from tests.support.exports import ChatGPT, as_file
from tests.support.properties import tried
from tests.support.steps import add_step
from tests.support.talks import Desk, ignore
from tests.support.usage import book, make_call

ASSISTANT, DIRECT, GROUP, COMPANY = ConversationKind
DAY = timedelta(days=1)


def keeper(database: Database, **options: Any) -> RetentionKeeper:
    return RetentionKeeper(database, ignore, ignore, **options)


def run(database: Database, company_id: UUID, **options: Any) -> Gone:
    """A whole run."""
    one = keeper(database, **options)
    assert one.begin(company_id)
    list(one.work(company_id))
    last = one.last_run(company_id)
    assert last and last.finished_at
    return last.gone


def set_rule(service: RetentionService, actor: Actor, kind: ConversationKind, days: int) -> None:
    service.set_rule(actor, kind, str(days), confirmation=str(days))


def count(database: Database, statement: str, **given: Any) -> int:
    with database.reading() as session:
        return int(session.execute(text(statement), given).scalar_one())


# Whatever there is, and whatever comes in between


@dataclass
class Talk:
    kind: ConversationKind
    owner: int
    members: frozenset[int]
    ages: list[float]
    """Of its messages, in days."""
    is_deleted: bool = False
    id: UUID = field(default_factory=new_id)
    messages: list[UUID] = field(default_factory=list)

    @property
    def people(self) -> frozenset[int]:
        return self.members | {self.owner}


@dataclass
class World:
    talks: list[Talk]
    rules: dict[ConversationKind, int]
    held_people: frozenset[int]
    held_talks: frozenset[int]
    batch: int
    stops: list[bool]
    """After which steps the process dies."""

    def is_held(self, number: int) -> bool:
        return number in self.held_talks or bool(self.talks[number].people & self.held_people)

    def stays(self, number: int, age: float) -> bool:
        days = self.rules.get(self.talks[number].kind)
        return days is None or age < days or self.is_held(number)


PEOPLE = range(3)
AGES = st.integers(0, 1_000).map(lambda tenth: tenth / 10 + 0.05)
TALKS = st.builds(
    Talk,
    st.sampled_from(ConversationKind),
    st.sampled_from(PEOPLE),
    st.frozensets(st.sampled_from(PEOPLE), max_size=2),
    st.lists(AGES, min_size=1, max_size=8),
    st.booleans(),
)
WORLDS = st.builds(
    World,
    st.lists(TALKS, min_size=1, max_size=6),
    st.dictionaries(st.sampled_from(ConversationKind), st.sampled_from([1, 30, 60]), min_size=1),
    st.frozensets(st.sampled_from(PEOPLE), max_size=1),
    st.frozensets(st.integers(0, 5), max_size=1),
    st.integers(1, 4),
    st.lists(st.booleans(), max_size=10),
)


def build(session: Session, world: World, now: datetime) -> Actor:
    company = make_company(session)
    people = [make_user(session, company) for _ in PEOPLE]
    boss = make_user(session, company, (Role.ADMIN,))
    for talk in world.talks:
        _build_talk(session, talk, people, now)
    actor = make_actor(boss, (Role.ADMIN,))
    service = RetentionService(Database(session.connection()))
    for kind, days in world.rules.items():
        set_rule(service, actor, kind, days)
    for number in world.held_people:
        service.place_hold(actor, WantedHold("A case", user_id=people[number].id))
    for number in world.held_talks:
        if number < len(world.talks):
            service.place_hold(actor, WantedHold("A case", conversation=str(world.talks[number].id)))
    return actor


def _build_talk(session: Session, talk: Talk, people: list[User], now: datetime) -> None:
    owner = people[talk.owner]
    conversation = Conversation(
        id=talk.id,
        company_id=owner.company_id,
        owner_id=owner.id,
        kind=talk.kind,
        direct_key=str(talk.id) if talk.kind is DIRECT else None,
        title="What was said first",
        last_seq=len(talk.ages),
        said=len(talk.ages),
        last_message_at=now,
        deleted_at=now if talk.is_deleted else None,
    )
    session.add(conversation)
    session.flush()
    left = {number: now if number % 2 else None for number in talk.people}
    session.add_all(
        Member(
            conversation_id=talk.id, user_id=people[number].id, kind=talk.kind, joined_at=now, left_at=left[number],
            last_read_seq=1, read_said=1,
        )
        for number in sorted(talk.people)
    )  # fmt: skip
    for seq, age in enumerate(talk.ages, 1):
        message = Message(
            conversation_id=talk.id,
            created_at=now - age * DAY,
            seq=seq,
            role=MessageRole.USER if seq % 2 else MessageRole.ASSISTANT,
            sender_id=owner.id if seq % 2 else None,
            content=f"Said {seq}",
        )
        session.add(message)
        session.flush()
        talk.messages.append(message.id)
        session.add(MessageRevision(message_id=message.id, content="Before"))
        if not seq % 2:
            linked = {"conversation_id": talk.id, "message_id": message.id}
            book(session, make_call(owner.company_id, owner.id, message.created_at, cost=Decimal(seq), **linked))


LEDGER = """
    SELECT string_agg(CAST(row(id, created_at, user_id, cost, output_tokens) AS text), '|' ORDER BY id)
    FROM model_calls
"""


@tried(12)
@given(WORLDS)
def test_what_is_left_is_what_the_rules_and_holds_say(database: Database, world: World) -> None:
    now = clock.now()
    with database.transaction() as session:
        actor = build(session, world, now)
        ledger = session.execute(text(LEDGER)).scalar_one()
    service, company_id = RetentionService(database), actor.company_id
    foreseen = service.dry_run(actor)
    one = keeper(database, batch=world.batch)
    assert one.begin(company_id)
    for is_last in [*world.stops, None]:
        steps = one.work(company_id)
        if is_last is None:
            list(steps)
        elif is_last:
            next(steps, None)
            one = keeper(database, batch=world.batch)  # the one before is never heard of again
        else:
            next(steps, None)
    told = one.last_run(company_id)
    assert told and told.finished_at

    going = {
        number: {id_ for id_, age in zip(talk.messages, talk.ages, strict=True) if not world.stays(number, age)}
        for number, talk in enumerate(world.talks)
    }
    emptied = {
        number
        for number, talk in enumerate(world.talks)
        if talk.kind is ASSISTANT and going[number] == set(talk.messages)
    }
    messages, touched = sum(map(len, going.values())), sum(map(bool, going.values()))
    assert told.gone == Gone(messages, touched, len(emptied))
    held = {
        number
        for number, talk in enumerate(world.talks)
        if world.is_held(number) and any(age >= world.rules.get(talk.kind, 10**6) for age in talk.ages)
    }
    assert foreseen == DryRun(messages, touched, len(held), is_least=False)
    with database.reading() as session:
        for number, talk in enumerate(world.talks):
            left = set(
                session.execute(text("SELECT id FROM messages WHERE conversation_id = :id"), {"id": talk.id}).scalars()
            )
            assert left == set(talk.messages) - going[number]
            revised = text("SELECT count(*) FROM message_revisions WHERE message_id = ANY(:ids)")
            assert session.execute(revised, {"ids": talk.messages}).scalar_one() == len(left)
            conversation = Conversations(session).get(talk.id)
            assert (conversation is None) == (number in emptied)
            if conversation and talk.kind is not ASSISTANT:
                _check_unread(session, talk, left)
        assert session.execute(text(LEDGER)).scalar_one() == ledger
    # Once more takes nothing, and everything adds up.
    assert run(database, company_id) == Gone()
    usage = UsageKeeper(database)
    assert not [difference for month in usage.months() for difference in usage.verify(month)]
    with database.transaction() as session:
        assert Audit(session).verify(company_id) is None


def _check_unread(session: Session, talk: Talk, left: set[UUID]) -> None:
    members = text(
        "SELECT m.read_said, c.said FROM members m JOIN conversations c ON c.id = m.conversation_id WHERE c.id = :id"
    )
    unread = sum(id_ in left for id_ in talk.messages[1:])
    for row in session.execute(members, {"id": talk.id}):
        assert row.said - row.read_said == unread


# Nothing of it anywhere

MARKER = "zebrafish"
COLUMNS = """
    SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = 'public' AND data_type IN ('text', 'character varying', 'jsonb', 'json', 'tsvector', 'ARRAY')
"""


def traces(database: Database) -> list[str]:
    """The columns in which the marker stands."""
    found = []
    with database.reading() as session:
        for table, column in session.execute(text(COLUMNS)).all():
            where = text(f'SELECT count(*) FROM "{table}" WHERE CAST("{column}" AS text) ILIKE :sought')
            if session.execute(where, {"sought": f"%{MARKER}%"}).scalar_one():
                found.append(f"{table}.{column}")
    return sorted(found)


def grow_old(database: Database, days: int = 100) -> None:
    """Everything that was said so far."""
    with database.transaction() as session:
        for table in ("messages", "queued_questions", "message_revisions", "feedback"):
            session.execute(
                text(f"UPDATE {table} SET created_at = created_at - :days * interval '1 day'"), {"days": days}
            )


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
def boss(desk: Desk) -> Actor:
    return desk.person(Role.ADMIN)


@pytest.fixture
def service(database: Database, boss: Actor) -> RetentionService:
    service = RetentionService(database)
    for kind in ConversationKind:
        set_rule(service, boss, kind, 30)
    return service


def say_everywhere(desk: Desk) -> tuple[UUID, UUID]:
    """The marker in all that people can write, each kind of conversation. A chat and a room."""
    asked = desk.talk(desk.me, f"What does a {MARKER} eat?")
    desk.feedback.rate(desk.me, asked.answer_id, Score.DOWN, comment=f"Not about the {MARKER}")
    again = desk.chat.edit_and_resend(desk.me, asked.question_id, f"What does the {MARKER} eat?")
    desk.answer(again, f"The {MARKER} eats worms.")
    failing = desk.ask(desk.me, f"And the other {MARKER}?", conversation_id=asked.conversation_id)
    desk.queue_up(failing, f"A {MARKER} that waits")
    desk.answer(failing, f"Half a {MARKER}", error_code="model_busy")
    other = desk.person()
    room_id = desk.rooms.create(desk.me, GROUP, "Fish", user_ids=[other.user_id])
    sent = desk.talks.send(desk.me, room_id, f"@{other.display_name} look at the {MARKER}")
    desk.talks.edit(desk.me, sent.message_id, f"@{other.display_name} look at that {MARKER}")
    desk.reactions.toggle(other, sent.message_id, "👍")
    desk.reports.report(other, sent.message_id, ReportReason.OTHER, f"It says {MARKER}")
    desk.talks.send(other, room_id, f"What {MARKER}?", reply_to_id=sent.message_id)
    called = desk.talks.send(other, room_id, f"@Assistant what is a {MARKER}?")
    assert called.run_id
    desk.end(called.run_id, f"A {MARKER} is a fish.")
    dumped = (
        ChatGPT(f"The {MARKER}", conversation_id="chat-1")
        .add("q", "user", f"A {MARKER}?")
        .add("a", "assistant", f"A {MARKER}.")
    )
    assert ImportService(desk.database, ignore).run(desk.me, as_file([dumped.value])).messages == 2
    return asked.conversation_id, room_id


def test_nothing_of_what_went_is_left_in_any_column(desk: Desk, boss: Actor, service: RetentionService) -> None:
    chat_id, room_id = say_everywhere(desk)
    assert {"reports.comment", "messages.content"} < set(traces(desk.database))
    grow_old(desk.database)
    # Something newer in each, which stays.
    desk.conversations.rename(desk.me, room_id, "Fish and more")
    desk.talks.send(desk.me, room_id, "Fresh")
    run(desk.database, boss.company_id)
    assert traces(desk.database) == []
    assert desk.texts(room_id)[-1] == "Fresh"
    with pytest.raises(NotFound):
        desk.read(chat_id)
    assert count(desk.database, "SELECT count(*) FROM ratings") == 1
    assert count(desk.database, "SELECT count(*) FROM reports WHERE reason = 'other'") == 1
    assert count(desk.database, "SELECT count(*) FROM model_calls WHERE message_id IS NOT NULL") == 0


def test_a_chat_that_goes_on_is_called_after_its_first_question_that_is_left(
    desk: Desk, boss: Actor, service: RetentionService
) -> None:
    talks = [desk.talk(desk.me, f"About {MARKER}s", f"Which {MARKER}?") for _ in range(3)]
    named, other, left = (one.conversation_id for one in talks)
    grow_old(desk.database)
    desk.conversations.rename(desk.me, named, "Mine")
    for chat_id in (named, other):
        desk.answer(desk.ask(desk.me, "Go **on**", conversation_id=chat_id))
    with desk.database.transaction() as session:  # of the third only the last answer is younger
        session.execute(
            text("UPDATE messages SET created_at = now() WHERE conversation_id = :id AND seq = 4"), {"id": left}
        )
    run(desk.database, boss.company_id, batch=1)
    assert traces(desk.database) == []
    titles = [desk.read(chat_id).conversation.title for chat_id in (named, other, left)]
    assert titles == ["Mine", "Go on", ""]
    assert next(iter(desk.conversations.list_recent(desk.me))).title == "Go on"
    assert count(desk.database, "SELECT sum(said) FROM conversations WHERE kind = 'assistant'") == 2 + 2 + 1


def test_an_imported_chat_loses_what_its_file_said_of_it(desk: Desk, boss: Actor, service: RetentionService) -> None:
    dumped = (
        ChatGPT(f"The {MARKER}", conversation_id="chat-1")
        .add("q", "user", f"A {MARKER}?")
        .add("a", "assistant", f"A {MARKER}.")
    )
    ImportService(desk.database, ignore).run(desk.me, as_file([dumped.value]))
    (line,) = desk.conversations.list_recent(desk.me)
    grow_old(desk.database, 10_000)
    desk.answer(desk.ask(desk.me, "And now?", conversation_id=line.id))
    run(desk.database, boss.company_id, batch=1)
    assert traces(desk.database) == []
    assert desk.read(line.id).conversation.title == "And now?"


# Around it


def test_an_answer_under_way_and_its_question_stay(desk: Desk, boss: Actor, service: RetentionService) -> None:
    first = desk.talk(desk.me, "Before")
    asked = desk.ask(desk.me, "Still being answered", conversation_id=first.conversation_id)
    desk.queue_up(asked, "Waits")
    grow_old(desk.database)
    assert service.dry_run(boss).messages == 2
    assert run(desk.database, boss.company_id) == Gone(2, 1, 0)
    assert desk.texts(asked.conversation_id) == ["Still being answered", ""]
    assert desk.waiting(asked.conversation_id) == ["Waits"]
    desk.answer(asked, "Done")
    assert desk.texts(asked.conversation_id)[:3] == ["Still being answered", "Done", "Waits"]


def test_steps_go_with_their_answers_whatever_their_own_age(desk: Desk, boss: Actor, service: RetentionService) -> None:
    first = desk.talk(desk.me, "Before")
    asked = desk.ask(desk.me, "Still being answered", conversation_id=first.conversation_id)
    old = add_step(desk.database, desk.me, asked.answer_id)
    grow_old(desk.database)
    new = add_step(desk.database, desk.me, first.answer_id)
    assert service.dry_run(boss).messages == 2
    assert run(desk.database, boss.company_id) == Gone(2, 1, 0)
    with desk.database.reading() as session:
        assert (Steps(session).get(new), Steps(session).get(old) is None) == (None, False)


def test_what_replies_to_a_message_that_is_gone_says_so(desk: Desk, boss: Actor, service: RetentionService) -> None:
    room_id = desk.rooms.create(desk.me, GROUP, "Fish")
    sent = desk.talks.send(desk.me, room_id, "Old")
    grow_old(desk.database)
    with desk.database.transaction() as session:
        session.execute(text("UPDATE messages SET created_at = now() WHERE message_type = 'notice'"))
    reply = desk.talks.send(desk.me, room_id, "To that", reply_to_id=sent.message_id)
    run(desk.database, boss.company_id)
    shown = next(message for message in desk.read(room_id).messages if message.id == reply.message_id)
    assert shown.reply and (shown.reply.excerpt, shown.reply.sender_name) == ("", "")
    again = desk.talks.send(desk.me, room_id, "Next")
    assert again.seq == reply.seq + 1


def test_who_had_not_read_it_has_it_no_more_to_read(desk: Desk, boss: Actor, service: RetentionService) -> None:
    other = desk.person()
    room_id = desk.rooms.create(desk.me, GROUP, "Fish", user_ids=[other.user_id])
    for number in range(4):
        desk.talks.send(desk.me, room_id, f"Old {number}")
    grow_old(desk.database)
    desk.talks.send(desk.me, room_id, "New")
    run(desk.database, boss.company_id, batch=2)

    def unread(actor: Actor) -> int:
        with desk.database.reading() as session:
            found = Unreads(session).of_person(actor.user_id).get(room_id)
            return found.unread if found else 0

    assert (unread(desk.me), unread(other)) == (0, 1)
    desk.talks.send(other, room_id, "Newer")
    assert unread(desk.me) == 1
    desk.members.mark_read(other, room_id, desk.read(room_id, other).messages[-1].seq)
    assert unread(other) == 0


def test_rules_that_change_in_the_middle_of_a_run(desk: Desk, boss: Actor, service: RetentionService) -> None:
    """What is removed or lengthened acts at once, what is shortened at the next run."""
    chats = [desk.talk(desk.me, f"Chat {number}") for number in range(3)]
    grow_old(desk.database)
    one = keeper(desk.database, batch=1)
    one.begin(boss.company_id)
    work = one.work(boss.company_id)
    assert next(work).messages == 1
    service.set_rule(boss, ASSISTANT, "200")
    list(work)
    assert one.last_run(boss.company_id).gone == Gone(1, 1, 0)  # type: ignore[union-attr]
    one.begin(boss.company_id)
    set_rule(service, boss, ASSISTANT, 50)
    list(one.work(boss.company_id))
    assert one.last_run(boss.company_id).gone == Gone()  # type: ignore[union-attr]
    one.begin(boss.company_id)
    work = one.work(boss.company_id)
    assert next(work).messages == 1
    service.remove_rule(boss, ASSISTANT)
    list(work)
    assert count(desk.database, "SELECT count(*) FROM messages") == 2 * len(chats) - 2


def test_a_hold_placed_in_the_middle_of_a_run_acts_from_the_next_batch_on(fresh_database: Database) -> None:
    """By another connection, at any moment: once it is placed, nothing more goes."""
    desk = Desk(fresh_database)
    boss, service = desk.person(Role.ADMIN), RetentionService(fresh_database)
    set_rule(service, boss, ASSISTANT, 30)
    for _ in range(3):
        desk.talk(desk.me, *(f"Question {number}" for number in range(20)))
    grow_old(fresh_database)
    left: list[int] = []

    def hold() -> None:
        service.place_hold(boss, WantedHold("A case", user_id=desk.me.user_id))
        left.append(count(fresh_database, "SELECT count(*) FROM messages"))

    one = keeper(fresh_database, batch=1)
    one.begin(boss.company_id)
    holding = threading.Thread(target=hold)
    for number, _ in enumerate(one.work(boss.company_id)):
        if number == 10:
            holding.start()
    holding.join()
    assert 0 < left[0] < 120
    assert count(fresh_database, "SELECT count(*) FROM messages") == left[0]
    assert service.dry_run(boss).held == 3


def test_two_processes_share_a_run(fresh_database: Database) -> None:
    desk = Desk(fresh_database)
    boss, service = desk.person(Role.ADMIN), RetentionService(fresh_database)
    set_rule(service, boss, ASSISTANT, 30)
    for number in range(10):
        desk.talk(desk.me, f"Chat {number}", "And?")
    grow_old(fresh_database)
    removed: list[int] = []

    def work() -> None:
        one = keeper(fresh_database, batch=3)
        one.begin(boss.company_id)
        removed.append(sum(step.messages for step in one.work(boss.company_id)))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(removed) == 40
    assert count(fresh_database, "SELECT sum((removed -> 'assistant' ->> 'messages')::int) FROM retention_runs") == 40


def test_a_run_begins_by_itself_once_a_day_and_an_unfinished_one_goes_on(
    desk: Desk, boss: Actor, database: Database
) -> None:
    one = keeper(database)
    assert not one.begin(boss.company_id)
    assert boss.company_id not in [company_id for company_id, _ in one.list_companies()]
    set_rule(RetentionService(database), boss, GROUP, 1)
    assert one.is_due(boss.company_id)
    one.begin(boss.company_id)
    assert one.is_due(boss.company_id)
    list(one.work(boss.company_id))
    assert not one.is_due(boss.company_id)
    with database.transaction() as session:
        session.execute(text("UPDATE retention_runs SET created_at = created_at - interval '1 day'"))
    assert one.is_due(boss.company_id)


def test_a_run_proves_itself_in_the_audit(desk: Desk, boss: Actor, service: RetentionService) -> None:
    desk.talk()
    grow_old(desk.database)
    hold_id = service.place_hold(boss, WantedHold(" A case ", user_id=boss.user_id))
    run(desk.database, boss.company_id)
    service.release_hold(boss, hold_id, "Settled")
    service.set_rule(boss, GROUP, "31", reason="More time")
    service.remove_rule(boss, COMPANY)
    with desk.database.transaction() as session:
        events = Audit(session).list_recent(boss.company_id, 6)[::-1]
        assert Audit(session).verify(boss.company_id) is None
    assert [event.action.partition(":")[2] for event in events] == [
        "place", "begin_run", "end_run", "release", "set_rule", "remove_rule",
    ]  # fmt: skip
    placed, begun, ended, released, longer, removed = events
    assert (placed.after, placed.reason) == ({"user": str(boss.user_id)}, "A case")
    assert begun.after and set(begun.after["cutoffs"]) == set(ConversationKind)
    assert ended.after and ended.after["holds"] == 1
    assert ended.after["removed"] == {"assistant": {"messages": 2, "conversations": 1, "chats": 1}}
    assert (released.before, released.reason) == ({"user": str(boss.user_id)}, "Settled")
    assert (longer.before, longer.after) == ({"kind": "group", "days": 30}, {"kind": "group", "days": 31})
    assert longer.reason == "More time"
    assert (removed.before, removed.after) == ({"kind": "company", "days": 30}, None)


# Setting it


def test_what_takes_more_is_confirmed_by_typing_the_days(desk: Desk, boss: Actor) -> None:
    service = RetentionService(desk.database)
    with pytest.raises(Invalid, match="type the number of days once more: 90"):
        service.set_rule(boss, GROUP, "90", confirmation="9")
    service.set_rule(boss, GROUP, "90", confirmation=" 90 ")
    service.set_rule(boss, GROUP, "120")
    with pytest.raises(Invalid):
        service.set_rule(boss, GROUP, "119")
    rule = service.read(boss).rules[GROUP]
    assert (rule.days, rule.set_by) == (120, boss.display_name)
    assert GROUP not in RetentionService(desk.database).read(desk.person(Role.ADMIN, company=_elsewhere(desk))).rules


def _elsewhere(desk: Desk) -> Any:
    with desk.database.transaction() as session:
        return make_company(session)


@pytest.mark.parametrize(
    ("typed", "days"),
    [("1", 1), (" 36,500 ", 36_500)]
    + [(wrong, None) for wrong in ("", "0", "36501", "-1", "1.5", "1,5", "ninety", "٣", "9" * 40)],
)
def test_days_are_whole_and_within_a_century(typed: str, days: int | None) -> None:
    if days is None:
        with pytest.raises(Invalid):
            checked_days(typed)
    else:
        assert checked_days(typed) == days


def test_what_can_be_held(desk: Desk, boss: Actor) -> None:
    service = RetentionService(desk.database)
    room_id = desk.rooms.create(desk.me, GROUP, "Secret plans")
    elsewhere = desk.stranger()
    theirs = desk.rooms.create(elsewhere, GROUP, "Theirs")
    for wanted in (
        WantedHold("A case"),
        WantedHold("A case", user_id=desk.me.user_id, conversation=str(room_id)),
        WantedHold("A case", user_id=elsewhere.user_id),
        WantedHold("A case", conversation=str(theirs)),
        WantedHold("A case", conversation="plans"),
        WantedHold(" ", conversation=str(room_id)),
    ):
        with pytest.raises(Invalid):
            service.place_hold(boss, wanted)
    hold_id = service.place_hold(boss, WantedHold("A case", conversation=f" {room_id} "))
    with pytest.raises(Conflict):
        service.place_hold(boss, WantedHold("Another", conversation=str(room_id)))
    (line,) = service.read(boss).holds
    assert (line.name, line.kind, line.placed_by) == ("", GROUP, boss.display_name)  # its title is its members' alone
    with pytest.raises(Invalid):
        service.release_hold(boss, hold_id, " ")
    with pytest.raises(NotFound):
        service.release_hold(desk.person(Role.ADMIN, company=_elsewhere(desk)), hold_id, "Over")
    service.release_hold(boss, hold_id, "Over")
    with pytest.raises(Conflict):
        service.release_hold(boss, hold_id, "Over")
    assert service.read(boss).holds == ()
    with desk.database.reading() as session:
        assert not LegalHolds(session).is_held(room_id)


def test_the_dry_run_says_at_least_when_there_is_no_time(desk: Desk, boss: Actor, service: RetentionService) -> None:
    assert service.dry_run(boss).is_nothing
    assert service.count_old(boss.company_id, patience=-1) == DryRun(0, 0, 0, is_least=True)
