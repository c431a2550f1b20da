"""What the moderators' list of messages has: who × kind of conversation × reported or not × state, written out; and
that nothing else comes out of it, whatever is asked for.
"""

from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from core.database.engine import Database
from core.models import ConversationKind, ReportReason
from core.permissions import Actor, Role
from core.repositories.conversations import Conversations
from core.services.moderation_message_query import MessagesQuery, State
from core.services.moderation_messages import ModerationMessages
from tests.services.test_moderation_grid import Scene, acts_of, cells
from tests.services.test_room_grid import undone
from tests.support.talks import Desk, outcome

UTC = ZoneInfo("UTC")
KINDS = tuple(ConversationKind)
# d: a moderator who is no member finds it there. -: it is not in the list. Each state of a message in each kind of
# conversation: f, nobody reported it; r, somebody did.
LISTED = """
                     assistant-f  direct-f  group-f  company-f  assistant-r  direct-r  group-r  company-r
there                     -          -         -         d           d          d         d         d
edited by author          -          -         -         d           .          d         d         d
edited                    .          .         .         .           d          d         d         d
deleted                   .          .         .         .           d          d         d         d
taken back                -          -         -         d           d          d         d         d
dismissed                 .          .         .         .           d          d         d         d
room archived             .          .         -         d           .          .         d         d
room deleted              -          .         -         -           d          .         d         d
"""
# Whether they are in the list of which state, where the message is in it at all. A company room, reported.
STATES = """
                     any  there  edited  deleted  taken-back  open  closed
there                 d     d      -        -         -        d      -
edited                d     d      d        -         -        -      d
deleted               d     -      -        d         -        -      d
taken back            d     -      -        -         d        d      -
dismissed             d     d      -        -         -        -      d
"""
WHO = """
             company  group  reported
moderator       d       -       d
both            d       -       d
member          p       p       p
author          p       p       p
admin           p       p       p
analyst         p       p       p
other-mod       -       -       -
"""
TITLE, PRIVATE = "Xyzzyplugh", "frobnitz waldo"
QUERIES = (
    "", "frobnitz", '"frobnitz waldo"', "frobn*", "-nothing", "-frobnitz", "-waldo -xyzzyplugh", "Xyzzyplugh",
    "in:Xyzzyplugh", "-in:Xyzzyplugh", 'in:"Xyzzyplugh"', "from:me", "-from:me", "from:Author", "-from:Author",
    "role:user", "role:assistant", "-role:system", "is:reported", "-is:reported", "is:edited", "-is:edited",
    "has:reaction", "-has:reaction", "after:2000", "before:2200", "model:small", "-model:small", "in:Author",
    "from:Author in:Author", "walrus",
)  # fmt: skip


def found(desk: Desk, who: Actor, query: MessagesQuery) -> list[UUID]:
    page = desk.overseen.list_page(who, query, UTC, limit=100)
    assert page.following is None
    return [one.line.message_id for one in page.lines]


def into(scene: Scene, state: str, *, is_reported: bool) -> None:
    desk, moderator = scene.desk, scene.people["moderator"]
    if is_reported:
        scene.report(scene.reporter)
    if state in ("edited", "deleted", "dismissed"):
        desk.moderation.claim(moderator, *scene.case())
        name = {"edited": "edit", "deleted": "delete", "dismissed": "dismiss"}[state]
        acts_of(desk.moderation, moderator, scene.case())[name]()
    elif state == "taken back":
        desk.delete_message(scene.message)
    elif state == "edited by author":
        if scene.kind is ConversationKind.ASSISTANT:
            return
        desk.talks.edit(scene.author, scene.message, "You are a seal")
    elif state == "room archived":
        desk.conversations.archive(scene.author, scene.room)
    elif state == "room deleted":
        with desk.database.transaction() as session:
            conversation = session.execute(
                text("SELECT conversation_id FROM messages WHERE id = :id"), {"id": scene.message}
            ).scalar_one()
            [gone] = [Conversations(session).get(conversation)]
            assert gone
            Conversations(session).delete(gone)


@pytest.mark.parametrize("kind", KINDS)
def test_which_messages_moderators_find(database: Database, kind: ConversationKind) -> None:
    desk = Desk(database)
    expected = {key: mark for key, mark in cells(LISTED, 21).items() if key[1].startswith(kind.value)}
    listed = {}
    for state, column in expected:
        with undone(database):
            scene = Scene(desk, kind)
            into(scene, state, is_reported=column.endswith("-r"))
            is_there = scene.message in found(desk, scene.people["moderator"], MessagesQuery())
            sees = outcome(partial(desk.overseen.get, scene.people["moderator"], scene.message)) == "done"
            assert is_there == sees, (state, column)
            listed[state, column] = "done" if is_there else "NotFound"
    assert listed == expected


