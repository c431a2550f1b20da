"""What moderators do about messages that they came across: as in the queue, with a case that is opened on the way."""

from functools import partial
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from core.database.engine import Database
from core.errors import Conflict, Invalid, NotFound, NotPermitted
from core.models import CaseStatus, ConversationKind, Decision, ReportReason
from core.permissions import Actor, Role
from core.repositories.audit import Audit
from core.services.moderation_deciding import PURGED, TAKEN_BACK_REPORTED, TAKEN_BACK_UNREPORTED
from core.services.moderation_message_acts import IS_AS_WRITTEN, IS_DELETED, NOT_HERE, REPORTED, Seen
from core.services.moderation_message_query import MessagesQuery, State
from core.services.moderation_messages import BY_PEOPLE, ModerationMessages
from core.services.moderation_query import QueueQuery, Shown
from core.services.moderation_views import OpenMessage
from core.services.search import SearchService
from core.ui.moderation_message_words import state_of
from tests.services.test_moderation import done, told
from tests.services.test_room_races import at_once
from tests.support.talks import Desk

BAD = "The walrus was paid"
UTC = ZoneInfo("UTC")


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
def ada(desk: Desk) -> Actor:
    return desk.person(Role.MODERATOR, display_name="Ada")


@pytest.fixture
def bo(desk: Desk) -> Actor:
    return desk.person(Role.STAFF, display_name="Bo")


@pytest.fixture
def room(desk: Desk, bo: Actor) -> UUID:
    return desk.rooms.create(desk.me, ConversationKind.COMPANY, "Kitchen", user_ids=[bo.user_id])


@pytest.fixture
def message(desk: Desk, bo: Actor, room: UUID) -> UUID:
    return desk.talks.send(bo, room, BAD).message_id


def seen(desk: Desk, moderator: Actor, message: UUID) -> Seen:
    return desk.overseen.get(moderator, message).seen


def opened(desk: Desk, moderator: Actor, message: UUID) -> OpenMessage:
    return desk.overseen.get(moderator, message)


def listed(desk: Desk, moderator: Actor, words: str = "", state: State = State.ANY) -> list[UUID]:
    page = desk.overseen.list_page(moderator, MessagesQuery(text=words, state=state), UTC)
    return [one.line.message_id for one in page.lines]


def test_what_nobody_reported_is_deleted_told_and_restored(
    desk: Desk, ada: Actor, bo: Actor, room: UUID, message: UUID
) -> None:
    before = opened(desk, ada, message)
    assert (before.seen, before.can_change, before.can_restore) == ((message, None), True, False)
    desk.overseeing.delete(ada, before.seen, "Not for here")
    shown = desk.read(room, bo).messages[-1]
    assert (shown.content, shown.delete_reason) == ("", "Not for here")
    assert any("deleted your message" in one and "Not for here" in one for one in told(desk, bo))
    assert SearchService(desk.database).search(bo, "walrus").hits == ()
    gone = opened(desk, ada, message)
    assert (gone.view.text, gone.can_change, gone.can_restore) == (BAD, False, True)
    line = gone.view.line
    assert (line.status, line.decision, line.report_count, line.reasons) == (
        CaseStatus.CLOSED,
        Decision.DELETED,
        0,
        (),
    )
    assert listed(desk, ada, "walrus", State.DELETED) == listed(desk, ada, '"walrus was"', State.DELETED) == [message]
    assert listed(desk, ada, "seal", State.DELETED) == listed(desk, ada, "-walrus", State.DELETED) == []
    assert listed(desk, ada, "walrus") == []
    assert listed(desk, ada, "is:reported") == []
    for words, hints in (("is:reported", (BY_PEOPLE,)), ("walrus", ())):
        assert desk.overseen.list_page(ada, MessagesQuery(text=words), UTC).hints == hints
    desk.overseeing.restore(ada, gone.seen, "A mistake")
    assert desk.read(room, bo).messages[-1].content == BAD
    assert SearchService(desk.database).search(bo, "walrus").hits != ()
    line = opened(desk, ada, message).view.line
    assert (line.status, line.decision) == (CaseStatus.CLOSED, Decision.DISMISSED)  # nothing is left to decide
    assert listed(desk, ada, "is:reported") == []
    assert done(desk, message) == ["moderation:delete", "moderation:restore"]
    assert [one.who for one in opened(desk, ada, message).view.steps] == ["Ada", "Ada"]
    assert desk.cases.count_open(ada) == 0
    with desk.database.reading() as session:
        assert Audit(session).verify(ada.company_id) is None


