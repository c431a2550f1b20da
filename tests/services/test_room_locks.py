"""A locked room can be read; what waited there goes on once it is open again."""

from functools import partial
from uuid import UUID

import pytest

from core.database.engine import Database
from core.errors import Conflict, Invalid, NotFound, RuleBroken
from core.models import AuditAction, ConversationKind, MessageType, ReportReason
from core.permissions import Actor, Role
from core.repositories.audit import Audit
from tests.services.test_room_races import at_once
from tests.support.cases import case_of, report
from tests.support.talks import Desk

COMPANY = ConversationKind.COMPANY


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
def ada(desk: Desk) -> Actor:
    return desk.person(Role.STAFF, Role.MODERATOR, display_name="Ada")


@pytest.fixture
def room(desk: Desk) -> UUID:
    return desk.rooms.create(desk.me, COMPANY, "All")


def notices(desk: Desk, room: UUID) -> list[str]:
    return [one.content for one in desk.read(room).messages if one.message_type is MessageType.NOTICE]


def test_everybody_in_it_is_told_and_sees_why(desk: Desk, ada: Actor, room: UUID) -> None:
    before = desk.read(room)
    desk.locks.lock(ada, room, "Too \n heated")
    after = desk.read(room)
    assert after.state != before.state
    assert desk.hints.conversations == [room]
    assert notices(desk, room)[-1] == "A moderator locked this room: Too heated"
    view = desk.rooms.get(desk.me, room)
    assert (view.why_not, view.is_locked, view.can_write) == ("Locked by a moderator · Too heated", True, False)
    assert (view.can_manage, view.can_own) == (False, False)
    with pytest.raises(RuleBroken, match="Locked by a moderator · Too heated"):
        desk.talks.send(desk.me, room, "But")
    desk.locks.unlock(ada, room, "Calm again")
    assert notices(desk, room)[-1] == "A moderator unlocked this room."
    view = desk.rooms.get(desk.me, room)
    assert (view.why_not, view.is_locked, view.can_own) == (None, False, True)
    assert desk.talks.send(desk.me, room, "So").seq


def test_the_trail_has_both_and_since_when(desk: Desk, ada: Actor, room: UUID) -> None:
    desk.locks.lock(ada, room, "Too heated")
    desk.locks.unlock(ada, room, "Calm again")
    with desk.database.reading() as session:
        unlocked, locked = Audit(session).list_recent(desk.company.id, 2)
        assert Audit(session).verify(desk.company.id) is None
    assert (locked.action, locked.target_id, locked.before) == (AuditAction.ROOM_LOCKED, room, None)
    assert locked.after
    assert (unlocked.action, unlocked.before, unlocked.after) == (AuditAction.ROOM_UNLOCKED, locked.after, None)
    assert (locked.reason, unlocked.reason) == ("Too heated", "Calm again")


def test_an_answer_ends_and_what_waits_is_asked_once_it_is_open(desk: Desk, ada: Actor, room: UUID) -> None:
    running = desk.talks.send(desk.me, room, "@Assistant, one?").run_id
    desk.talks.send(desk.me, room, "@Assistant, two?")
    assert running
    desk.locks.lock(ada, room, "Too heated")
    before = len(desk.started)
    desk.end(running, "One.")
    assert "One." in desk.texts(room)
    assert len(desk.started) == before
    assert (desk.store.list_due(), desk.store.move_on(room)) == ([], None)
    desk.locks.unlock(ada, room)
    assert desk.store.list_due() == [room]
    assert desk.store.move_on(room)


def test_moderators_act_on_what_was_said_there(desk: Desk, ada: Actor, room: UUID) -> None:
    bo = desk.person()
    desk.rooms.join(bo, room)
    message_id = desk.talks.send(bo, room, "You are a walrus").message_id
    desk.locks.lock(ada, room, "Too heated")
    desk.reports.report(desk.me, message_id, ReportReason.HARASSMENT)
    desk.moderation.claim(ada, *case_of(desk, message_id))
    desk.moderation.delete(ada, *case_of(desk, message_id), "Insult")
    desk.moderation.restore(ada, *case_of(desk, message_id))
    assert "You are a walrus" in desk.texts(room)


@pytest.mark.parametrize("reason", ["", " \n", "x" * 501])
def test_it_has_a_reason(desk: Desk, ada: Actor, room: UUID, reason: str) -> None:
    with pytest.raises(Invalid):
        desk.locks.lock(ada, room, reason)
    assert desk.locks.list_locked(ada) == ()


def test_what_is_deleted_is_not_locked(desk: Desk, ada: Actor, room: UUID) -> None:
    desk.conversations.delete(desk.me, room)
    with pytest.raises(Conflict, match="deleted meanwhile"):
        desk.locks.lock(ada, room, "Too heated")


def test_the_list_goes_on_where_it_was_and_says_no_private_title(desk: Desk, ada: Actor) -> None:
    rooms = [desk.rooms.create(desk.me, COMPANY, f"Room {number}") for number in range(3)]
    for number, room in enumerate(rooms):
        desk.locks.lock(ada, room, f"Reason {number}")
    first = desk.locks.list_locked(ada, limit=2)
    rest = desk.locks.list_locked(ada, after=first[-1].place, limit=2)
    assert [(one.title, one.reason, one.by) for one in (*first, *rest)] == [
        (f"Room {number}", f"Reason {number}", "Ada") for number in (2, 1, 0)
    ]


def test_of_two_at_once_one_locks_and_one_unlocks(fresh_database: Database) -> None:
    desk = Desk(fresh_database, limits={"room": (1_000, 60)})
    ada, eve = (desk.person(Role.MODERATOR, display_name=name) for name in ("Ada", "Eve"))
    for number in range(20):
        room = desk.rooms.create(desk.me, COMPANY, f"Room {number}")
        results = at_once(*(partial(desk.locks.lock, who, room, "Why") for who in (ada, eve)))
        winner = ("Ada", "Eve")[results.index(None)]
        assert [str(one) for one in results if one] == [f"{winner} locked this room already. Nothing was done."]
        results = at_once(*(partial(desk.locks.unlock, who, room) for who in (ada, eve)))
        winner = ("Ada", "Eve")[results.index(None)]
        assert [str(one) for one in results if one] == [f"{winner} unlocked this room already. Nothing was done."]
        assert [one.partition(" this")[0] for one in notices(desk, room)[-2:]] == [
            "A moderator locked",
            "A moderator unlocked",
        ]


def test_a_private_room_that_was_unlocked_meanwhile_says_who_did_so(desk: Desk, ada: Actor) -> None:
    """It stood in every moderator's list; one that never did is not there at all."""
    bo, eve = desk.person(), desk.person(Role.MODERATOR)
    room, other = (desk.rooms.create(desk.me, ConversationKind.GROUP, "Ours", user_ids=[bo.user_id]) for _ in range(2))
    case_id = report(desk, desk.talks.send(bo, room, "You are a walrus").message_id)
    desk.moderation.claim(ada, case_id, 0)
    desk.locks.lock_of_case(ada, case_id, "Too heated")
    desk.locks.unlock(ada, room)
    with pytest.raises(Conflict, match=r"^Ada unlocked this room already"):
        desk.locks.unlock(eve, room)
    with pytest.raises(NotFound):
        desk.locks.unlock(eve, other)