def test_which_are_in_the_list_of_which_state(database: Database) -> None:
    desk = Desk(database)
    expected, listed = cells(STATES, 21), {}
    for state in dict.fromkeys(state for state, _ in expected):
        with undone(database):
            scene = Scene(desk, ConversationKind.COMPANY)
            into(scene, state, is_reported=True)
            for shown in State:
                is_there = scene.message in found(desk, scene.people["moderator"], MessagesQuery(state=shown))
                listed[state, shown.value] = "done" if is_there else "NotFound"
    assert listed == expected


def test_who_finds_them(database: Database) -> None:
    desk = Desk(database)
    expected, listed = cells(WHO), {}
    for what in ("company", "group", "reported"):
        scene = Scene(desk, ConversationKind.COMPANY if what == "company" else ConversationKind.GROUP)
        if what == "reported":
            scene.report(scene.reporter)
        for who in dict.fromkeys(who for who, _ in expected):
            actor = scene.people[who]
            listed[who, what] = outcome(partial(desk.overseen.get, actor, scene.message))
            if listed[who, what] == "NotPermitted":
                assert outcome(partial(found, desk, actor, MessagesQuery())) == "NotPermitted"
            else:
                assert (scene.message in found(desk, actor, MessagesQuery())) == (listed[who, what] == "done")
    assert listed == expected


@pytest.mark.parametrize("reach", [3, 4_000])
def test_no_operator_brings_out_what_is_private(database: Database, reach: int) -> None:
    """Also for a moderator who is a member of it: reading there is not moderating. One message of each is reported."""
    desk = Desk(database)
    author = desk.person(Role.STAFF, display_name="Author")
    moderator = desk.person(Role.STAFF, Role.MODERATOR, display_name="Mo")
    rooms = [
        desk.rooms.start_direct(author, moderator.user_id),
        *(
            desk.rooms.create(author, kind, f"{TITLE} {kind}", user_ids=[moderator.user_id])
            for kind in (ConversationKind.GROUP, ConversationKind.COMPANY)
        ),
    ]
    hidden, reported = set(), set()
    for room in rooms[:2]:
        for number in range(3):
            hidden.add(desk.talks.send(author, room, f"{PRIVATE} {number} {TITLE}").message_id)
        hidden.add(desk.talks.send(moderator, room, f"{PRIVATE} too").message_id)
        message = desk.talks.send(author, room, "You are a walrus").message_id
        desk.reports.report(moderator, message, ReportReason.OTHER)
        reported.add(message)
    asked = desk.talk(author, f"{PRIVATE} of {TITLE}", "You are a walrus")
    hidden |= {one.id for one in desk.read(asked.conversation_id, author).messages if one.id != asked.question_id}
    desk.reports.report(author, asked.question_id, ReportReason.OTHER)
    reported.add(asked.question_id)
    open_to_all = {desk.talks.send(author, rooms[2], "You are a seal").message_id for _ in range(5)}
    overseen = ModerationMessages(desk.database, reach)
    seen = set()
    for words in QUERIES:
        for state in State:
            page = overseen.list_page(moderator, MessagesQuery(text=words, state=state), UTC, limit=4)
            lines = list(page.lines)
            while page.following:
                after = MessagesQuery(text=words, state=state, after=page.following)
                page = overseen.list_page(moderator, after, UTC, limit=4)
                lines += page.lines
            keys = [one.line.message_id for one in lines]
            assert len(keys) == len(set(keys)), words
            assert not hidden & set(keys), words
            assert PRIVATE not in repr([one.snippet for one in lines])
            private = [one for one in lines if one.line.kind is not ConversationKind.COMPANY]
            assert TITLE not in repr(private), words
            if any(word in words for word in ("frobnitz", "Xyzzyplugh")) and not words.startswith(("-", "in:")):
                assert private == [], words
            seen |= set(keys)
    assert seen == reported | open_to_all
    for message in hidden:
        assert outcome(partial(desk.overseen.get, moderator, message)) == "NotFound"
        assert outcome(partial(desk.overseeing.delete, moderator, (message, None), "Why")) == "NotFound"