def test_an_edit_is_undone_from_the_queue_as_well(desk: Desk, ada: Actor, bo: Actor, room: UUID, message: UUID) -> None:
    desk.overseeing.edit(ada, seen(desk, ada, message), "The ****** was paid", "No names")
    shown = desk.read(room, bo).messages[-1]
    assert (shown.content, shown.edit_reason) == ("The ****** was paid", "No names")
    assert listed(desk, ada, state=State.EDITED) == [message]
    [line] = desk.cases.list_page(ada, QueueQuery(shown=Shown.CLOSED), UTC).lines
    view = desk.cases.get(ada, line.id)
    assert (view.can_restore, view.can_reopen, view.versions[0].content) == (True, False, BAD)
    desk.moderation.restore(ada, line.id, line.version)
    assert desk.read(room, bo).messages[-1].content == BAD
    desk.overseeing.delete(ada, seen(desk, ada, message), "After all")  # a closed case is taken up again
    assert done(desk, message) == [f"moderation:{one}" for one in ("edit", "revert", "delete")]


def test_a_later_report_begins_as_the_first_one(desk: Desk, ada: Actor, message: UUID) -> None:
    desk.overseeing.edit(ada, seen(desk, ada, message), "Other words", "No names")
    desk.reports.report(desk.me, message, ReportReason.SPAM)
    view = opened(desk, ada, message).view
    assert (view.line.status, view.line.report_count) == (CaseStatus.OPEN, 1)
    assert view.line.first_reported_at == view.line.waiting_since
    assert listed(desk, ada, "is:reported") == listed(desk, ada, state=State.OPEN) == [message]


def test_what_somebody_did_meanwhile_is_told(desk: Desk, ada: Actor, bo: Actor, room: UUID, message: UUID) -> None:
    eve = desk.person(Role.MODERATOR, display_name="Eve")
    before = seen(desk, ada, message)
    desk.reports.report(desk.me, message, ReportReason.SPAM)
    with pytest.raises(Conflict, match=REPORTED):
        desk.overseeing.delete(ada, before, "Bad")
    reported = seen(desk, ada, message)
    desk.moderation.claim(eve, opened(desk, eve, message).view.line.id, 0)
    with pytest.raises(Conflict, match="Eve claimed this case meanwhile"):
        desk.overseeing.delete(ada, reported, "Bad")
    held = opened(desk, ada, message)
    assert (held.can_change, held.why_not) == (False, "Eve claimed this case, so they decide about it.")
    with pytest.raises(Conflict, match="Eve claimed"):
        desk.overseeing.delete(ada, held.seen, "Bad")
    desk.overseeing.delete(eve, held.seen, "Bad")
    with pytest.raises(Conflict, match="Eve deleted it meanwhile"):
        desk.overseeing.edit(ada, held.seen, "Other", "Bad")
    with pytest.raises(Conflict, match=IS_DELETED):
        desk.overseeing.delete(ada, seen(desk, ada, message), "Bad")
    assert done(desk, message) == [f"moderation:{one}" for one in ("report", "claim", "delete")]


def test_what_can_not_be_done(desk: Desk, ada: Actor, bo: Actor, room: UUID, message: UUID) -> None:
    both = desk.person(Role.STAFF, Role.MODERATOR)
    desk.members.add(desk.me, room, [both.user_id])
    own = desk.talks.send(both, room, "Mine").message_id
    notice = desk.read(room).messages[0].id
    with pytest.raises(NotPermitted, match="yourself"):
        desk.overseeing.delete(both, (own, None), "Bad")
    for key in (notice, uuid4()):
        with pytest.raises(NotFound, match=NOT_HERE):
            desk.overseeing.delete(ada, (key, None), "Bad")
    with pytest.raises(Conflict, match=IS_AS_WRITTEN):
        desk.overseeing.restore(ada, (message, None))
    for reason in ("", " \n", "x" * 501):
        with pytest.raises(Invalid):
            desk.overseeing.delete(ada, (message, None), reason)
    with pytest.raises(Invalid, match="Change something first"):
        desk.overseeing.edit(ada, (message, None), BAD, "Bad")
    with pytest.raises(NotPermitted, match="role moderator"):
        desk.overseeing.delete(bo, (message, None), "Bad")
    desk.talks.delete(bo, message)
    for act in (desk.overseeing.delete, desk.overseeing.restore):
        with pytest.raises(Conflict):
            act(ada, (message, None), "Bad")
    assert "Its author deleted" in (opened(desk, ada, message).why_not or "")
    with desk.database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM cases")).scalar_one() == 0


