"""Rooms as a whole: begun, listed, joined, counted as unread, and what newcomers see."""

from itertools import pairwise

import pytest
from sqlmodel import Session

from core.database.engine import Database
from core.errors import Invalid, NotFound, RuleBroken
from core.ids import new_id
from core.models import AuditAction, ConversationKind, History, MemberRole, MessageType, User
from core.permissions import Actor, Role
from core.repositories.audit import Audit
from core.services.room_views import AddResult, RoomUnread
from tests.support.talks import Desk, outcome

DIRECT, GROUP, COMPANY = ConversationKind.DIRECT, ConversationKind.GROUP, ConversationKind.COMPANY


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database, limits={"room": (1_000, 60)})


@pytest.fixture
def bob(desk: Desk) -> Actor:
    return desk.person()


def deactivate(desk: Desk, actor: Actor) -> None:
    with desk.database.transaction() as session:
        session.get_one(User, actor.user_id).is_active = False


def audited(desk: Desk) -> list[str]:
    """What was recorded, the oldest first."""
    with desk.database.reading() as session:
        assert Audit(Session(session.bind)).verify(desk.company.id) is None
        return [event.action for event in reversed(Audit(session).list_recent(desk.company.id))]


# Direct chats


def test_a_direct_chat_is_one_for_a_pair_and_named_after_the_other(desk: Desk, bob: Actor) -> None:
    room = desk.rooms.start_direct(desk.me, bob.user_id)
    assert desk.rooms.start_direct(bob, desk.me.user_id) == room
    for reader, other in ((desk.me, bob), (bob, desk.me)):
        view = desk.read(room, reader).conversation
        assert view.title == other.display_name
        assert view.room and view.room.other and view.room.other.id == other.user_id
        assert [line.title for line in desk.rooms.list_mine(reader, DIRECT)] == [other.display_name]
    assert audited(desk) == [AuditAction.ROOM_CREATED]


def test_a_direct_chat_is_never_with_oneself_or_with_who_is_gone(desk: Desk, bob: Actor) -> None:
    carol = desk.person()
    room = desk.rooms.start_direct(desk.me, bob.user_id)
    for person in (bob, carol):
        deactivate(desk, person)
        with pytest.raises(RuleBroken, match="can't sign in or chat"):
            desk.rooms.start_direct(desk.me, person.user_id)
    with pytest.raises(RuleBroken, match="between two people"):
        desk.rooms.start_direct(desk.me, desk.me.user_id)
    for nobody in (new_id(), desk.stranger().user_id):
        with pytest.raises(NotFound, match="Nobody here has this account"):
            desk.rooms.start_direct(desk.me, nobody)
    view = desk.rooms.get(desk.me, room)
    assert not view.can_write and view.why_not == f"{bob.display_name} can't sign in any more, so nobody would read it."
    with pytest.raises(RuleBroken, match="nobody would read it"):
        desk.talks.send(desk.me, room, "Still there?")
    assert desk.read(room).messages == ()


def test_who_may_not_chat_is_neither_written_to_nor_added(desk: Desk, bob: Actor) -> None:
    analyst = desk.person(Role.ANALYST)
    with pytest.raises(RuleBroken, match="can't sign in or chat"):
        desk.rooms.start_direct(desk.me, analyst.user_id)
    room = desk.rooms.create(desk.me, GROUP, "Ours")
    added = desk.members.add(desk.me, room, [analyst.user_id, bob.user_id])
    assert [one.result for one in added] == [AddResult.INACTIVE, AddResult.ADDED]


# Groups and company rooms


@pytest.mark.parametrize("kind", [GROUP, COMPANY])
def test_a_room_is_its_makers_and_its_members(desk: Desk, bob: Actor, kind: ConversationKind) -> None:
    room = desk.rooms.create(desk.me, kind, "  Oven \n team ", user_ids=[bob.user_id, desk.me.user_id])
    assert [(one.user_id, one.role) for one in sorted(desk.members.list_members(bob, room), key=lambda m: m.role)] == [
        (bob.user_id, MemberRole.MEMBER),
        (desk.me.user_id, MemberRole.OWNER),
    ]
    view = desk.rooms.get(bob, room)
    assert (view.title, view.member_count, view.can_manage, view.can_write) == ("Oven team", 2, False, True)
    assert [(m.message_type, m.content) for m in desk.read(room, bob).messages] == [
        (MessageType.NOTICE, f"{desk.me.display_name} made this room.")
    ]
    assert desk.rooms.unread(bob).total == 0  # a notice is no news


