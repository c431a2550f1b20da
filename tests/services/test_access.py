"""Who may read a private conversation under a grant, written out; what each read leaves behind, and who is told."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from core import clock
from core.database.engine import Database
from core.errors import AccessOver, Conflict, Invalid, NotFound, ParleyError, RuleBroken
from core.ids import new_id
from core.models import AuditAction, ConversationKind, History, ReportReason
from core.permissions import Role
from core.repositories.conversations import Conversations
from core.services.access_grants import HELD, NOTHING_THERE, OPEN_ROOM, OWN, conversation_in
from tests.services.test_room_grid import undone
from tests.services.test_room_races import at_once
from tests.support.access import SECRET, WHY, Scene
from tests.support.talks import DONE, Desk, outcome

KINDS = tuple(ConversationKind)
PRIVATE = tuple(kind for kind in KINDS if kind is not ConversationKind.COMPANY)

# Who asks for access to which kind of conversation. d done · p NotPermitted · - NotFound · r RuleBroken
TAKE = """
             moderator  both  member-mod  former-mod  admin  analyst  staff  member  other-mod
assistant        d        d        .           .        p       p       p       p        -
direct           d        d        r           .        p       p       p       p        -
group            d        d        r           d        p       p       p       p        -
company          r        r        r           r        p       p       p       p        -
deleted          d        d        d           d        p       p       p       p        -
"""
# Reading one private conversation, by what is known of a grant of it. o AccessOver
READ = """
                  moderator  other  demoted  admin  owner  other-mod
