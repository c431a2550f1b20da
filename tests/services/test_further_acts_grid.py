"""Removing for good, suspending and locking: by whom, in which state of a case and kind of room, written out."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from core import clock
from core.database.engine import Database
from core.models import ConversationKind
from core.permissions import Actor, Role
from tests.services.test_moderation_grid import KINDS, Scene, cells
from tests.services.test_room_grid import cells as room_cells
from tests.services.test_room_grid import direct_scene, shared_scene, undone
from tests.support.cases import decided, report
from tests.support.talks import Desk, outcome

# For a moderator who is admin as well and did not write the message. r RuleBroken: a chat with the assistant.
ACTS = """
             purge  suspend  lock
open           c       c       c
mine           d       d       d
theirs         c       c       c
dismissed      d       d       d
edited         d       d       d
deleted        d       d       d
taken-back     d       d       d
gone           c       d       c
"""
# For everybody else. both-mod, other-mod: moderator and admin; moderator: not an admin. o: about their own message.
OTHERS = """
             purge  suspend  lift  lock  unlock  see  list
moderator      p       d      d     d      d      d    d
both-mod       d       d      d     d      d      d    d
admin          p       p      p     p      p      p    p
analyst        p       p      p     p      p      p    p
author         p       p      p     p      p      p    p
member         p       p      p     p      p      p    p
colleague      p       p      p     p      p      p    p
stranger       p       p      p     p      p      p    p
other-mod      -       -      -     -      -      -    d
author-mod     o       o      d     o      d      d    d
"""
# In a room that a moderator locked, for whoever could do it otherwise: its owner, and where that is another one, a
# member. What is only read or one's own goes on.
LOCKED = """
                     group  company  direct
