"""Every operation on a room, by whom, in which kind of room: written out. What is hidden from somebody is NotFound."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection

from core.database.engine import Database
from core.ids import new_id
from core.models import ConversationKind, History, MemberRole
from core.permissions import Actor, Role
from tests.support.talks import Desk, outcome, without_chat

# owner, admin, member: of the room. former: was a member. colleague: of the company. stranger: of another company.
# no role: the owner without a role that may chat. d done · p NotPermitted · - NotFound · r RuleBroken · i Invalid
GROUP = """
                     owner  admin  member  former  colleague  stranger  no-role
read                   d      d      d       -        -          -        p
state                  d      d      d       -        -          -        p
get                    d      d      d       -        -          -        p
page                   d      d      d       -        -          -        p
page deleted           p      p      p       p        p          p        p
send                   d      d      d       -        -          -        p
ask the assistant      d      d      d       -        -          -        p
reply                  d      d      d       -        -          -        p
edit theirs            p      p      p       -        -          -        p
delete theirs          p      p      p       -        -          -        p
edit own               d      d      d       -        .          .        p
delete own             d      d      d       -        .          .        p
react                  d      d      d       -        -          -        p
toggle                 d      d      d       -        -          -        p
mark read              d      d      d       -        -          -        p
mute                   d      d      d       -        -          -        p
members                d      d      d       -        -          -        p
member                 d      d      d       -        -          -        p
add a member           d      d      p       -        -          -        p
add an owner           d      p      p       -        -          -        p
remove a member        d      d      p       -        -          -        p
remove an admin        d      p      p       -        -          -        p
promote a member       d      p      p       -        -          -        p
leave                  r      d      d       -        -          -        p
join                   -      -      -       -        -          -        p
rename                 d      d      p       -        -          -        p
instruct               d      d      p       -        -          -        p
choose model           d      d      p       -        -          -        p
history                d      d      p       -        -          -        p
archive                d      p      p       -        -          -        p
delete                 d      p      p       -        -          -        p
stop                   d      d      d       -        -          -        p
retry                  d      d      d       -        -          -        p
rate                   d      d      d       -        -          -        p
regenerate             r      r      r       -        -          -        p
ask as in a chat       r      r      r       -        -          -        p
"""
COMPANY = GROUP.replace("add a member           d      d      p ", "add a member           d      d      d ").replace(
    "join                   -      -      -       -        -          -  ",
    "join                   d      d      d       d        d          -  ",
)
DIRECT = """
                     member  colleague  stranger  no-role
