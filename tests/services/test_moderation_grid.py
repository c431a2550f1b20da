"""Every operation of reporting and moderating, by whom, in which kind of conversation and state: written out."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from core.database.engine import Database
from core.models import ConversationKind, Decision, History, ReportReason
from core.permissions import Actor, Role
from core.repositories.conversations import Conversations
from core.services.moderation import ModerationService
from core.services.moderation_query import QueueQuery, Shown
from tests.services.test_room_grid import undone
from tests.support.talks import Desk, outcome

# author: of the message. member: of the conversation. former: was one. late: joined after it was said, where that hides
# it. colleague: of the company. stranger: of another one. moderator: not a member. both: staff and moderator, not a
# member. d done · p NotPermitted · - NotFound · c Conflict · w AnswerInProgress · r RuleBroken
REPORT = """
             author  member  former  late  colleague  stranger  moderator  both  other-mod  admin
assistant      d       .       .      .        -         -         -        -       -         p
direct         d       d       .      .        -         -         -        -       -         p
group          d       d       -      -        -         -         -        -       -         p
company        d       d       -      -        -         -         d        d       -         p
"""
WHICH = """
                          member
said                        d
edited by its author        d
edited by a moderator       d
an earlier version          d
deleted by its author       -
deleted by a moderator      -
still being written         w
a notice                    r
reported before             c
"""
# For a moderator who did not write the message, in every kind of conversation.
ACTS = """
             claim  release  dismiss  edit  delete  restore  reopen  bulk
open           d       c        c      c      c        c        c      d
mine           c       d        d      d      d        c        c      d
theirs         c       c        c      c      c        c        c      n
dismissed      c       c        c      c      c        c        d      n
edited         c       c        c      c      c        d        c      n
deleted        c       c        c      c      c        d        c      n
taken-back     c       d        d      c      c        c        c      n
gone           c       c        c      c      c        c        c      n
"""
# For everybody else, in every state and kind, whatever they do. o: NotPermitted about their own message.
OTHERS = """
             see   queue  act
