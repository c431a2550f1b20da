"""Members: added several at once, found, listed, given roles, and how far they have read."""

from uuid import UUID

import pytest

from core.database.engine import Database
from core.errors import NotFound, NotPermitted, RuleBroken
from core.ids import new_id
from core.models import ConversationKind, MemberRole, User
from core.permissions import Actor
from core.services.room_views import AddResult
from tests.support.talks import Desk, outcome

OWNER, ADMIN, MEMBER = MemberRole.OWNER, MemberRole.ADMIN, MemberRole.MEMBER


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def room_of(desk: Desk, *roles: MemberRole) -> tuple[UUID, list[Actor]]:
    """A room of mine and other people with these roles in it."""
    people = [desk.person() for _ in roles]
    room = desk.rooms.create(desk.me, ConversationKind.GROUP, "Ours")
    for person, role in zip(people, roles, strict=True):
        desk.members.add(desk.me, room, [person.user_id], role)
    return room, people


def deactivate(desk: Desk, actor: Actor) -> None:
    with desk.database.transaction() as session:
        session.get_one(User, actor.user_id).is_active = False


def test_several_are_added_at_once_and_each_is_told_of(desk: Desk) -> None:
    there, new, gone, stranger = desk.person(), desk.person(), desk.person(), desk.stranger()
    room = desk.rooms.create(desk.me, ConversationKind.GROUP, "Ours", user_ids=[there.user_id])
    deactivate(desk, gone)
    nobody = new_id()
    wanted = [there.user_id, new.user_id, gone.user_id, stranger.user_id, nobody, new.user_id]
    added = desk.members.add(desk.me, room, wanted, ADMIN)
    assert [(one.user_id, one.name, one.result) for one in added] == [
        (there.user_id, there.display_name, AddResult.THERE),
        (new.user_id, new.display_name, AddResult.ADDED),
        (gone.user_id, gone.display_name, AddResult.INACTIVE),
        (stranger.user_id, None, AddResult.UNKNOWN),
        (nobody, None, AddResult.UNKNOWN),
    ]
    found = desk.members.get(there, room, new.user_id)
    assert (found.role, found.added_by_name, found.left_at) == (ADMIN, desk.me.display_name, None)
    assert {one.user_id for one in desk.members.list_members(desk.me, room)} == {
        desk.me.user_id, there.user_id, new.user_id
    }  # fmt: skip
    assert desk.rooms.get(desk.me, room).member_count == 3
    assert desk.members.add(desk.me, room, [there.user_id])[0].result is AddResult.THERE
    assert desk.read(room).messages[-1].content == f"{desk.me.display_name} added {new.display_name}."


def test_former_members_are_listed_to_who_asks_for_them(desk: Desk) -> None:
    room, (bo, _) = room_of(desk, MEMBER, MEMBER)
    desk.members.remove(desk.me, room, bo.user_id)
    active = desk.members.list_members(desk.me, room)
    everybody = desk.members.list_members(desk.me, room, with_former=True)
    assert {one.user_id for one in everybody} - {one.user_id for one in active} == {bo.user_id}
    first = desk.members.list_members(desk.me, room, with_former=True, limit=2)
    rest = desk.members.list_members(desk.me, room, with_former=True, after=first[-1].position)
    assert [*first, *rest] == everybody
    assert next(one for one in everybody if one.user_id == bo.user_id).left_at is not None
    with pytest.raises(NotFound, match="not in this room"):
        desk.members.get(desk.me, room, new_id())


def test_the_last_owner_goes_only_when_there_is_another(desk: Desk) -> None:
    room, (bo,) = room_of(desk, MEMBER)
    me = desk.me
    with pytest.raises(RuleBroken, match="Make somebody else owner first, or delete the room"):
        desk.members.leave(me, room)
    with pytest.raises(RuleBroken, match="last owner"):
        desk.members.change_role(me, room, me.user_id, ADMIN)
    desk.members.change_role(me, room, bo.user_id, OWNER)
    desk.members.leave(me, room)
    assert [one.user_id for one in desk.members.list_members(bo, room)] == [bo.user_id]


@pytest.mark.parametrize("role", [ADMIN, MEMBER])
def test_a_room_whose_owner_can_not_sign_in_is_looked_after(desk: Desk, role: MemberRole) -> None:
    """By its admins, and without any by whoever is there."""
    room, (one, other) = room_of(desk, role, MEMBER)
    assert outcome(lambda: desk.members.change_role(one, room, one.user_id, OWNER)) == "NotPermitted"
    deactivate(desk, desk.me)
    if role is ADMIN:
        assert outcome(lambda: desk.conversations.rename(other, room, "No")) == "NotPermitted"
    desk.members.change_role(one, room, one.user_id, OWNER)
    desk.members.remove(one, room, desk.me.user_id)
    assert desk.rooms.get(one, room).can_manage
    with pytest.raises(NotPermitted):
        desk.members.change_role(other, room, other.user_id, OWNER)


def test_reading_goes_forwards_only_and_not_beyond_the_end(desk: Desk) -> None:
    room, (bo,) = room_of(desk, MEMBER)
    seqs = [desk.talks.send(desk.me, room, f"{number}").seq for number in range(4)]
    desk.conversations.rename(desk.me, room, "A notice between")
    steps = [(seqs[1], True, 2), (seqs[0], False, 2), (seqs[1], False, 2), (10_000, True, 0), (20_000, False, 0)]
    for seq, is_news, unread in steps:
        told = len(desk.hints.reads)
        assert desk.members.mark_read(bo, room, seq) is is_news
        assert len(desk.hints.reads) - told == is_news
        assert desk.rooms.unread(bo).total == unread
    desk.talks.send(desk.me, room, "One more")
    assert desk.rooms.unread(bo).total == 1  # the end was not beyond the end


def test_what_one_sends_counts_as_read_with_all_before_it(desk: Desk) -> None:
    room, (bo,) = room_of(desk, MEMBER)
    desk.talks.send(desk.me, room, "Hello")
    desk.talks.send(bo, room, "Hello yourself")
    assert desk.rooms.unread(bo).total == 0 and desk.rooms.unread(desk.me).total == 1


def test_muting_is_ones_own(desk: Desk) -> None:
    room, (bo,) = room_of(desk, MEMBER)
    desk.members.mute(bo, room)
    assert (desk.rooms.get(bo, room).muted, desk.rooms.get(desk.me, room).muted) == (True, False)
    desk.members.unmute(bo, room)
    assert not desk.rooms.get(bo, room).muted
    assert outcome(lambda: desk.members.mute(desk.person(), room)) == "NotFound"
