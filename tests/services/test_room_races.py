"""What several people do in a room in the same moment, with real threads on real connections."""

import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from core.database.engine import Database
from core.errors import ParleyError
from core.models import ConversationKind, MemberRole
from core.permissions import Actor
from tests.support.talks import DONE, Desk, outcome

GROUP = ConversationKind.GROUP


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each gave, or the error it raised; all begin together."""
    barrier = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            results[place] = act()
        except ParleyError as error:
            results[place] = error

    threads = [threading.Thread(target=run, args=one) for one in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.fixture
def desk(fresh_database: Database) -> Desk:
    return Desk(fresh_database, limits={"message": (1_000, 60), "room": (1_000, 60)})


def test_fifty_starts_of_the_same_direct_chat_make_one(desk: Desk) -> None:
    bob = desk.person()
    starts = [
        lambda one=one, other=other: desk.rooms.start_direct(one, other.user_id)
        for one, other in [(desk.me, bob), (bob, desk.me)] * 25
    ]
    (room,) = set(at_once(*starts))
    assert isinstance(room, UUID)
    for person in (desk.me, bob):
        assert [line.id for line in desk.rooms.list_mine(person, ConversationKind.DIRECT)] == [room]
        assert len(desk.members.list_members(person, room)) == 2


def test_two_hundred_sends_at_once_are_in_one_order_without_gaps(desk: Desk) -> None:
    people = [desk.me, *(desk.person() for _ in range(19))]
    room = desk.rooms.create(desk.me, GROUP, "Everybody", user_ids=[one.user_id for one in people])
    first = desk.read(room).messages[-1].seq

    def say(person: Actor, number: int) -> int:
        return desk.talks.send(person, room, f"{number} of {person.display_name}").seq

    def say_ten(person: Actor) -> list[int]:
        return [say(person, number) for number in range(10)]

    said = [seq for seqs in at_once(*(lambda one=one: say_ten(one) for one in people)) for seq in seqs]
    assert sorted(said) == list(range(first + 1, first + 201))
    messages = desk.talks.page(desk.me, room, limit=300)
    assert [message.seq for message in messages] == list(range(1, first + 201))
    for person in people:
        mine = [message.content for message in messages if message.sender_id == person.user_id]
        assert mine == [f"{number} of {person.display_name}" for number in range(10)]
    assert desk.rooms.unread(desk.me).total == 200 - max(
        message.seq - first for message in messages if message.sender_id == desk.me.user_id
    )


def test_of_forty_sends_at_once_a_limit_of_ten_lets_exactly_ten_pass(fresh_database: Database) -> None:
    desk = Desk(fresh_database, limits={"message": (10, 60)})
    bob = desk.person()
    room = desk.rooms.create(desk.me, GROUP, "Busy", user_ids=[bob.user_id])
    other = desk.rooms.create(desk.me, GROUP, "Quiet")
    sends = [lambda n=n: outcome(lambda: desk.talks.send(desk.me, room, f"{n}")) for n in range(40)]
    assert Counter(at_once(*sends)) == {DONE: 10, "RateLimited": 30}
    assert len(desk.read(room).messages) == 11  # the notice, and those
    assert outcome(lambda: desk.talks.send(bob, room, "Another person")) == DONE
    assert outcome(lambda: desk.talks.send(desk.me, other, "Another room")) == DONE


def test_a_limit_holds_where_there_is_no_room_to_lock(fresh_database: Database) -> None:
    desk = Desk(fresh_database, limits={"room": (10, 60)})
    makes = [lambda n=n: outcome(lambda: desk.rooms.create(desk.me, GROUP, f"{n}")) for n in range(40)]
    assert Counter(at_once(*makes)) == {DONE: 10, "RateLimited": 30}
    assert desk.rooms.count_mine(desk.me, GROUP) == 10


def test_of_two_owners_who_demote_each_other_one_stays(desk: Desk) -> None:
    for _ in range(5):
        bob = desk.person()
        room = desk.rooms.create(desk.me, GROUP, "Ours")
        desk.members.add(desk.me, room, [bob.user_id], MemberRole.OWNER)
        acts = [
            partial(outcome, partial(desk.members.change_role, one, room, other.user_id, MemberRole.MEMBER))
            for one, other in [(desk.me, bob), (bob, desk.me)]
        ]
        assert sorted(at_once(*acts)) == sorted([DONE, "NotPermitted"])
        roles = Counter(member.role for member in desk.members.list_members(desk.me, room))
        assert roles == {MemberRole.OWNER: 1, MemberRole.MEMBER: 1}


def test_of_two_owners_who_leave_at_once_one_stays(desk: Desk) -> None:
    bob = desk.person()
    room = desk.rooms.create(desk.me, GROUP, "Ours")
    desk.members.add(desk.me, room, [bob.user_id], MemberRole.OWNER)
    left = at_once(*(lambda one=one: outcome(lambda: desk.members.leave(one, room)) for one in (desk.me, bob)))
    assert sorted(left) == sorted([DONE, "RuleBroken"])


def test_adding_the_same_person_from_many_sides_adds_them_once(desk: Desk) -> None:
    people = [desk.person() for _ in range(5)]
    room = desk.rooms.create(desk.me, ConversationKind.COMPANY, "Open")
    wanted = [one.user_id for one in people]
    added = at_once(*(lambda: desk.members.add(desk.me, room, wanted) for _ in range(4)))
    assert Counter(one.result for several in added for one in several) == {"added": 5, "there": 15}
    joined = at_once(*(lambda one=one: desk.rooms.join(one, room) for one in people))
    assert joined == [None] * 5
    assert desk.rooms.get(desk.me, room).member_count == 6 == len(desk.members.list_members(desk.me, room))


def test_the_same_key_sent_many_times_at_once_is_one_message(desk: Desk) -> None:
    room = desk.rooms.create(desk.me, GROUP, "Ours")
    key = UUID(int=7)
    sent = at_once(*(lambda: desk.talks.send(desk.me, room, "Once", client_key=key) for _ in range(10)))
    assert len({one.message_id for one in sent}) == 1
    assert [message.content for message in desk.read(room).messages][1:] == ["Once"]


def test_the_same_reaction_from_many_tabs_is_one(desk: Desk) -> None:
    room = desk.rooms.create(desk.me, GROUP, "Ours")
    message = desk.talks.send(desk.me, room, "Well?").message_id
    at_once(*(lambda: desk.reactions.react(desk.me, message, "👍") for _ in range(10)))
    assert [(one.emoji, one.count) for one in desk.read(room).messages[-1].reactions] == [("👍", 1)]


def test_questions_to_the_assistant_at_once_are_answered_one_after_the_other(desk: Desk) -> None:
    people = [desk.me, *(desk.person() for _ in range(4))]
    room = desk.rooms.create(desk.me, GROUP, "Ours", user_ids=[one.user_id for one in people])
    asks = [lambda one=one: desk.talks.send(one, room, "@assistant why?") for one in people]
    begun = [one for one in at_once(*asks) if one.run_id]
    assert len(begun) == 1 and desk.started == [begun[0].run_id]
    assert sum(message.is_waiting for message in desk.read(room).messages) == 4