@pytest.mark.parametrize("who", ["unknown", "stranger", "inactive"])
def test_with_somebody_who_can_not_be_added_there_is_no_room(desk: Desk, bob: Actor, who: str) -> None:
    wrong = {"unknown": new_id, "stranger": lambda: desk.stranger().user_id, "inactive": lambda: bob.user_id}[who]()
    deactivate(desk, bob)
    with pytest.raises(Invalid, match="can't be added"):
        desk.rooms.create(desk.me, GROUP, "Ours", user_ids=[desk.person().user_id, wrong])
    assert desk.rooms.count_mine(desk.me, GROUP) == 0


@pytest.mark.parametrize("title", ["", " \n ", "x" * 201, "a\0b"])
def test_a_bad_name_makes_no_room(desk: Desk, title: str) -> None:
    with pytest.raises(Invalid, match=r"The room's name"):
        desk.rooms.create(desk.me, GROUP, title)


def test_company_rooms_are_listed_to_all_newest_activity_first_and_paged(desk: Desk, bob: Actor) -> None:
    rooms = [desk.rooms.create(desk.me, COMPANY, f"Room {number}") for number in range(5)]
    desk.rooms.create(desk.me, GROUP, "Not open")
    desk.talks.send(desk.me, rooms[1], "News")
    desk.rooms.join(bob, rooms[3])
    order = [rooms[3], rooms[1], rooms[4], rooms[2], rooms[0]]  # joining is activity too
    first = desk.rooms.list_open(bob, limit=2)
    rest = desk.rooms.list_open(bob, limit=9, before=first[-1].position)
    assert [line.id for line in (*first, *rest)] == order
    assert desk.rooms.count_open(bob) == 5
    assert {line.id: (line.member_count, line.is_member) for line in (*first, *rest)} == {
        room: (2, True) if room == rooms[3] else (1, False) for room in rooms
    }
    desk.conversations.archive(desk.me, rooms[0])
    desk.conversations.delete(desk.me, rooms[2])
    assert desk.rooms.count_open(bob) == 3 == len(desk.rooms.list_open(bob))


def test_a_persons_rooms_are_listed_by_kind_with_what_is_unread(desk: Desk, bob: Actor) -> None:
    quiet, busy = (desk.rooms.create(desk.me, GROUP, name, user_ids=[bob.user_id]) for name in ("Quiet", "Busy"))
    direct = desk.rooms.start_direct(desk.me, bob.user_id)
    for text in ("One", f"Two for @{bob.display_name}", "Three"):
        desk.talks.send(desk.me, busy, text)
    desk.talks.send(desk.me, direct, "Psst")
    lines = desk.rooms.list_mine(bob, GROUP)
    assert [(line.id, line.unread, line.mentions) for line in lines] == [(busy, 3, 1), (quiet, 0, 0)]
    assert desk.rooms.list_mine(bob, GROUP, before=lines[0].position) == lines[1:]
    assert (desk.rooms.count_mine(bob, GROUP), desk.rooms.count_mine(bob, COMPANY)) == (2, 0)
    unread = desk.rooms.unread(bob)
    assert (unread.total, unread.mentions) == (4, 1)
    assert unread.rooms == {busy: RoomUnread(3, 1, False), direct: RoomUnread(1, 0, False)}
    assert desk.rooms.unread(desk.me).rooms == {}  # what one says oneself is no news

    desk.members.mute(bob, busy)
    assert desk.rooms.unread(bob).total == 2  # the mention, and the direct chat
    desk.members.mark_read(bob, busy, 10_000)
    desk.conversations.archive(desk.me, quiet)
    assert desk.rooms.unread(bob).rooms == {direct: RoomUnread(1, 0, False)}
    assert [line.is_archived for line in desk.rooms.list_mine(bob, GROUP, archived=True)] == [True]


# Joining, leaving, and what one sees