in force              d        -       p       p      p        -
expired               o        -       p       p      p        -
ended                 o        -       p       p      p        -
extended              o        -       p       p      p        -
of a deleted one      d        -       p       p      p        -
of a gone one         -        -       p       p      p        -
"""
MARKS = {"d": DONE, "p": "NotPermitted", "-": "NotFound", "r": "RuleBroken", "o": "AccessOver"}


def cells(grid: str, width: int) -> dict[tuple[str, str], str]:
    heading, *rows = grid.strip("\n").splitlines()
    return {
        (row[:width].strip(), column): MARKS[mark]
        for row in rows
        for column, mark in zip(heading.split(), row[width:].split(), strict=True)
        if mark != "."
    }


def test_who_may_take_access_to_which_conversation(database: Database) -> None:
    desk, expected, found = Desk(database), cells(TAKE, 13), {}
    for name in dict.fromkeys(kind for kind, _ in expected):
        with undone(database):
            scene = Scene(desk, ConversationKind.GROUP if name == "deleted" else ConversationKind(name))
            if name == "deleted":
                desk.conversations.delete(scene.owner, scene.id)
            for who in [who for kind, who in expected if kind == name]:
                found[name, who] = outcome(partial(scene.take, scene.somebody(who)))
    assert found == expected


@pytest.mark.parametrize("kind", PRIVATE)
def test_who_may_read_under_which_grant(database: Database, kind: ConversationKind) -> None:
    desk, expected, found = Desk(database), cells(READ, 18), {}
    for state in dict.fromkeys(state for state, _ in expected):
        with undone(database):
            scene = Scene(desk, kind)
            grant = scene.take()
            if state == "expired":
                scene.expire(grant)
            elif state == "ended":
                desk.grants.end(scene.moderator, grant)
            elif state == "extended":
                desk.grants.extend(scene.moderator, grant, WHY)
            elif state == "of a deleted one":
                scene.sql("UPDATE conversations SET deleted_at = now() WHERE id = :id", id=scene.id)
            elif state == "of a gone one":
                with database.transaction() as session:
                    Conversations(session).purge(scene.id)
            for who in [who for one, who in expected if one == state]:
                found[state, who] = outcome(partial(desk.access.read, scene.somebody(who), grant))
            assert len(scene.told(scene.owner)) == (expected[state, "moderator"] == DONE)
            of_it = [facts for action, facts, _ in scene.events() if action == AuditAction.ACCESS_READ]
            assert len(of_it) == (expected[state, "moderator"] == DONE)
    assert found == expected


def test_a_grant_opens_one_conversation_and_nothing_else(database: Database) -> None:
    desk = Desk(database)
    scene, other = Scene(desk, ConversationKind.GROUP), Scene(desk, ConversationKind.GROUP)
    both = desk.person(Role.STAFF, Role.MODERATOR)
    read = desk.access.read(both, scene.take(both)).transcript
    assert read.conversation.id == scene.id
    assert any(SECRET in one.content for one in read.messages)
    conversation = read.conversation
    assert not (conversation.can_write or conversation.can_put_away or conversation.is_mine)
    for act in (
        lambda: desk.transcripts.read(both, scene.id),
        lambda: desk.talks.send(both, scene.id, "Hello"),
        lambda: desk.reactions.toggle(both, read.messages[0].id, "👍"),
        lambda: desk.reports.report(both, read.messages[-1].id, ReportReason.OTHER),
        lambda: desk.access.who_looked(both, scene.id),
        lambda: desk.conversations.rename(both, scene.id, "Mine"),
    ):
        assert outcome(act) == "NotFound"
    assert desk.grants.in_force_for(both, other.id) is None


@pytest.mark.parametrize("kind", PRIVATE)
def test_each_look_leaves_exactly_its_rows_and_is_told(database: Database, kind: ConversationKind) -> None:
    desk = Desk(database)
    scene = Scene(desk, kind, said=4)
    grant = scene.take()
    read = partial(desk.access.read, scene.moderator, grant, limit=2)
    assert scene.told(scene.owner) == [], "asking is not looking"
    newest = read().transcript
    read()  # the page is drawn again
    last = newest.messages[-1].seq
    earlier = read(before=newest.messages[0].seq).transcript
    looks = [(facts["from"], facts["to"], facts["messages"], reason) for _, facts, reason in scene.events()[1:]]
    firsts = newest.messages[0].seq, earlier.messages[0].seq
    assert looks == [(firsts[0], last, 2, WHY), (firsts[1], firsts[0] - 1, 2, WHY)]
    taken, *_ = scene.events()
    assert taken[0] == AuditAction.ACCESS_GRANTED
    assert taken[1] == {"grant": str(grant), "kind": kind.value, "minutes": 30}
    assert SECRET not in str(scene.events())
    people = [scene.owner] if kind is ConversationKind.ASSISTANT else [scene.owner, scene.member]
    for actor in people:
        assert len(scene.told(actor)) == 1
        assert all(part in scene.told(actor)[0] for part in ("Mo, a moderator", WHY))
        [looked] = desk.access.who_looked(actor, scene.id).lines
        assert (looked.grant.moderator_name, looked.grant.reason, looked.grant.looks) == ("Mo", WHY, 2)
        assert [look.messages for look in looked.looks] == [2, 2]
    assert scene.told(scene.former) == []
    assert desk.hints.conversations[-2:] == [scene.id, scene.id]
    assert desk.conversations.get(scene.owner, scene.id).looked_at is not None


def test_the_same_page_after_some_minutes_is_another_look(database: Database) -> None:
    scene = Scene(Desk(database), ConversationKind.DIRECT)
    grant = scene.take()
    for count in (1, 2):
        scene.desk.access.read(scene.moderator, grant)
        assert scene.desk.grants.get(scene.moderator, grant).looks == count
        scene.sql("UPDATE access_looks SET created_at = created_at - interval '6 minutes'")


def test_what_cannot_be_recorded_is_not_shown(database: Database) -> None:
    scene = Scene(Desk(database), ConversationKind.GROUP)
    grant = scene.take()
    scene.sql("ALTER TABLE audit_events ADD CONSTRAINT full_up CHECK (action <> 'access:read') NOT VALID")
    with pytest.raises(Exception, match="full_up"):
        scene.desk.access.read(scene.moderator, grant)
    assert scene.told(scene.owner) == []
    assert scene.desk.grants.get(scene.moderator, grant).looks == 0


def test_who_joins_later_is_told_of_what_they_could_read_themselves(database: Database) -> None:
    desk = Desk(database)
    scene = Scene(desk, ConversationKind.GROUP)
    desk.rooms.set_history(scene.owner, scene.id, History.JOINED)
    desk.access.read(scene.moderator, scene.take())
    late = desk.person()
    desk.members.add(scene.owner, scene.id, [late.user_id])
    assert desk.access.who_looked(late, scene.id).lines == ()
    assert desk.access.looked_into(late) == ()
    desk.talks.send(late, scene.id, "Hello")
    desk.access.read(scene.moderator, desk.grants.mine(scene.moderator)[0].id)
    [looked] = desk.access.who_looked(late, scene.id).lines
    assert len(looked.looks) == 1
    [into] = desk.access.looked_into(late)
    assert (into.conversation_id, into.kind, into.looks) == (scene.id, ConversationKind.GROUP, 1)
    assert [one.looks for one in desk.access.looked_into(scene.owner)] == [2]
    assert len(scene.told(late)) == 1, "the notice of this grant, which the others have already"
    desk.members.leave(late, scene.id)
    assert outcome(lambda: desk.access.who_looked(late, scene.id)) == "NotFound"
    assert desk.access.looked_into(late) == ()
    assert len(scene.told(late)) == 1, "what they were told while they were there stays"


def test_an_owner_sees_who_looked_into_what_they_deleted(database: Database) -> None:
    desk = Desk(database)
    for kind, others in ((ConversationKind.ASSISTANT, ()), (ConversationKind.GROUP, ("member",))):
        scene = Scene(desk, kind)
        desk.conversations.delete(scene.owner, scene.id)
        read = desk.access.read(scene.moderator, scene.take())
        assert read.transcript.conversation.is_deleted
        assert len(desk.access.who_looked(scene.owner, scene.id).lines) == 1
        for who in others:
            assert outcome(partial(desk.access.who_looked, scene.somebody(who), scene.id)) == "NotFound"


def test_from_a_case_into_its_conversation(database: Database) -> None:
    desk = Desk(database)
    scene = Scene(desk, ConversationKind.GROUP)
    message = desk.talks.send(scene.owner, scene.id, "Bad").message_id
    desk.reports.report(scene.member, message, ReportReason.OTHER)
    case = scene.sql("SELECT id FROM cases WHERE subject_id = :id", id=message).scalar_one()
    grant = desk.grants.take_for_case(scene.moderator, case, WHY)
    assert desk.grants.in_force_for(scene.moderator, scene.id) == desk.grants.get(scene.moderator, grant)
    assert desk.grants.get(scene.moderator, grant).case_id == case
    assert scene.events()[0][1]["case"] == str(case)
    stranger = scene.somebody("other-mod")
    assert outcome(partial(desk.grants.take_for_case, stranger, case, WHY)) == "NotFound"
    assert outcome(partial(desk.grants.take_for_case, scene.somebody("admin"), case, WHY)) == "NotPermitted"


def refusals(scene: Scene) -> Iterator[tuple[type[ParleyError], str, Callable[[], Any]]]:
    grants, me, link = scene.desk.grants, scene.moderator, f"https://parley.example/chat?c={scene.id}"
    company = Scene(scene.desk, ConversationKind.COMPANY)
    elsewhere = Scene(Desk(scene.desk.database), ConversationKind.GROUP)
    for reason in ("", "   ", "because", "\n a  b \n"):
        yield Invalid, "a few words", partial(grants.take, me, link, reason)
    yield Invalid, "up to 500", partial(grants.take, me, link, "x" * 501)
    for minutes in (0, -1, 241):
        yield Invalid, "4 hours", partial(grants.take, me, link, WHY, minutes)
    for address in ("", "chat", "https://parley.example/chat?c=1", "http://[", "c" * 5_000):
        yield Invalid, "no address", partial(grants.take, me, address, WHY)
    for key in (new_id(), elsewhere.id):
        yield NotFound, NOTHING_THERE, partial(grants.take, me, str(key), WHY)
    yield RuleBroken, OPEN_ROOM, partial(grants.take, me, str(company.id), WHY)
    yield RuleBroken, OWN, partial(grants.take, scene.member, link, WHY)
    for act in (grants.end, grants.get, scene.desk.access.read, partial(grants.extend, reason=WHY)):
        yield NotFound, "", partial(act, me, new_id())
    yield Invalid, "That place in the list", partial(grants.list_page, me, "x.y")


def test_what_is_refused_says_why(database: Database) -> None:
    scene = Scene(Desk(database), ConversationKind.GROUP)
    for error, sentence, act in refusals(scene):
        with pytest.raises(error, match=sentence or None) as raised:
            act()
        assert type(raised.value) is error
    assert scene.events() == []


def test_an_address_is_any_that_leads_there() -> None:
    key = new_id()
    for address in (f"{key}", f" {key}\n", f"/chat?c={key}", f"https://x.example/browse?kind=group&c={key}#x"):
        assert conversation_in(address) == key


def test_one_is_in_force_and_is_extended_by_another(database: Database) -> None:
    desk = Desk(database)
    scene = Scene(desk, ConversationKind.DIRECT)
    first = scene.take(minutes=15)
    with pytest.raises(Conflict, match=HELD):
        scene.take()
    second = desk.grants.extend(scene.moderator, first, "It takes longer", 60)
    with pytest.raises(Conflict, match=HELD):
        desk.grants.extend(scene.moderator, first, WHY)
    [held] = desk.grants.mine(scene.moderator)
    assert (held.id, held.reason) == (second, "It takes longer")
    assert held.until - clock.now() > timedelta(minutes=59)
    actions = [action.partition(":")[2] for action, _, _ in scene.events()]
    assert actions == ["grant", "end", "grant"]
    scene.expire(second)
    assert desk.grants.mine(scene.moderator) == ()
    third = desk.grants.extend(scene.moderator, second, WHY)
    desk.grants.end(scene.moderator, third)
    desk.grants.end(scene.moderator, third)
    scene.take()
    assert [action.partition(":")[2] for action, _, _ in scene.events()][3:] == ["grant", "end", "grant"]
    lines = desk.grants.list_page(scene.moderator).lines
    assert [line.is_in_force(clock.now()) for line in lines] == [True, False, False, False]


def test_everybodys_grants_name_people_and_no_titles_page_by_page(database: Database) -> None:
    desk = Desk(database)
    scenes = [Scene(desk, kind) for kind in PRIVATE]
    for scene in scenes:
        scene.take()
    Scene(Desk(database), ConversationKind.GROUP).take()  # of another company
    page = desk.grants.list_page(scenes[0].moderator, limit=2)
    found = list(page.lines)
    while page.following:
        page = desk.grants.list_page(scenes[0].moderator, page.following, limit=2)
        found += page.lines
    assert [line.names for line in found] == [("Ada",), ("Ada", "Bo"), ("Ada",)]
    assert [line.kind for line in found] == list(reversed(PRIVATE))
    assert SECRET not in repr(found)
    assert outcome(partial(desk.grants.list_page, scenes[0].somebody("admin"))) == "NotPermitted"


def test_two_tabs_take_one_grant_and_one_look(fresh_database: Database) -> None:
    desk = Desk(fresh_database)
    for _ in range(5):
        scene = Scene(desk, ConversationKind.DIRECT)
        taken = at_once(scene.take, scene.take)
        [grant] = [one for one in taken if isinstance(one, UUID)]
        assert [type(one) for one in taken if one != grant] == [Conflict]
        read = partial(desk.access.read, scene.moderator, grant)
        assert not [one for one in at_once(read, read) if isinstance(one, ParleyError)]
        assert desk.grants.get(scene.moderator, grant).looks == 1
        extended = at_once(*[partial(desk.grants.extend, scene.moderator, grant, WHY)] * 2)
        assert len([one for one in extended if isinstance(one, UUID)]) == 1
        # Whoever reads while it is ended has read before, or is told.
        read = partial(desk.access.read, scene.moderator, desk.grants.mine(scene.moderator)[0].id)
        result, _ = at_once(read, partial(desk.grants.end, scene.moderator, desk.grants.mine(scene.moderator)[0].id))
        with pytest.raises(AccessOver):
            read()
        assert not isinstance(result, ParleyError) or type(result) is AccessOver


def test_whose_conversations_were_looked_into_is_listed_page_by_page(database: Database) -> None:
    """Each once, however many were looked into in the same moment."""
    desk = Desk(database)
    scenes = [Scene(desk, ConversationKind.GROUP) for _ in range(5)]
    for scene in scenes:
        desk.join(desk.me, scene.id)
        desk.access.read(scene.moderator, scene.take())
    with database.transaction() as session:
        session.execute(text("UPDATE access_looks SET created_at = date_trunc('minute', now())"))
    found, after = [], None
    while page := desk.access.looked_into(desk.me, after=after, limit=2):
        found += [one.conversation_id for one in page]
        after = page[-1].position
    assert len(found) == 5 and set(found) == {scene.id for scene in scenes}
    assert found == [one.conversation_id for one in desk.access.looked_into(desk.me)]
