"""All that one may see in one list, and each of it read: by whom, in which state, in every order, page by page."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import Session, col

from core import clock
from core.database.engine import Database
from core.errors import Invalid, NotFound, NotPermitted
from core.ids import new_id
from core.models import IMPORTED, Company, Conversation, ConversationKind, History, Member, Message, User
from core.permissions import Actor, Role
from core.repositories.messages import Messages
from core.repositories.versions import Versions
from core.services.browse import BrowseService
from core.services.browse_views import BrowsedTranscript, Deed, Filters, Sort, State
from core.services.room_access import DIRECT_STAYS, OWNERS_ONLY
from tests.bench.statements import statements_of
from tests.support.builders import make_company, make_conversation, make_messages
from tests.support.properties import tried
from tests.support.talks import Desk, outcome

ASSISTANT, DIRECT, GROUP, COMPANY = ConversationKind
STAFF, ANALYST, MODERATOR = Role.STAFF, Role.ANALYST, Role.MODERATOR
DEFAULT = "small"
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


class House:
    """A company with a conversation of each kind in each state, and everybody who stands to them somehow."""

    def __init__(self, database: Database) -> None:
        self.desk = Desk(database)
        self.database = database
        self.browse = BrowseService(database, self.desk.conversations, lambda _: DEFAULT)
        self.people: dict[str, Actor] = {
            "owner": self.desk.me,
            "member": self.desk.person(),
            "former": self.desk.person(),
            "colleague": self.desk.person(),
            "stranger": self.desk.stranger(),
            "moderator": self.desk.person(STAFF, MODERATOR),
            "only moderator": self.desk.person(MODERATOR),
            "strange moderator": self.desk.person(STAFF, MODERATOR, company=self._company()),
            "analyst": self.desk.person(ANALYST),
        }

    def _company(self) -> Company:
        with self.database.transaction() as session:
            return make_company(session)

    def make(self, kind: ConversationKind = ASSISTANT, owner: Actor | None = None, **fields: Any) -> UUID:
        """With its owner in it, and in rooms the member and the one who left."""
        owner = owner or self.desk.me
        if kind is DIRECT:
            fields = {"direct_key": new_id().hex} | fields
        with self.database.transaction() as session:
            conversation = make_conversation(
                session, session.get_one(User, owner.user_id), **{"kind": kind, "title": kind.value} | fields
            )
            if kind.is_room:
                self._add(session, conversation, "member")
            if kind in (GROUP, COMPANY) and owner != self.people["former"]:
                self._add(session, conversation, "former", left_at=clock.now())
            return conversation.id

    def _add(self, session: Session, conversation: Conversation, who: str, **fields: Any) -> None:
        person: dict[str, Any] = {"conversation_id": conversation.id, "user_id": self.people[who].user_id}
        session.add(Member(**person, kind=conversation.kind, joined_at=clock.now(), **fields))

    def join(self, conversation_id: UUID, actor: Actor, **fields: Any) -> None:
        with self.database.transaction() as session:
            kind = session.get_one(Conversation, conversation_id).kind
            person: dict[str, Any] = {"conversation_id": conversation_id, "user_id": actor.user_id}
            session.add(Member(**person, kind=kind, joined_at=clock.now(), **fields))

    def say(self, conversation_id: UUID, *texts: str) -> list[UUID]:
        """Questions and answers by turns. Their ids."""
        with self.database.transaction() as session:
            conversation = session.get_one(Conversation, conversation_id)
            return [message.id for message in make_messages(session, conversation, list(texts))]

    def change(self, message_id: UUID, **fields: Any) -> None:
        with self.database.transaction() as session:
            message = session.get_one(Message, message_id)
            for name, value in fields.items():
                setattr(message, name, value)
            session.add(message)

    def at(self, session: Session, conversation_id: UUID, seq: int) -> Message:
        statement = select(Message).where(col(Message.conversation_id) == conversation_id, col(Message.seq) == seq)
        return session.execute(statement).scalar_one()

    def listed(self, who: str | Actor, filters: Filters = Filters(), **options: Any) -> list[UUID]:  # noqa: B008
        actor = self.people[who] if isinstance(who, str) else who
        return [line.id for line in self.browse.list_page(actor, filters, **options).lines]

    def read(self, conversation_id: UUID, who: str = "owner", **options: Any) -> BrowsedTranscript:
        return self.browse.read(self.people[who], conversation_id, **options)


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


# Who sees what

# a active · A archived · d deleted · p NotPermitted · - nothing of it. The chats are the owner's.
SEEN = """
                    assistant  direct  group  company