author        p      p     p
member        p      p     p
admin         p      p     p
analyst       p      p     p
author-mod    d      d     o
other-mod     -      d     -
"""
MARKS = {
    "d": "done",
    "p": "NotPermitted",
    "o": "NotPermitted",
    "-": "NotFound",
    "c": "Conflict",
    "w": "AnswerInProgress",
    "r": "RuleBroken",
    "n": "none",
}
KINDS = tuple(ConversationKind)
CLOSED = QueueQuery(shown=Shown.CLOSED)
BAD = "You are a walrus"


def cells(grid: str, width: int = 13) -> dict[tuple[str, str], str]:
    heading, *rows = grid.strip("\n").splitlines()
    return {
        (row[:width].strip(), column): MARKS[mark]
        for row in rows
        for column, mark in zip(heading.split(), row[width:].split(), strict=True)
        if mark != "."
    }


class Scene:
    """A conversation of one kind, and a message in it that can be reported."""

    def __init__(self, desk: Desk, kind: ConversationKind, *, by_moderator: bool = False) -> None:
        self.desk, self.kind = desk, kind
        roles = (Role.STAFF, Role.MODERATOR) if by_moderator else (Role.STAFF,)
        self.author, self.member = desk.person(*roles), desk.person()
        self.people = {"author": self.author, "member": self.member, "colleague": desk.person()}
        self.people |= {"stranger": desk.stranger(), "moderator": desk.person(Role.MODERATOR)}
        self.people |= {"both": desk.person(Role.STAFF, Role.MODERATOR), "admin": desk.person(Role.ADMIN)}
        self.people |= {"analyst": desk.person(Role.ANALYST), "author-mod": self.author}
        stranger = desk.stranger()
        self.people["other-mod"] = Actor(
            stranger.user_id, stranger.company_id, "x@example.com", "X", frozenset({Role.STAFF, Role.MODERATOR})
        )
        self.message = getattr(self, f"_{'shared' if kind in SHARED else kind.value}")()
        self.reporter = self.author if kind is ConversationKind.ASSISTANT else self.member

    def _assistant(self) -> UUID:
        return self.desk.talk(self.author, BAD).question_id

    def _direct(self) -> UUID:
        self.room = self.desk.rooms.start_direct(self.author, self.member.user_id)
        return self.desk.talks.send(self.author, self.room, BAD).message_id

    def _shared(self) -> UUID:
        desk = self.desk
        former, late = desk.person(), desk.person()
        self.people |= {"former": former, "late": late}
        self.room = desk.rooms.create(self.author, self.kind, "Ours", user_ids=[self.member.user_id, former.user_id])
        desk.rooms.set_history(self.author, self.room, History.JOINED)
        message = desk.talks.send(self.author, self.room, BAD).message_id
        desk.members.leave(former, self.room)
        desk.members.add(self.author, self.room, [late.user_id])
        return message

    def report(self, who: Actor, message: UUID | None = None) -> None:
        self.desk.reports.report(who, message or self.message, ReportReason.OTHER)

    def case(self) -> tuple[UUID, int]:
        with self.desk.database.reading() as session:
            row = session.execute(
                text("SELECT id, version FROM cases WHERE subject_id = :id"), {"id": self.message}
            ).one()
        return row.id, row.version

    def into(self, state: str) -> None:
        """Brings the case into that state, by whichever moderators it takes."""
        acts, mine = self.desk.moderation, self.people["moderator"]
        other = self.desk.person(Role.MODERATOR)
        self.report(self.reporter)
        if state == "open":
            return
        acts.claim(other if state == "theirs" else mine, *self.case())
        if state == "dismissed":
            acts.dismiss(mine, *self.case())
        elif state == "edited":
            acts.edit(mine, *self.case(), "****", "Why")
        elif state == "deleted":
            acts.delete(mine, *self.case(), "Why")
        elif state == "taken-back":
            self.desk.delete_message(self.message)
        elif state == "gone":
            with self.desk.database.transaction() as session:
                conversation = session.execute(
                    text("SELECT conversation_id FROM messages WHERE id = :id"), {"id": self.message}
                ).scalar_one()
                Conversations(session).purge(conversation)


SHARED = (ConversationKind.GROUP, ConversationKind.COMPANY)


def acts_of(moderation: ModerationService, actor: Actor, case: tuple[UUID, int]) -> dict[str, Callable[[], Any]]:
    return {
        "claim": lambda: moderation.claim(actor, *case),
        "release": lambda: moderation.release(actor, *case),
        "dismiss": lambda: moderation.dismiss(actor, *case, "Why"),
        "edit": lambda: moderation.edit(actor, *case, "*****", "Why"),
        "delete": lambda: moderation.delete(actor, *case, "Why"),
        "restore": lambda: moderation.restore(actor, *case, "Why"),
        "reopen": lambda: moderation.reopen(actor, *case, "Why"),
    }


def test_who_may_report_in_which_conversation(database: Database) -> None:
    desk = Desk(database)
    expected, found = cells(REPORT), {}
    for kind in KINDS:
        scene = Scene(desk, kind)
        for name, who in expected:
            if name == kind.value:
                with undone(database):
                    found[name, who] = outcome(partial(scene.report, scene.people[who]))
    assert found == expected


def wanted(scene: Scene, name: str) -> tuple[UUID, Actor]:
    """A message in that state, and somebody who sees its place."""
    desk, message, moderator = scene.desk, scene.message, scene.people["moderator"]
    match name:
        case "edited by its author":
            desk.talks.edit(scene.author, message, "Better")
        case "deleted by its author":
            desk.talks.delete(scene.author, message)
        case "edited by a moderator" | "deleted by a moderator":
            scene.report(scene.author)
            desk.moderation.claim(moderator, *scene.case())
            act = "edit" if name.startswith("edited") else "delete"
            acts_of(desk.moderation, moderator, scene.case())[act]()
        case "an earlier version":
            message = desk.talk(scene.author, "First").question_id
            desk.chat.edit_and_resend(scene.author, message, "Second")
            return message, scene.author
        case "still being written":
            return desk.ask(scene.author, "Why?").answer_id, scene.author
        case "a notice":
            return next(
                one.id for one in desk.read(scene.room, scene.author).messages if not one.sender_id
            ), scene.author
        case "reported before":
            scene.report(scene.member)
    return message, scene.member


def test_which_messages_can_be_reported(database: Database) -> None:
    desk = Desk(database)
    expected = {name: mark for (name, _), mark in cells(WHICH, 28).items()}
    found = {}
    for name in expected:
        with undone(database):
            scene = Scene(desk, ConversationKind.GROUP)
            message, reporter = wanted(scene, name)
            found[name] = outcome(partial(scene.report, reporter, message))
    assert found == expected


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_moderator_may_do_in_which_state(database: Database, kind: ConversationKind) -> None:
    desk = Desk(database)
    expected, found = cells(ACTS), {}
    scene = Scene(desk, kind)
    for state in dict.fromkeys(state for state, _ in expected):
        with undone(database):
            scene.into(state)
            case, moderator = scene.case(), scene.people["moderator"]
            for name, act in acts_of(desk.moderation, moderator, case).items():
                with undone(database):
                    found[state, name] = outcome(act)
            done = desk.moderation.decide_together(moderator, *_delete([case])).done
            found[state, "bulk"] = MARKS["d" if done else "n"]
    assert found == expected


def _delete(seen: list[tuple[UUID, int]]) -> tuple[Any, ...]:
    return Decision.DELETED, seen, BAD, "Why"


@pytest.mark.parametrize("kind", KINDS)
def test_what_nobody_else_may_do_in_any_state(database: Database, kind: ConversationKind) -> None:
    desk = Desk(database)
    expected = cells(OTHERS)
    for by_moderator in (False, True):
        scene = Scene(desk, kind, by_moderator=by_moderator)
        for state in ("open", "mine", "dismissed", "edited", "deleted"):
            with undone(database):
                scene.into(state)
                case = scene.case()
                everybody = {who for who, _ in expected} - ({"author-mod"} if not by_moderator else {"author"})
                for who in everybody - ({"member"} if kind is ConversationKind.ASSISTANT else set()):
                    actor = scene.people[who]
                    found = {
                        "see": outcome(partial(desk.cases.get, actor, case[0])),
                        "queue": outcome(partial(desk.cases.list_page, actor, CLOSED, ZoneInfo("UTC"))),
                    }
                    assert found == {name: expected[who, name] for name in found}, (who, state)
                    for name, act in acts_of(desk.moderation, actor, case).items():
                        assert outcome(act) == expected[who, "act"], (who, state, name)


def test_a_queue_is_of_ones_own_company(database: Database) -> None:
    desk = Desk(database)
    scene = Scene(desk, ConversationKind.GROUP)
    scene.into("open")
    other = scene.people["other-mod"]
    assert not desk.cases.list_page(other, QueueQuery(), ZoneInfo("UTC")).lines
    assert desk.cases.count_open(other) == 0
    assert [name for _, name in desk.cases.people(other)] != [scene.author.display_name]


def test_a_moderator_who_is_one_no_more_is_refused_at_the_next_click(database: Database) -> None:
    desk = Desk(database)
    scene = Scene(desk, ConversationKind.GROUP)
    scene.into("mine")
    before = scene.people["moderator"]
    now = Actor(before.user_id, before.company_id, before.email, before.display_name, frozenset({Role.STAFF}))
    for name, act in acts_of(desk.moderation, now, scene.case()).items():
        assert outcome(act) == "NotPermitted", name