def test_what_was_removed_for_good_is_listed_and_nothing_is_done_with_it(
    desk: Desk, ada: Actor, bo: Actor, room: UUID, message: UUID
) -> None:
    desk.overseeing.delete(ada, seen(desk, ada, message), "A key")
    kim = desk.person(Role.MODERATOR, Role.ADMIN, display_name="Kim")
    before = opened(desk, ada, message)
    desk.purging.purge(kim, before.view.line.id, before.view.line.version, "A key", confirmation="Bo")
    assert listed(desk, ada, state=State.DELETED) == [message]
    gone = opened(desk, ada, message)
    assert (gone.view.text, gone.can_change, gone.can_restore, gone.why_not) == ("", False, False, PURGED)
    assert state_of(gone.line) == "Removed for good by Kim"
    assert [(one.is_subject, one.is_purged) for one in gone.view.said][-1] == (True, True)
    for acted in (
        desk.overseeing.restore_together(ada, [before.seen, gone.seen]),
        desk.overseeing.delete_together(ada, [gone.seen], "Again"),
    ):
        assert (acted.done, set(acted.refused)) == ((), {PURGED})
    with pytest.raises(Conflict, match=PURGED):
        desk.overseeing.edit(ada, gone.seen, "New words", "No")


def test_of_what_its_author_deleted_the_reports_are_left_to_the_queue(
    desk: Desk, ada: Actor, bo: Actor, message: UUID
) -> None:
    desk.reports.report(desk.me, message, ReportReason.SPAM)
    desk.talks.delete(bo, message)
    left = opened(desk, ada, message)
    assert (left.can_change, left.can_restore, left.why_not) == (False, False, TAKEN_BACK_REPORTED)
    desk.moderation.claim(ada, left.view.line.id, left.view.line.version)
    desk.moderation.dismiss(ada, left.view.line.id, opened(desk, ada, message).view.line.version)
    assert opened(desk, ada, message).why_not == TAKEN_BACK_UNREPORTED


def test_several_at_once_and_what_was_not_done(desk: Desk, ada: Actor, bo: Actor, room: UUID, message: UUID) -> None:
    eve = desk.person(Role.MODERATOR, display_name="Eve")
    others = [desk.talks.send(bo, room, f"Walrus {number}").message_id for number in range(3)]
    desk.reports.report(desk.me, others[0], ReportReason.SPAM)
    everything = [seen(desk, ada, one) for one in (message, *others)]
    desk.overseeing.delete(eve, everything[-1], "Mine")
    acted = desk.overseeing.delete_together(ada, [*everything, everything[0]], "Spam")
    assert [key for key, _ in acted.done] == [message, *others[:2]]
    assert acted.refused == ("Eve deleted it meanwhile. Nothing was done.",)
    assert desk.texts(room)[-4:] == [""] * 4
    undone = desk.overseeing.restore_together(ada, acted.done)
    assert (len(undone.done), undone.refused) == (3, ())
    assert desk.texts(room)[-4:] == [BAD, "Walrus 0", "Walrus 1", ""]
    assert desk.overseeing.restore_together(ada, acted.done).done == ()  # from a tab that lies behind
    statuses = [opened(desk, ada, one).view.line.status for one in (message, others[0])]
    assert statuses == [CaseStatus.CLOSED, CaseStatus.CLAIMED]  # the reported one is to be decided anew
    with pytest.raises(Invalid, match="100"):
        desk.overseeing.delete_together(ada, [(uuid4(), None)] * 101, "Spam")
    with desk.database.reading() as session:
        together = text("SELECT count(*) FROM audit_events WHERE (after ->> 'together')::bool")
        assert session.execute(together).scalar_one() == 6