read                   d        -          -        p
state                  d        -          -        p
get                    d        -          -        p
page                   d        -          -        p
send                   d        -          -        p
ask the assistant      d        -          -        p
reply                  d        -          -        p
edit theirs            p        -          -        p
delete theirs          p        -          -        p
edit own               d        .          .        p
delete own             d        .          .        p
react                  d        -          -        p
toggle                 d        -          -        p
mark read              d        -          -        p
mute                   d        -          -        p
members                d        -          -        p
add a member           r        -          -        p
remove a member        r        -          -        p
promote a member       r        -          -        p
leave                  r        -          -        p
join                   -        -          -        p
rename                 r        -          -        p
instruct               r        -          -        p
choose model           r        -          -        p
history                r        -          -        p
archive                r        -          -        p
delete                 r        -          -        p
stop                   d        -          -        p
regenerate             r        -          -        p
"""
MARKS = {"d": "done", "p": "NotPermitted", "-": "NotFound", "r": "RuleBroken", "i": "Invalid"}
TEXT = "Well?"


def cells(grid: str) -> dict[tuple[str, str], str]:
    """By operation and person what comes of it. A dot: there is no such thing."""
    heading, *rows = grid.strip().splitlines()
    return {
        (row[:20].strip(), who): MARKS[mark]
        for row in rows
        for who, mark in zip(heading.split(), row[20:].split(), strict=True)
        if mark != "."
    }


@contextmanager
def undone(database: Database) -> Iterator[None]:
    """Whatever is done meanwhile was not."""
    assert isinstance(database.bind, Connection)
    savepoint = database.bind.begin_nested()
    yield
    savepoint.rollback()


@dataclass
class Scene:
    """A room with everybody in it, and what was said there."""

    desk: Desk
    room: UUID
    people: dict[str, Actor]
    plain: Actor
    """A member to do things to."""
    admin: Actor
    theirs: UUID
    """A message of `plain`."""
    answer: UUID
    own: dict[str, UUID]

    def act(self, name: str, who: str) -> Callable[[], Any]:
        actor, desk, room = self.people[who], self.desk, self.room
        own = self.own.get(who, self.theirs)
        newcomer = desk.person().user_id
        chat, talk, members = desk.chat, desk.talks, desk.members
        acts: dict[str, Callable[[], Any]] = {
            "read": lambda: desk.read(room, actor),
            "state": lambda: desk.transcripts.state(actor, room),
            "get": lambda: desk.rooms.get(actor, room),
            "page": lambda: talk.page(actor, room),
            "page deleted": lambda: talk.page(actor, room, with_deleted=True),
            "send": lambda: talk.send(actor, room, TEXT),
            "ask the assistant": lambda: talk.send(actor, room, f"@Assistant {TEXT}"),
            "reply": lambda: talk.send(actor, room, TEXT, reply_to_id=self.theirs),
            "edit theirs": lambda: talk.edit(actor, self.theirs, "Other words"),
            "delete theirs": lambda: talk.delete(actor, self.theirs),
            "edit own": lambda: talk.edit(actor, own, "Other words"),
            "delete own": lambda: talk.delete(actor, own),
            "react": lambda: desk.reactions.react(actor, self.theirs, "👍"),
            "toggle": lambda: desk.reactions.toggle(actor, self.theirs, "👍"),
            "mark read": lambda: members.mark_read(actor, room, 1),
            "mute": lambda: members.mute(actor, room),
            "members": lambda: members.list_members(actor, room),
            "member": lambda: members.get(actor, room, self.plain.user_id),
            "add a member": lambda: members.add(actor, room, [newcomer]),
            "add an owner": lambda: members.add(actor, room, [newcomer], MemberRole.OWNER),
            "remove a member": lambda: members.remove(actor, room, self.plain.user_id),
            "remove an admin": lambda: members.remove(actor, room, self.admin.user_id),
            "promote a member": lambda: members.change_role(actor, room, self.plain.user_id, MemberRole.ADMIN),
            "leave": lambda: members.leave(actor, room),
            "join": lambda: desk.rooms.join(actor, room),
            "rename": lambda: desk.conversations.rename(actor, room, "Another name"),
            "instruct": lambda: desk.conversations.instruct(actor, room, "Be brief."),
            "choose model": lambda: desk.conversations.choose_model(actor, room, "large"),
            "history": lambda: desk.rooms.set_history(actor, room, History.JOINED),
            "archive": lambda: desk.conversations.archive(actor, room),
            "delete": lambda: desk.conversations.delete(actor, room),
            "stop": lambda: chat.stop(actor, room),
            "retry": lambda: chat.retry(actor, self.answer),
            "rate": lambda: desk.feedback.rate(actor, self.answer, None),
            "regenerate": lambda: chat.regenerate(actor, self.answer),
            "ask as in a chat": lambda: chat.ask(actor, TEXT, conversation_id=room),
        }
        return acts[name]


def shared_scene(desk: Desk, kind: ConversationKind) -> Scene:
    owner, plain, other_admin = desk.me, desk.person(), desk.person()
    admin, member, former = desk.person(), desk.person(), desk.person()
    room = desk.rooms.create(owner, kind, "Ours")
    desk.members.add(owner, room, [plain.user_id, member.user_id, former.user_id])
    desk.members.add(owner, room, [admin.user_id, other_admin.user_id], MemberRole.ADMIN)
    people = {"owner": owner, "admin": admin, "member": member, "former": former}
    own = {who: desk.talks.send(actor, room, f"I am {who}").message_id for who, actor in people.items()}
    theirs = desk.talks.send(plain, room, "Mine").message_id
    answer = failed_answer(desk, plain, room)
    desk.members.leave(former, room)
    outside = {"colleague": desk.person(), "stranger": desk.stranger(), "no-role": without_chat(owner)}
    return Scene(desk, room, people | outside, plain, other_admin, theirs, answer, own | {"no-role": own["owner"]})


def direct_scene(desk: Desk) -> Scene:
    other = desk.person()
    room = desk.rooms.start_direct(desk.me, other.user_id)
    own = desk.talks.send(desk.me, room, "I am here").message_id
    theirs = desk.talks.send(other, room, "Mine").message_id
    answer = failed_answer(desk, other, room)
    people = {"member": desk.me, "colleague": desk.person(), "stranger": desk.stranger()}
    people["no-role"] = without_chat(desk.me)
    return Scene(desk, room, people, other, other, theirs, answer, {"member": own, "no-role": own})


def failed_answer(desk: Desk, asker: Actor, room: UUID) -> UUID:
    run_id = desk.talks.send(asker, room, "@assistant?").run_id
    assert run_id
    job = desk.fail(run_id)
    return job.origin.message_id


@pytest.mark.parametrize(
    ("kind", "grid"),
    [(ConversationKind.GROUP, GROUP), (ConversationKind.COMPANY, COMPANY), (ConversationKind.DIRECT, DIRECT)],
)
def test_who_may_do_what(database: Database, kind: ConversationKind, grid: str) -> None:
    desk = Desk(database)
    scene = direct_scene(desk) if kind is ConversationKind.DIRECT else shared_scene(desk, kind)
    expected, found = cells(grid), {}
    for name, who in expected:
        with undone(database):
            found[name, who] = outcome(scene.act(name, who))
    assert found == expected


@pytest.mark.parametrize("name", ["read", "send", "page", "get", "members", "mark read", "join", "react", "stop"])
def test_a_room_of_another_company_is_like_one_that_does_not_exist(database: Database, name: str) -> None:
    """The same error in the same words."""
    desk = Desk(database)
    scene = shared_scene(desk, ConversationKind.COMPANY)
    said = []
    for room, message in ((scene.room, scene.theirs), (new_id(), new_id())):
        scene.room, scene.theirs = room, message
        with pytest.raises(Exception, match=r".") as refused:
            scene.act(name, "stranger")()
        said.append((type(refused.value), str(refused.value)))
    assert said[0] == said[1]


def test_a_company_room_is_listed_for_its_company_alone(database: Database) -> None:
    desk = Desk(database)
    scene = shared_scene(desk, ConversationKind.COMPANY)
    shown = {
        who: [line.id for line in desk.rooms.list_open(actor)]
        for who, actor in scene.people.items()
        if who != "no-role"
    }
    assert shown.pop("stranger") == []
    assert set(map(tuple, shown.values())) == {(scene.room,)}
    moderator = desk.person(Role.STAFF, Role.MODERATOR)
    desk.rooms.join(moderator, scene.room)
    desk.talks.delete(scene.plain, scene.theirs)
    (deleted,) = [one for one in desk.talks.page(moderator, scene.room, with_deleted=True) if one.is_deleted]
    assert deleted.content == "Mine"
    assert all(not one.content for one in desk.talks.page(scene.people["owner"], scene.room) if one.is_deleted)