owner               aAd        a       aAd    aAd
member              -          a       aA     aA
former              -          -       -      -
colleague           -          -       -      -
stranger            -          -       -      -
moderator           -          -       -      aA
only moderator      -          -       -      aA
strange moderator   -          -       -      -
analyst             p          p       p      p
"""
STATES = {"a": State.ACTIVE, "A": State.ARCHIVED, "d": State.DELETED}
FIELDS: dict[State, dict[str, Any]] = {
    State.ACTIVE: {},
    State.ARCHIVED: {"archived_at": NOON},
    State.DELETED: {"deleted_at": NOON},
}


def cells() -> list[tuple[str, ConversationKind, str]]:
    heading, *rows = SEEN.strip().splitlines()
    kinds = [ConversationKind(name) for name in heading.split()]
    return [(row[:20].strip(), kind, seen) for row in rows for kind, seen in zip(kinds, row[20:].split(), strict=True)]


@pytest.mark.parametrize(("who", "kind", "seen"), cells(), ids=str)
def test_one_sees_what_one_may_and_reads_just_that(house: House, who: str, kind: ConversationKind, seen: str) -> None:
    states = [State.ACTIVE] if kind is DIRECT else list(State)  # one of two people is never put away
    made = {state: house.make(kind, **FIELDS[state]) for state in states}
    for conversation_id in made.values():
        house.say(conversation_id, "Why?", "So.")
    actor = house.people[who]
    if seen == "p":
        for look in (lambda: house.listed(actor), lambda: house.read(made[State.ACTIVE], who)):
            assert outcome(look) == "NotPermitted"
        return
    for state, conversation_id in made.items():
        is_seen = any(STATES.get(mark) is state for mark in seen)
        for filters in (Filters(state=state), Filters(state=state, kinds=frozenset({kind}))):
            assert house.listed(actor, filters) == ([conversation_id] if is_seen else [])
        if is_seen:
            assert [message.content for message in house.read(conversation_id, who).messages] == ["Why?", "So."]
        else:
            with pytest.raises(NotFound) as refused:
                house.read(conversation_id, who)
            assert str(refused.value) == NotFound.sentence


def test_what_is_not_there_is_refused_in_the_same_words(house: House) -> None:
    with pytest.raises(NotFound) as refused:
        house.read(new_id())
    assert str(refused.value) == NotFound.sentence


def test_a_moderator_sees_a_company_room_once_also_as_its_member(house: House) -> None:
    room = house.make(COMPANY)
    house.join(room, house.people["moderator"])
    house.join(room, house.people["only moderator"])
    for who in ("moderator", "only moderator"):
        assert house.listed(who) == [room]


def test_whose_it_is_and_what_one_may_do_with_it(house: House) -> None:
    made = {kind: house.make(kind) for kind in ConversationKind}
    archived = house.make(GROUP, archived_at=NOON)
    gone = house.make(DIRECT)
    away = house.desk.person(is_active=False)
    house.join(gone, away)
    with house.database.transaction() as session:
        session.delete(session.get_one(Member, (gone, house.people["member"].user_id)))

    def rights(who: str, conversation_id: UUID) -> tuple[bool, bool]:
        found = house.read(conversation_id, who).conversation
        return found.can_write, found.can_put_away

    assert {kind: rights("owner", one) for kind, one in made.items()} == {
        ASSISTANT: (True, True),
        DIRECT: (True, False),
        GROUP: (True, True),
        COMPANY: (True, True),
    }
    assert rights("member", made[GROUP]) == (True, False)
    assert rights("owner", archived) == (False, True)
    assert rights("owner", gone) == (False, False)
    for who in ("moderator", "only moderator"):
        assert rights(who, made[COMPANY]) == (False, False)
    titles = {line.id: line.title for line in house.browse.list_page(house.desk.me, Filters()).lines}
    assert titles[gone] == away.display_name and titles[made[GROUP]] == "group"
    assert house.read(made[COMPANY], "moderator").conversation.owner_name == house.desk.me.display_name


# What is asked for


def test_filters_are_combined(house: House) -> None:
    chat, group = house.make(), house.make(GROUP)
    large, old = house.make(model="large"), house.make(last_message_at=NOON)
    assert set(house.listed("owner")) == {chat, group, large, old}
    assert house.listed("owner", Filters(kinds=frozenset({GROUP, COMPANY}))) == [group]
    assert house.listed("owner", Filters(kinds=frozenset())) == []
    assert house.listed("owner", Filters(model="large")) == [large]
    assert set(house.listed("owner", Filters(model=DEFAULT))) == {chat, group, old}
    assert house.listed("owner", Filters(model="none such")) == []
    assert house.listed("owner", Filters(until=NOON.date(), model=DEFAULT)) == [old]
    assert set(house.listed("owner", Filters(since=clock.now().date()))) == {chat, group, large}


def test_days_are_the_readers_own_from_midnight_to_midnight(house: House) -> None:
    zone = ZoneInfo("Asia/Tokyo")
    moments = [datetime(2026, 5, day, hour, tzinfo=zone) for day, hour in ((3, 23), (4, 0), (4, 23), (5, 0))]
    before, first, last, after = (house.make(last_message_at=moment) for moment in moments)
    day = date(2026, 5, 4)
    assert house.listed("owner", Filters(since=day, until=day), zone=zone) == [last, first]
    assert house.listed("owner", Filters(since=day), zone=zone) == [after, last, first]
    assert house.listed("owner", Filters(until=day), zone=zone) == [last, first, before]


def test_days_beyond_all_calendars_are_refused(house: House) -> None:
    for filters in (Filters(since=date.min), Filters(until=date.max), Filters(since=date(1969, 12, 31))):
        with pytest.raises(Invalid):
            house.listed("owner", filters, zone=ZoneInfo("Pacific/Kiritimati"))
    assert house.listed("owner", Filters(since=date(1970, 1, 1), until=date(2199, 12, 31))) == []


def test_owners_are_for_who_oversees_rooms(house: House) -> None:
    others = house.people["colleague"]
    mine, theirs = house.make(COMPANY), house.make(COMPANY, owner=others)
    house.make(COMPANY, owner=others, archived_at=NOON)
    house.make(COMPANY, owner=house.people["stranger"])
    house.make(COMPANY, owner=house.people["former"], deleted_at=NOON)
    owner, colleague = house.desk.me, others
    for who in ("moderator", "only moderator"):
        assert {one.id for one in house.browse.owners(house.people[who])} == {owner.user_id, colleague.user_id}
        assert house.listed(who, Filters(owner_id=colleague.user_id)) == [theirs]
        assert house.listed(who, Filters(owner_id=owner.user_id)) == [mine]
    assert house.browse.owners(owner) == ()
    with pytest.raises(NotPermitted):
        house.listed("owner", Filters(owner_id=owner.user_id))


# The order, page by page


def walked(house: House, who: str, sort: Sort, limit: int) -> tuple[list[list[UUID]], list[list[UUID]]]:
    """The list from its beginning to its end and back."""
    actor = house.people[who]
    down: list[list[UUID]] = []
    up: list[list[UUID]] = []
    page = house.browse.list_page(actor, Filters(), sort, limit=limit)
    assert page.newer is None
    down.append([line.id for line in page.lines])
    while page.older:
        page = house.browse.list_page(actor, Filters(), sort, after=page.older, limit=limit)
        down.append([line.id for line in page.lines])
        assert len(down) < 50, "it goes round in circles"
    while page.newer:
        page = house.browse.list_page(actor, Filters(), sort, before=page.newer, limit=limit)
        up.insert(0, [line.id for line in page.lines])
        assert len(up) < 50, "it goes round in circles"
    return down, up


made = st.tuples(st.sampled_from([ASSISTANT, GROUP, COMPANY]), st.booleans(), *[st.integers(0, 2)] * 3)


@tried(25)
@given(lines=st.lists(made, max_size=14), limit=st.integers(1, 5))
def test_every_order_is_whole_page_by_page_both_ways(
    house: House, lines: Sequence[tuple[ConversationKind, bool, int, int, int]], limit: int
) -> None:
    """With many that are alike in what they are sorted by."""
    assert isinstance(house.database.bind, object)
    savepoint = house.database.bind.begin_nested()  # type: ignore[union-attr]
    keys: dict[UUID, tuple[Any, ...]] = {}
    for kind, is_mine, hours, said, cents in lines:
        owner = house.people["moderator"] if is_mine else house.people["colleague"]
        at, spent = NOON + timedelta(hours=hours), Decimal(cents) / 100
        conversation_id = house.make(kind, owner=owner, last_message_at=at, said=said, spent=spent)
        if is_mine or kind is COMPANY:
            keys[conversation_id] = (at, said, spent)
    for number, sort in enumerate(Sort):
        expected = sorted(keys, key=lambda one: (keys[one][number], one), reverse=True)
        down, up = walked(house, "moderator", sort, limit)
        assert [one for page in down for one in page] == expected
        assert [one for page in up for one in page] == expected[: len(expected) - len(down[-1])]
        assert all(len(page) == limit for page in down[:-1])
    savepoint.rollback()


def test_a_place_is_kept_while_others_move_to_the_front(house: House) -> None:
    ids = [house.make(last_message_at=NOON - timedelta(hours=number)) for number in range(4)]
    page = house.browse.list_page(house.desk.me, Filters(), limit=2)
    with house.database.transaction() as session:
        session.get_one(Conversation, ids[3]).last_message_at = NOON + timedelta(hours=1)
    assert house.listed("owner", after=page.older, limit=2) == [ids[2]]


SOME_ID = "018f00000000700080000000000000aa"


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize(
    "place",
    [
        *("nonsense", "_", "1_", "1_" + "z" * 32, "\0"),
        *(f"{key}_{SOME_ID}" for key in ("", "x", "-1", "9" * 40, "NaN", "1e9", "١")),
    ],
    ids=repr,
)
def test_what_is_no_place_in_a_list_is_refused(house: House, sort: Sort, place: str) -> None:
    house.make()
    for where in ("before", "after"):
        with pytest.raises(Invalid):
            look: dict[str, Any] = {where: place}
            house.listed("owner", sort=sort, **look)


@pytest.mark.parametrize("sort", Sort)
def test_the_farthest_place_is_one(house: House, sort: Sort) -> None:
    number = "9" * (8 if sort is Sort.COST else 17)
    one = house.make()
    assert house.listed("owner", sort=sort, after=f"{number}_{new_id().hex}") == [one]
    assert house.listed("owner", sort=sort, before=f"{number}_{new_id().hex}") == []


# Several at once


def test_several_are_put_away_each_by_its_own_rules_and_brought_back(house: House) -> None:
    chat, group, direct = house.make(), house.make(GROUP), house.make(DIRECT)
    theirs = house.make(GROUP, owner=house.people["colleague"])
    house.join(theirs, house.desk.me)
    hidden, unknown = house.make(owner=house.people["colleague"]), new_id()
    wanted = [chat, group, direct, theirs, hidden, unknown, chat]
    for deed, state in ((Deed.ARCHIVE, State.ARCHIVED), (Deed.DELETE, State.DELETED)):
        done = house.browse.put_away(house.desk.me, wanted, deed)
        assert [(one.conversation_id, one.refusal) for one in done] == [
            (chat, None),
            (group, None),
            (direct, DIRECT_STAYS),
            (theirs, OWNERS_ONLY),
            (hidden, NotFound.sentence),
            (unknown, NotFound.sentence),
        ]
        assert set(house.listed("owner", Filters(state=state))) == {chat, group}
        back = [one.conversation_id for one in done if one.refusal is None]
        assert all(one.refusal is None for one in house.browse.put_away(house.desk.me, back, deed.undo))
        assert house.listed("owner", Filters(state=state)) == []
        assert set(house.listed("owner")) == {chat, group, direct, theirs}


def test_not_more_than_many_at_once_nor_without_the_right(house: House) -> None:
    with pytest.raises(Invalid):
        house.browse.put_away(house.desk.me, [new_id() for _ in range(201)], Deed.ARCHIVE)
    with pytest.raises(NotPermitted):
        house.browse.put_away(house.people["analyst"], [house.make()], Deed.DELETE)
    room = house.make(COMPANY)
    for who in ("moderator", "only moderator"):
        [done] = house.browse.put_away(house.people[who], [room], Deed.DELETE)
        assert done.refusal
    assert house.listed("owner", Filters(kinds=frozenset({COMPANY}))) == [room]


# Reading


def contents(shown: BrowsedTranscript) -> list[str]:
    return [message.content for message in shown.messages]


def test_a_part_is_read_around_a_message_and_on_from_there(house: House) -> None:
    chat = house.make()
    house.say(chat, *map(str, range(1, 21)))

    def read(**options: Any) -> tuple[list[str], bool, bool]:
        shown = house.read(chat, limit=6, **options)
        return contents(shown), shown.has_earlier, shown.has_later

    assert read() == (["15", "16", "17", "18", "19", "20"], True, False)
    assert read(around=10) == (["8", "9", "10", "11", "12", "13"], True, True)
    assert read(around=1) == (["1", "2", "3", "4", "5", "6"], False, True)
    assert read(around=20) == (["15", "16", "17", "18", "19", "20"], True, False)
    assert read(around=19) == (["15", "16", "17", "18", "19", "20"], True, False)
    assert read(before=8) == (["2", "3", "4", "5", "6", "7"], True, True)
    assert read(before=4) == (["1", "2", "3"], False, True)
    assert read(after=13) == (["14", "15", "16", "17", "18", "19"], True, True)
    assert read(after=18) == (["19", "20"], True, False)
    assert read(around=10, before=8) == read(before=8)
    assert house.read(chat, around=10).around == 10


@pytest.mark.parametrize("seq", [0, -5, 99, 2**31, 10**30], ids=str)
def test_a_message_that_is_not_there_is_not_marked(house: House, seq: int) -> None:
    chat = house.make()
    house.say(chat, "1", "2", "3")
    shown = house.read(chat, around=seq, limit=2)
    assert shown.around is None and len(shown.messages) == 2
    for name in ("before", "after"):
        look: dict[str, Any] = {name: seq}
        house.read(chat, **look)


def test_an_empty_conversation_is_one(house: House) -> None:
    shown = house.read(house.make())
    assert (shown.messages, shown.has_earlier, shown.has_later) == ((), False, False)


def test_a_member_reads_from_their_joining_on_and_who_oversees_reads_all(house: House) -> None:
    room = house.make(COMPANY, history=History.JOINED)
    house.say(room, "1", "2", "3", "4")
    for who in ("colleague", "moderator"):
        house.join(room, house.people[who], joined_seq=2)
    shown = house.read(room, "colleague")
    assert contents(shown) == ["3", "4"] and not shown.has_earlier
    for seq in (1, 2):
        around = house.read(room, "colleague", around=seq)
        assert contents(around) == ["3", "4"] and around.around is None
    assert contents(house.read(room, "colleague", before=3)) == ["3", "4"], "nothing is before it: the end"
    assert contents(house.read(room, "moderator")) == ["1", "2", "3", "4"]
    assert house.listed("colleague") == [room]


def rewritten(house: House, chat: UUID, seq: int) -> None:
    """The message and all behind it are hidden; another version of it takes its place."""
    with house.database.transaction() as session:
        messages = Messages(session)
        [old] = messages.page(chat, after=seq - 1, limit=1)
        message = session.get_one(Message, old.id)
        Versions(session).supersede_from(message)
        session.refresh(message)
        group = message.version_group_id
    house.say(chat, f"{old.content}+")
    with house.database.transaction() as session:
        new = Messages(session).latest(chat, 1)[0]
        session.get_one(Message, new.id).version_group_id = group


def test_a_hidden_message_is_read_in_the_branch_it_belongs_to(house: House) -> None:
    chat = house.make()
    house.say(chat, "1", "2", "3", "4")
    rewritten(house, chat, 3)  # 5: "3+"
    house.say(chat, "6")
    rewritten(house, chat, 6)  # 7: "6+"; 6 is hidden within the branch of 5
    rewritten(house, chat, 5)  # 8: "3++"; 5 and 7 are hidden
    house.say(chat, "9")
    shown = house.read(chat)
    assert contents(shown) == ["1", "2", "3++", "9"] and not shown.is_earlier_version
    for seq, branch in {
        3: ["1", "2", "3", "4"],
        4: ["1", "2", "3", "4"],
        5: ["1", "2", "3+", "6+"],
        7: ["1", "2", "3+", "6+"],
        6: ["1", "2", "3+", "6"],
    }.items():
        shown = house.read(chat, around=seq)
        assert contents(shown) == branch
        assert shown.is_earlier_version and shown.around == seq
        first, *_, last = shown.messages
        for limit in (1, 2, 3):
            part = house.read(chat, around=seq, before=last.seq, limit=limit)
            assert contents(part) == branch[:-1][-limit:] and part.has_later
            assert part.has_earlier is (limit < 3)
            part = house.read(chat, around=seq, after=first.seq, limit=limit)
            assert contents(part) == branch[1:][:limit] and part.has_earlier
            assert part.has_later is (limit < 3)


def test_a_hidden_branch_ends_where_the_one_that_came_back_begins(house: House) -> None:
    """What was said first is shown again, and the talk has gone on from there."""
    chat = house.make()
    house.say(chat, "1", "2")
    rewritten(house, chat, 2)  # 3: "2+"
    house.say(chat, "4")
    with house.database.transaction() as session:
        first, second = (house.at(session, chat, seq) for seq in (2, 3))
        Versions(session).show_version(first, second)
    house.say(chat, "5", "6")
    assert contents(house.read(chat)) == ["1", "2", "5", "6"]
    for seq in (3, 4):
        shown = house.read(chat, around=seq)
        assert contents(shown) == ["1", "2+", "4"] and shown.is_earlier_version and not shown.has_later
    assert contents(house.read(chat, around=4, before=4)) == ["1", "2+"]
    assert contents(house.read(chat, around=4, after=1)) == ["2+", "4"]


def test_other_versions_of_a_message_are_beside_it(house: House) -> None:
    chat = house.make()
    house.say(chat, "1", "2")
    rewritten(house, chat, 2)
    rewritten(house, chat, 3)
    [question, answer] = house.read(chat).messages
    assert question.versions == ()
    assert (answer.content, [one.content for one in answer.versions]) == ("2++", ["2", "2+"])
    [_, answer] = house.read(chat, around=2).messages
    assert (answer.content, [one.content for one in answer.versions]) == ("2", ["2+", "2++"])
    for seq in range(4, 16):
        rewritten(house, chat, seq)
    [_, answer] = house.read(chat).messages
    assert answer.has_more_versions and len(answer.versions) == 9


def test_the_text_of_deleted_messages_is_for_who_may_read_those(house: House) -> None:
    room = house.make(COMPANY)
    ids = house.say(room, "1", "secret", "3")
    house.change(ids[1], deleted_at=NOON)
    for who, said in (("owner", ""), ("member", ""), ("moderator", "secret"), ("only moderator", "secret")):
        message = house.read(room, who).messages[1]
        assert (message.content, message.is_deleted) == (said, True)
    rewritten(house, room, 1)
    assert all(one.content != "secret" for message in house.read(room).messages for one in message.versions)


def test_what_stands_beside_a_message(house: House) -> None:
    asked = house.desk.talk(None, "Why?", "And then?")
    shown = house.read(asked.conversation_id)
    question, answer = shown.messages[2:]
    assert (question.sender_name, question.usage) == (house.desk.me.display_name, None)
    assert answer.usage and (answer.usage.tokens, answer.usage.cost, answer.model) == (4, Decimal(), "small")
    assert answer.sender_name is None and answer.reply is None
    assert shown.conversation.tokens == 8 and shown.assistant_name == "Assistant"
    room = house.make(GROUP)
    ids = house.say(room, "First", "Second", "Third")
    house.change(ids[2], reply_to_id=ids[0], edited_at=NOON)
    house.desk.reactions.react(house.people["member"], ids[0], "👍")
    house.desk.reactions.react(house.desk.me, ids[0], "👍")
    first, _, third = house.read(room, "member").messages
    [reaction] = first.reactions
    names = (house.people["member"].display_name, house.desk.me.display_name)
    assert (reaction.emoji, reaction.names, reaction.is_mine) == ("👍", names, True)
    assert third.is_edited and third.reply and third.reply.excerpt == "First"


def test_who_said_what_was_imported_is_named(house: House) -> None:
    chat = house.make()
    ids = house.say(chat, "1", "2", "3")
    house.change(ids[0], sender_id=None, extra={IMPORTED: {"sender": {"name": "Grace Hopper"}}})
    house.change(ids[1], extra={IMPORTED: {"sender": {"name": "Nobody"}, "model": "gpt-4"}})
    house.change(ids[2], sender_id=None, extra={IMPORTED: {"sender": 17}})
    first, second, third = house.read(chat).messages
    assert (first.sender_name, second.sender_name, third.sender_name) == ("Grace Hopper", None, None)
    assert second.model == "gpt-4"


def test_a_part_takes_so_many_queries_however_much_is_in_it(house: House) -> None:
    short, long = house.make(GROUP), house.make(GROUP)
    house.say(short, "1", "2")
    ids = house.say(long, *map(str, range(60)))
    for message_id in ids[::3]:
        house.desk.reactions.react(house.desk.me, message_id, "👍")
        house.change(message_id, version_group_id=message_id, reply_to_id=ids[0])
    sent = []
    for room, around in ((short, 1), (long, 30)):
        with statements_of(house.database) as statements:
            house.read(room, around=around, limit=40)
        sent.append(len(statements))
    assert sent[1] <= sent[0] + 2  # none are looked for where there is nothing
    with statements_of(house.database) as statements:
        house.listed("owner")
    assert len(statements) == 1