def test_pages_go_on_where_the_one_before_ended(desk: Desk, ada: Actor, bo: Actor, room: UUID) -> None:
    """Over messages that are there, taken back and deleted, each once, the newest first."""
    sent = [desk.talks.send(bo, room, f"Walrus {number}").message_id for number in range(12)]
    for at, message in enumerate(sent):
        if at % 3 == 1:
            desk.talks.delete(bo, message)
        elif at % 3 == 2:
            desk.overseeing.delete(ada, (message, None), "Bad")
    kinds = {State.ANY: sent, State.THERE: sent[::3], State.TAKEN_BACK: sent[1::3], State.DELETED: sent[2::3]}
    cases = [("", *one) for one in kinds.items()]
    cases += [(words, *one) for one in list(kinds.items())[1:] for words in ("walrus", "from:bo -seal")]
    for words, state, expected in cases:
        query, found = MessagesQuery(text=words, state=state), []
        while True:
            page = desk.overseen.list_page(ada, query, UTC, limit=3)
            found += [one.line.message_id for one in page.lines]
            if not page.following:
                break
            query = query.looking(after=page.following)
        assert found == expected[::-1], (words, state)
    filters = [MessagesQuery(room_id=room), MessagesQuery(author_id=bo.user_id), MessagesQuery(room_id=uuid4())]
    counts = [len(desk.overseen.list_page(ada, one, UTC).lines) for one in filters]
    assert counts == [12, 12, 0]
    assert desk.overseen.list_page(ada, MessagesQuery(by_assistant=True), UTC).lines == ()
    with pytest.raises(Invalid):
        desk.overseen.list_page(ada, MessagesQuery(after="x"), UTC)


@pytest.mark.parametrize("reach", [1, 3, 4_000])
@pytest.mark.parametrize("words", ["walrus", '"walrus paid"', "from:bo walrus"])
def test_however_far_a_look_reaches_words_are_found_once_each(
    desk: Desk, ada: Actor, bo: Actor, room: UUID, words: str, reach: int
) -> None:
    """In company rooms, and with a case in private ones: page by page as many as there are, the newest first, also
    behind those of a room that was deleted.
    """
    group = desk.rooms.create(desk.me, ConversationKind.GROUP, "Ours", user_ids=[bo.user_id])
    expected = []
    for number in range(24):
        is_private, is_found = number % 3 == 1, number % 4 == 0
        said = "The walrus paid" if is_found else f"The seal paid {number}"
        message = desk.talks.send(bo, group if is_private else room, said).message_id
        if is_private and number < 18:
            desk.reports.report(desk.me, message, ReportReason.SPAM)
        expected += [message] if is_found and (not is_private or number < 18) else []
    gone = desk.rooms.create(desk.me, ConversationKind.COMPANY, "Gone", user_ids=[bo.user_id])
    for _ in range(6):
        desk.talks.send(bo, gone, "The walrus paid")
    with desk.database.transaction() as session:
        session.execute(text("UPDATE conversations SET deleted_at = now() WHERE id = :id"), {"id": gone})
    overseen, query, found = ModerationMessages(desk.database, reach), MessagesQuery(text=words), []
    while True:
        page = overseen.list_page(ada, query, UTC, limit=3)
        found += [one.line.message_id for one in page.lines]
        if not page.following:
            break
        query = query.looking(after=page.following)
    assert found == expected[::-1]


def test_of_two_who_come_across_it_at_once_one_acts(fresh_database: Database) -> None:
    desk = Desk(fresh_database, limits={"message": (1_000, 60)})
    ada, eve = (desk.person(Role.MODERATOR, display_name=name) for name in ("Ada", "Eve"))
    room, bo = desk.rooms.create(desk.me, ConversationKind.COMPANY, "Ours"), desk.person()
    desk.members.add(desk.me, room, [bo.user_id])
    for number in range(20):
        message = desk.talks.send(bo, room, f"Bad {number}").message_id
        results = at_once(
            partial(desk.overseeing.delete, ada, (message, None), "Bad"),
            partial(desk.overseeing.edit, eve, (message, None), "Good", "Bad"),
        )
        assert results.count(None) == 1
        [other] = [str(one) for one in results if one is not None]
        assert other == ("Ada deleted it" if results[0] is None else "Eve edited it") + " meanwhile. Nothing was done."
        assert len(done(desk, message)) == 1
    with desk.database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM cases WHERE version = 1")).scalar_one() == 20
        assert Audit(session).verify(ada.company_id) is None