@pytest.mark.parametrize("history", History)
def test_a_later_joiner_sees_what_the_room_lets_them(desk: Desk, bob: Actor, history: History) -> None:
    room = desk.rooms.create(desk.me, COMPANY, "Open", history=history)
    before = desk.talks.send(desk.me, room, "Before")
    desk.rooms.join(bob, room)
    desk.talks.send(desk.me, room, "After", reply_to_id=before.message_id)
    early = [f"{desk.me.display_name} made this room.", "Before"] if history is History.ALL else []
    seen = [*early, f"{bob.display_name} joined.", "After"]
    assert [m.content for m in desk.read(room, bob).messages] == seen
    assert [m.content for m in desk.talks.page(bob, room, before=100)] == seen
    assert [m.content for m in desk.talks.page(bob, room, after=0)] == seen
    assert desk.rooms.unread(bob).total == 1
    reply = desk.read(room, bob).messages[-1].reply
    assert reply and reply.excerpt == ("Before" if history is History.ALL else "")
    reacts = outcome(lambda: desk.reactions.react(bob, before.message_id, "👍"))
    replies = outcome(lambda: desk.talks.send(bob, room, "To that", reply_to_id=before.message_id))
    assert {reacts, replies} == ({"done"} if history is History.ALL else {"NotFound"})


def test_the_setting_acts_at_once_and_is_announced(desk: Desk, bob: Actor) -> None:
    room = desk.rooms.create(desk.me, GROUP, "Ours")
    desk.talks.send(desk.me, room, "Before")
    desk.members.add(desk.me, room, [bob.user_id])
    assert "Before" in [m.content for m in desk.read(room, bob).messages]
    desk.rooms.set_history(desk.me, room, History.JOINED)
    shown = [m.content for m in desk.read(room, bob).messages]
    assert "Before" not in shown and shown[-1].endswith("New members see what is said from their joining on.")
    assert "Before" in [m.content for m in desk.read(room).messages]


def test_who_left_keeps_nothing_and_comes_back_as_a_newcomer(desk: Desk, bob: Actor) -> None:
    room = desk.rooms.create(desk.me, COMPANY, "Open", user_ids=[bob.user_id], history=History.JOINED)
    mine = desk.talks.send(bob, room, "Mine").message_id
    desk.members.leave(bob, room)
    desk.talks.send(desk.me, room, f"Behind your back, @{bob.display_name}")
    for look in (lambda: desk.read(room, bob), lambda: desk.talks.page(bob, room), lambda: desk.rooms.get(bob, room)):
        with pytest.raises(NotFound, match="no longer a member"):
            look()
    assert desk.rooms.unread(bob).rooms == {} and desk.rooms.list_mine(bob, COMPANY) == []
    assert outcome(lambda: desk.talks.edit(bob, mine, "Changed")) == "NotFound"
    desk.rooms.join(bob, room)
    desk.rooms.join(bob, room)  # once more changes nothing
    assert [m.content for m in desk.read(room, bob).messages] == [f"{bob.display_name} joined."]
    assert desk.rooms.get(bob, room).member_count == 2
    names = [m.content for m in desk.read(room).messages if m.message_type is MessageType.NOTICE]
    assert names[1:] == [f"{bob.display_name} left.", f"{bob.display_name} joined."]


def test_each_change_is_told_and_recorded_once(desk: Desk, bob: Actor) -> None:
    room = desk.rooms.create(desk.me, GROUP, "Ours")
    steps = {
        AuditAction.MEMBERS_ADDED: lambda: desk.members.add(desk.me, room, [bob.user_id]),
        AuditAction.MEMBER_ROLE_CHANGED: lambda: desk.members.change_role(desk.me, room, bob.user_id, MemberRole.ADMIN),
        AuditAction.ROOM_UPDATED: lambda: desk.rooms.set_history(bob, room, History.JOINED),
        AuditAction.CONVERSATION_UPDATED: lambda: desk.conversations.rename(bob, room, "Theirs"),
        AuditAction.MEMBER_REMOVED: lambda: desk.members.remove(desk.me, room, bob.user_id),
    }
    for step in steps.values():
        told = len(desk.hints.conversations) + len(desk.changed)
        step()
        assert len(desk.hints.conversations) + len(desk.changed) == told + 1
    assert audited(desk) == [AuditAction.ROOM_CREATED, *steps]
    assert desk.hints.rooms.count(bob.user_id) == 2


def test_every_list_keeps_its_order_when_activity_is_at_the_same_moment(desk: Desk) -> None:
    for number in range(7):
        desk.rooms.create(desk.me, GROUP, f"{number}")
    found, before = [], None
    while page := desk.rooms.list_mine(desk.me, GROUP, limit=2, before=before):
        found += page
        before = page[-1].position
    assert len({line.id for line in found}) == 7
    assert all(one.position > other.position for one, other in pairwise(found))