read                   d       d       d
state                  d       d       d
get                    d       d       d
page                   d       d       d
send                   r       r       r
ask the assistant      r       r       r
reply                  r       r       r
edit own               r       r       r
delete own             d       d       d
react                  r       r       r
toggle                 r       r       r
mark read              d       d       d
mute                   d       d       d
members                d       d       d
add a member           r       r       r
remove a member        r       r       r
promote a member       r       r       r
rename                 r       r       r
instruct               r       r       r
choose model           r       r       r
history                r       r       r
archive                r       r       r
delete                 r       r       r
stop                   d       d       d
retry                  r       r       r
rate                   d       d       d
"""
DAY = timedelta(days=1)


def further(desk: Desk, actor: Actor, case: tuple[UUID, int], name: str) -> dict[str, Callable[[], Any]]:
    return {
        "purge": lambda: desk.purging.purge(actor, *case, "Why", confirmation=name),
        "suspend": lambda: desk.suspensions.suspend(actor, case[0], clock.now() + DAY, "Why"),
        "lock": lambda: desk.locks.lock_of_case(actor, case[0], "Why"),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_what_may_be_done_in_which_state(database: Database, kind: ConversationKind) -> None:
    desk = Desk(database)
    expected, found = cells(ACTS), {}
    if kind is ConversationKind.ASSISTANT:
        allowed = {key for key, mark in expected.items() if key[1] == "lock" and mark == "done"}
        expected |= dict.fromkeys(allowed, "RuleBroken")
    for state in dict.fromkeys(state for state, _ in expected):
        with undone(database):
            scene = Scene(desk, kind)
            scene.into(state)
            who = replace(scene.people["moderator"], roles=frozenset({Role.MODERATOR, Role.ADMIN}))
            for name, act in further(desk, who, scene.case(), scene.author.display_name).items():
                with undone(database):
                    found[state, name] = outcome(act)
    assert found == expected


@pytest.mark.parametrize("kind", [ConversationKind.DIRECT, ConversationKind.COMPANY])
def test_who_may_do_it(database: Database, kind: ConversationKind) -> None:
    """From a case that is decided, so that nobody holds it."""
    desk = Desk(database)
    for by_moderator in (False, True):
        with undone(database):
            scene = Scene(desk, kind, by_moderator=by_moderator)
            scene.into("dismissed")
            both = frozenset({Role.MODERATOR, Role.ADMIN})
            scene.people["both-mod"] = replace(scene.people["moderator"], roles=both)
            scene.people["other-mod"] = replace(scene.people["other-mod"], roles=both)
            expected = {key: mark for key, mark in cells(OTHERS).items() if (key[0] == "author-mod") is by_moderator}
            if by_moderator:
                scene.people["author-mod"] = replace(scene.author, roles=both | {Role.STAFF})
            found = {}
            for who, name in expected:
                with undone(database):
                    found[who, name] = outcome(_act(desk, scene, who, name))
            assert found == expected


def _act(desk: Desk, scene: Scene, who: str, name: str) -> Callable[[], Any]:
    actor, case, boss = scene.people[who], scene.case(), desk.person(Role.MODERATOR)
    if name == "lift":
        # Of somebody else: who is suspended themselves lifts nothing.
        desk.suspensions.suspend(boss, decided(desk, boss, desk.person()), clock.now() + DAY, "Why")
        suspended = desk.suspensions.list_in_force(boss)[-1].id
        return lambda: desk.suspensions.lift(actor, suspended)
    if name == "unlock":
        desk.locks.lock_of_case(boss, case[0], "Why")
        return lambda: desk.locks.unlock(actor, scene.room)
    if name == "see":
        return lambda: (desk.suspensions.of_case(actor, case[0]), desk.locks.of_case(actor, case[0]))
    if name == "list":
        return lambda: (desk.suspensions.list_in_force(actor), desk.locks.list_locked(actor))
    return further(desk, actor, case, scene.author.display_name)[name]


@pytest.mark.parametrize("kind", [ConversationKind.GROUP, ConversationKind.COMPANY, ConversationKind.DIRECT])
def test_what_goes_on_in_a_locked_room(database: Database, kind: ConversationKind) -> None:
    desk = Desk(database)
    scene = direct_scene(desk) if kind is ConversationKind.DIRECT else shared_scene(desk, kind)
    who = "member" if kind is ConversationKind.DIRECT else "owner"
    _lock(desk, scene.room, scene.theirs)
    expected = {name: mark for (name, column), mark in room_cells(LOCKED).items() if column == kind.value}
    found = {}
    for name in expected:
        with undone(database):
            found[name] = outcome(scene.act(name, who))
    assert found == expected
    if kind is not ConversationKind.DIRECT:
        assert outcome(scene.act("leave", "member")) == "done"
    if kind is ConversationKind.COMPANY:
        assert outcome(scene.act("join", "colleague")) == "RuleBroken"


def _lock(desk: Desk, room: UUID, message_id: UUID) -> None:
    ada, case_id = desk.person(Role.MODERATOR), report(desk, message_id)
    desk.moderation.claim(ada, case_id, 0)
    desk.locks.lock_of_case(ada, case_id, "Enough")
    assert desk.locks.list_locked(ada)[0].conversation_id == room


def test_company_rooms_are_locked_without_a_case_and_others_not(database: Database) -> None:
    desk = Desk(database)
    ada, found = desk.person(Role.MODERATOR), {}
    rooms = {
        "company": desk.rooms.create(desk.me, ConversationKind.COMPANY, "All"),
        "group": desk.rooms.create(desk.me, ConversationKind.GROUP, "Some"),
        "direct": desk.rooms.start_direct(desk.me, desk.person().user_id),
        "assistant": desk.talk().conversation_id,
    }
    for name, room in rooms.items():
        found[name] = outcome(partial(desk.locks.lock, ada, room, "Enough"))
        found[f"{name} is open"] = outcome(partial(desk.locks.unlock, desk.person(Role.MODERATOR), room))
    assert found == {
        "company": "done",
        "company is open": "done",
        "group": "NotFound",
        "group is open": "NotFound",
        "direct": "NotFound",
        "direct is open": "NotFound",
        "assistant": "NotFound",
        "assistant is open": "NotFound",
    }
    assert outcome(partial(desk.locks.unlock, ada, rooms["company"])) == "Conflict"
    assert outcome(partial(desk.locks.lock, desk.me, rooms["company"], "Mine")) == "NotPermitted"
