"""What moderators do about reports: who is told what, what comes back, and of two at once one."""

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from core import clock
from core.assistant.jobs import Job
from core.assistant.runs import News
from core.database.engine import Database
from core.errors import AnswerInProgress, Conflict, Invalid, NotFound, NotPermitted, RateLimited, RuleBroken
from core.models import AuditAction, Case, CaseStatus, ConversationKind, Decision, ReportReason, RunStatus
from core.permissions import Actor, Role
from core.repositories.answer_runs import Arrived
from core.repositories.audit import Audit
from core.repositories.cases import CLAIM_HOLDS
from core.repositories.conversations import Conversations
from core.repositories.notices import Notices
from core.services.moderation_deciding import BEING_WRITTEN, GONE, OWN, TAKEN_BACK
from core.services.moderation_query import QueueQuery, Shown
from core.services.moderation_views import CaseView
from core.services.search import SearchService
from core.services.views import Asked
from tests.support.talks import MODELS, Desk

BAD = "You are a walrus"
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
    return desk.rooms.create(desk.me, ConversationKind.GROUP, "Kitchen", user_ids=[bo.user_id])


def reported(desk: Desk, author: Actor, room: UUID, words: str = BAD, *, by: Actor | None = None) -> UUID:
    """Somebody says it, and it is reported. The message."""
    message_id = desk.talks.send(author, room, words).message_id
    desk.reports.report(by or desk.me, message_id, ReportReason.HARASSMENT, "Not nice")
    return message_id


def newest(desk: Desk, moderator: Actor, shown: Shown = Shown.TO_DO) -> CaseView:
    lines = desk.cases.list_page(moderator, QueueQuery(shown=shown), UTC).lines
    return desk.cases.get(moderator, lines[-1].id)


def claimed(desk: Desk, moderator: Actor) -> CaseView:
    case = newest(desk, moderator)
    desk.moderation.claim(moderator, case.line.id, case.line.version)
    return desk.cases.get(moderator, case.line.id)


def key(view: CaseView) -> tuple[UUID, int]:
    return view.line.id, view.line.version


def again(desk: Desk, moderator: Actor, view: CaseView) -> CaseView:
    return desk.cases.get(moderator, view.line.id)


def told(desk: Desk, actor: Actor) -> list[str]:
    with desk.database.reading() as session:
        return [line.text for line in Notices(session).list_unread(actor.user_id, clock.now(), limit=50)]


def done(desk: Desk, message_id: UUID) -> list[str]:
    """What the audit trail says was done to a message, in order."""
    with desk.database.reading() as session:
        statement = text("SELECT action FROM audit_events WHERE target_id = :id ORDER BY sequence")
        return list(session.execute(statement, {"id": message_id}).scalars())


def test_reports_of_a_message_are_one_case(desk: Desk, ada: Actor, bo: Actor, room: UUID) -> None:
    message_id = reported(desk, bo, room)
    desk.reports.report(bo, message_id, ReportReason.SPAM)
    case = newest(desk, ada)
    assert (case.line.report_count, case.line.snippet, case.line.author_id) == (2, BAD, bo.user_id)
    assert case.line.reasons == (ReportReason.HARASSMENT, ReportReason.SPAM)
    assert [(one.reporter_name, one.comment) for one in case.reports] == [
        (desk.me.display_name, "Not nice"),
        ("Bo", ""),
    ]
    assert desk.cases.count_open(ada) == 1
    assert desk.hints.people.count(ada.user_id) == 2


def test_once_for_each_person_and_what_became_of_it(desk: Desk, ada: Actor, bo: Actor, room: UUID) -> None:
    message_id = reported(desk, bo, room)
    with pytest.raises(Conflict, match="before"):
        desk.reports.report(desk.me, message_id, ReportReason.SPAM)
    receipts = [one.report for one in desk.read(room).messages if one.id == message_id]
    assert receipts[0] and receipts[0].decision is None
    assert all(one.report is None for one in desk.read(room, bo).messages)
    desk.moderation.dismiss(ada, *key(claimed(desk, ada)))
    receipts = [one.report for one in desk.read(room).messages if one.id == message_id]
    assert receipts[0] and receipts[0].decision is Decision.DISMISSED
    assert "it stays as it is" in told(desk, desk.me)[0]
    assert told(desk, bo) == []


def test_what_cannot_be_reported(desk: Desk, ada: Actor, bo: Actor, room: UUID) -> None:
    notice = desk.read(room).messages[0]
    with pytest.raises(RuleBroken):
        desk.reports.report(desk.me, notice.id, ReportReason.OTHER)
    pending = desk.ask(desk.me, "Why?")
    with pytest.raises(AnswerInProgress):
        desk.reports.report(desk.me, pending.answer_id, ReportReason.FALSE)
    message_id = desk.talks.send(bo, room, BAD).message_id
    with pytest.raises(Invalid):
        desk.reports.report(desk.me, message_id, ReportReason.OTHER, "x" * 1_001)
    desk.talks.delete(bo, message_id)
    with pytest.raises(NotFound):
        desk.reports.report(desk.me, message_id, ReportReason.OTHER)
    assert desk.cases.count_open(ada) == 0


def test_reports_are_limited(database: Database, bo: Actor) -> None:
    desk = Desk(database, limits={"report": (1, 3_600)})
    room = desk.rooms.create(desk.me, ConversationKind.GROUP, "Kitchen")
    reported(desk, desk.me, room)
    with pytest.raises(RateLimited, match="1 report "):
        reported(desk, desk.me, room)


def test_the_trail_of_a_report_names_nobody(desk: Desk, bo: Actor, room: UUID) -> None:
    message_id = reported(desk, bo, room)
    with desk.database.reading() as session:
        event = Audit(session).list_recent(desk.me.company_id, 1)[0]
    assert (event.action, event.target_id, event.actor_id) == (AuditAction.MESSAGE_REPORTED, message_id, None)
    assert "walrus" not in str(event.after)
    assert "Not nice" not in str(event.after)


def test_an_edit_is_marked_told_and_taken_back(desk: Desk, ada: Actor, bo: Actor, room: UUID) -> None:
    message_id = reported(desk, bo, room)
    case = claimed(desk, ada)
    desk.moderation.edit(ada, *key(case), "You are a ******", "No names")
    shown = desk.read(room, bo).messages[-1]
    assert (shown.content, shown.edit_reason, shown.can_edit) == ("You are a ******", "No names", False)
    assert any("edited your message" in one and "No names" in one for one in told(desk, bo))
    with pytest.raises(RuleBroken, match="moderator"):
        desk.talks.edit(bo, message_id, BAD)
    case = again(desk, ada, case)
    assert [one.content for one in case.versions] == [BAD, "You are a ******"]
    assert (case.line.status, case.line.decision, case.line.reason) == (CaseStatus.CLOSED, Decision.EDITED, "No names")
    desk.moderation.restore(ada, *key(case), "A mistake")
    shown = desk.read(room, bo).messages[-1]
    assert (shown.content, shown.edit_reason, shown.is_edited, shown.can_edit) == (BAD, None, False, True)
    case = again(desk, ada, case)
    assert (case.line.status, case.line.claimed_by, case.line.decision) == (CaseStatus.CLAIMED, ada.user_id, None)
    assert [one.content for one in case.versions] == [BAD, "You are a ******", BAD]
    assert done(desk, message_id) == [f"moderation:{act}" for act in ("report", "claim", "edit", "revert")]
    assert desk.hints.conversations.count(room) >= 3


def test_a_deletion_leaves_its_place_and_comes_back(desk: Desk, ada: Actor, bo: Actor, room: UUID) -> None:
    message_id = reported(desk, bo, room, f"{BAD}, @{desk.me.display_name}")
    case = claimed(desk, ada)
    desk.moderation.delete(ada, *key(case), "Insult")
    shown = desk.read(room).messages[-1]
    assert (shown.id, shown.content, shown.is_deleted, shown.delete_reason) == (message_id, "", True, "Insult")
    assert any("deleted your message" in one and "Insult" in one for one in told(desk, bo))
    assert any("it was deleted" in one for one in told(desk, desk.me))
    with pytest.raises(Conflict):
        desk.talks.delete(bo, message_id)
    case = again(desk, ada, case)
    assert case.text.startswith(BAD)
    assert case.can_restore
    desk.moderation.restore(ada, *key(case))
    shown = desk.read(room).messages[-1]
    assert (shown.content, shown.delete_reason, shown.mentions_me) == (case.text, None, True)
    assert any("restored your message" in one for one in told(desk, bo))


def test_a_dismissal_is_taken_back(desk: Desk, ada: Actor, bo: Actor, room: UUID) -> None:
    reported(desk, bo, room)
    case = claimed(desk, ada)
    desk.moderation.dismiss(ada, *key(case), "Friends")
    case = again(desk, ada, case)
    assert (case.line.decision, case.can_reopen, case.can_restore) == (Decision.DISMISSED, True, False)
    desk.moderation.reopen(ada, *key(case))
    case = again(desk, ada, case)
    assert case.can_decide
    desk.moderation.delete(ada, *key(case), "After all")
    assert again(desk, ada, case).line.decision is Decision.DELETED


def test_a_new_report_opens_a_closed_case(desk: Desk, ada: Actor, bo: Actor, room: UUID) -> None:
    message_id = reported(desk, bo, room)
    case = claimed(desk, ada)
    desk.moderation.edit(ada, *key(case), "You are a ****s", "No names")
    before = again(desk, ada, case)
    desk.reports.report(bo, message_id, ReportReason.OTHER)
    case = again(desk, ada, case)
    assert (case.line.status, case.line.decision, case.line.report_count) == (CaseStatus.OPEN, None, 2)
    assert case.line.version > before.line.version
    assert case.line.waiting_since > case.line.first_reported_at
    desk.moderation.claim(ada, *key(case))
    desk.moderation.edit(ada, *key(again(desk, ada, case)), "****", "All of it")
    desk.moderation.restore(ada, *key(again(desk, ada, case)))
    assert desk.read(room, bo).messages[-1].content == BAD


def test_only_who_claimed_it_decides(desk: Desk, ada: Actor, bo: Actor, room: UUID) -> None:
    reported(desk, bo, room)
    case = newest(desk, ada)
    eve = desk.person(Role.MODERATOR, display_name="Eve")
    with pytest.raises(Conflict, match="Claim the case"):
        desk.moderation.dismiss(ada, *key(case))
    desk.moderation.claim(ada, *key(case))
    with pytest.raises(Conflict, match="Ada claimed this case meanwhile"):
        desk.moderation.claim(eve, *key(case))
    held = again(desk, eve, case)
    assert (held.can_claim, held.can_decide) == (False, False)
    for act in (desk.moderation.dismiss, desk.moderation.release):
        with pytest.raises(Conflict, match="Ada claimed"):
            act(eve, *key(held))
    desk.moderation.release(ada, *key(held))
    desk.moderation.claim(eve, *key(again(desk, eve, case)))
    desk.moderation.delete(eve, *key(again(desk, eve, case)), "Insult")
    with pytest.raises(Conflict, match="Eve deleted it meanwhile"):
        desk.moderation.dismiss(ada, *key(held))


def test_a_tab_that_lies_behind_does_nothing(desk: Desk, ada: Actor, bo: Actor, room: UUID) -> None:
    """Also where the case is again as it was: what happened in between, its moderator has not seen there."""
    reported(desk, bo, room)
    seen = claimed(desk, ada)
    desk.moderation.edit(ada, *key(seen), "You are a seal", "No walrus")
    desk.moderation.restore(ada, *key(again(desk, ada, seen)))
    assert again(desk, ada, seen).can_decide
    for act in (desk.moderation.dismiss, desk.moderation.release, desk.moderation.restore, desk.moderation.claim):
        with pytest.raises(Conflict, match="perhaps in another tab"):
            act(ada, *key(seen))
    with pytest.raises(Conflict, match="perhaps in another tab"):
        desk.moderation.delete(ada, *key(seen), "Insult")
    desk.moderation.release(ada, *key(again(desk, ada, seen)))
    with pytest.raises(Conflict, match="perhaps in another tab"):
        desk.moderation.claim(ada, *key(seen))


def test_a_claim_that_lies_can_be_taken_over(desk: Desk, ada: Actor, bo: Actor, room: UUID) -> None:
    reported(desk, bo, room)
    case = claimed(desk, ada)
    eve = desk.person(Role.MODERATOR)
    with desk.database.transaction() as session:
        session.get_one(Case, case.line.id).claimed_at = clock.now() - CLAIM_HOLDS - timedelta(seconds=1)
    assert again(desk, eve, case).can_claim
    desk.moderation.claim(eve, *key(case))
    assert again(desk, ada, case).line.claimed_by == eve.user_id


def test_nobody_decides_about_their_own_message(desk: Desk, ada: Actor, bo: Actor, room: UUID) -> None:
    both = desk.person(Role.STAFF, Role.MODERATOR)
    desk.members.add(desk.me, room, [both.user_id])
    message_id = reported(desk, both, room)
    case = newest(desk, both)
    assert (case.can_claim, case.why_not) == (False, OWN)
    acts = [
        lambda: desk.moderation.claim(both, *key(case)),
        lambda: desk.moderation.dismiss(both, *key(case)),
        lambda: desk.moderation.delete(both, *key(case), "Oops"),
        lambda: desk.moderation.restore(both, *key(case)),
    ]
    for act in acts:
        with pytest.raises(NotPermitted, match="yourself"):
            act()
    other = reported(desk, bo, room, BAD)
    seen = [key(newest(desk, ada)), key(case)]
    result = desk.moderation.decide_together(both, Decision.DELETED, seen, BAD, "Both")
    assert (result.done, result.refused) == (1, (OWN,))
    assert done(desk, message_id) == ["moderation:report"]
    assert done(desk, other)[-1] == "moderation:delete"


@pytest.mark.parametrize("reason", ["", "  \n ", "x" * 501, "nul\0"])
def test_an_act_has_its_reason(desk: Desk, ada: Actor, bo: Actor, room: UUID, reason: str) -> None:
    reported(desk, bo, room)
    case = claimed(desk, ada)
    with pytest.raises(Invalid):
        desk.moderation.delete(ada, *key(case), reason)
    with pytest.raises(Invalid):
        desk.moderation.edit(ada, *key(case), "Other", reason)
    assert desk.read(room).messages[-1].content == BAD


@pytest.mark.parametrize("words", ["", BAD, "x" * 10_001])
def test_an_edit_changes_something(desk: Desk, ada: Actor, bo: Actor, room: UUID, words: str) -> None:
    reported(desk, bo, room)
    with pytest.raises(Invalid):
        desk.moderation.edit(ada, *key(claimed(desk, ada)), words, "No names")


def test_what_its_author_took_back_can_only_be_dismissed(desk: Desk, ada: Actor, bo: Actor, room: UUID) -> None:
    message_id = reported(desk, bo, room)
    case = claimed(desk, ada)
    desk.talks.delete(bo, message_id)
    with pytest.raises(Conflict, match="author deleted"):
        desk.moderation.edit(ada, *key(case), "Other", "No names")
    with pytest.raises(Conflict) as refused:
        desk.moderation.delete(ada, *key(case), "Insult")
    assert str(refused.value) == TAKEN_BACK
    assert again(desk, ada, case).is_taken_back
    desk.moderation.dismiss(ada, *key(case))


def test_a_case_outlives_its_message(desk: Desk, ada: Actor, bo: Actor, room: UUID) -> None:
    message_id = reported(desk, bo, room)
    case = claimed(desk, ada)
    with desk.database.transaction() as session:
        Conversations(session).purge(room)
    case = again(desk, ada, case)
    assert (case.line.status, case.line.decision, case.line.message_id) == (CaseStatus.CLOSED, Decision.GONE, None)
    assert (case.text, case.said, case.why_not, len(case.reports)) == ("", (), GONE, 1)
    assert [step.action for step in case.steps] == [AuditAction.CASE_CLAIMED, AuditAction.MESSAGE_REPORTED]
    for act in (desk.moderation.dismiss, desk.moderation.claim, desk.moderation.restore, desk.moderation.reopen):
        with pytest.raises(Conflict):
            act(ada, *key(case))
    assert done(desk, message_id)[-1] == "moderation:claim"


def test_an_answer_in_the_making_waits(desk: Desk, ada: Actor) -> None:
    asked = desk.talk(None, "Why?")
    desk.reports.report(desk.me, asked.answer_id, ReportReason.FALSE)
    case = claimed(desk, ada)
    assert (case.line.author_id, case.line.author_name) == (None, None)
    with desk.database.transaction() as session:
        session.execute(text("UPDATE messages SET status = 'pending' WHERE id = :id"), {"id": asked.answer_id})
    with pytest.raises(AnswerInProgress) as refused:
        desk.moderation.delete(ada, *key(case), "Wrong")
    assert str(refused.value) == BEING_WRITTEN


def test_a_waiting_question_is_passed_over_while_it_is_deleted(desk: Desk, ada: Actor, bo: Actor, room: UUID) -> None:
    """And asked once it is restored, in the place that it had."""
    first = desk.talks.send(desk.me, room, "@Assistant first?").run_id
    message_id = reported(desk, bo, room, "@Assistant second?")
    third = desk.talks.send(desk.me, room, "@Assistant third?").message_id
    case = claimed(desk, ada)
    desk.moderation.delete(ada, *key(case), "Insult")
    assert first
    desk.end(first)
    running = desk.started[-1]
    assert desk.read(room).messages[-1].reply.id == third  # type: ignore[union-attr]
    desk.end(running)
    assert desk.started[-1] == running
    assert desk.store.list_due() == []
    desk.moderation.restore(ada, *key(again(desk, ada, case)))
    assert [one.id for one in desk.read(room).messages if one.is_waiting] == [message_id]
    assert desk.store.list_due() == [room]
    run_id = desk.store.move_on(room)
    assert run_id
    assert "second?" in desk.end(run_id).prompt.turns[-1].content


@pytest.mark.parametrize("who", ["a moderator", "its author"])
def test_an_answer_is_stopped_when_its_question_is_deleted(
    desk: Desk, ada: Actor, bo: Actor, room: UUID, who: str
) -> None:
    """What was seen stays, and none of it is gone on with."""
    asked = desk.talks.send(bo, room, f"@Assistant {BAD}?")
    assert asked.run_id
    job = desk.store.begin(asked.run_id)
    assert job
    news = News(job, Arrived(job.run_id, 0, "Half of"))
    assert desk.store.keep([news]) == {job.run_id: False}
    if who == "its author":
        desk.talks.delete(bo, asked.message_id)
    else:
        desk.reports.report(desk.me, asked.message_id, ReportReason.HARASSMENT)
        desk.moderation.delete(ada, *key(claimed(desk, ada)), "Insult")
    assert desk.store.keep([news]) == {job.run_id: True}
    desk.store.finish(job, RunStatus.STOPPED, "Half of", [])
    answer = desk.read(room).messages[-1]
    assert (answer.content, answer.can_resume, answer.can_retry) == ("Half of", False, False)


def test_nothing_is_asked_again_about_a_deleted_question(desk: Desk, ada: Actor) -> None:
    """In a chat with the assistant, where its owner can't delete but moderators can."""
    asked = desk.talk(None, f"{BAD}?")
    job = _reopened(desk, asked)
    desk.reports.report(desk.me, asked.question_id, ReportReason.FALSE)
    desk.moderation.delete(ada, *key(claimed(desk, ada)), "Insult")
    desk.store.finish(job, RunStatus.STOPPED, "Half of", [])
    answer = desk.read(asked.conversation_id).messages[-1]
    assert (answer.content, answer.can_resume, answer.can_retry) == ("Half of", False, False)
    with pytest.raises(RuleBroken, match="was deleted"):
        desk.chat.resume(desk.me, asked.answer_id)
    assert not desk.store.admits_title(job, MODELS[0], 1, 1)


def _reopened(desk: Desk, asked: Asked) -> Job:
    """An answer that was stopped and is being gone on with."""
    with desk.database.transaction() as session:
        session.execute(text("UPDATE messages SET status = 'stopped' WHERE id = :id"), {"id": asked.answer_id})
    job = desk.store.begin(desk.chat.resume(desk.me, asked.answer_id).run_id)
    assert job
    return job


def test_of_an_answer_the_chats_owner_is_told_once(desk: Desk, ada: Actor) -> None:
    asked = desk.talk(None, "Why?")
    desk.reports.report(desk.me, asked.answer_id, ReportReason.FALSE)
    assert desk.store.read_since(asked.run_id, 0) == ("So.", True)
    desk.moderation.delete(ada, *key(claimed(desk, ada)), "Wrong")
    assert desk.store.read_since(asked.run_id, 0) == ("", True)
    assert [one.partition(" of ")[0] for one in told(desk, desk.me)] == ["A moderator deleted an answer"]


def test_messages_with_the_same_text_are_decided_together(desk: Desk, ada: Actor, bo: Actor, room: UUID) -> None:
    messages = [reported(desk, bo, room) for _ in range(4)]
    reported(desk, bo, room, f"{BAD}!")
    cases = [line.id for line in desk.cases.list_page(ada, QueueQuery(), UTC).lines]
    eve = desk.person(Role.MODERATOR, display_name="Eve")
    case = desk.cases.get(ada, cases[0])
    assert [one for one, _ in case.same_text] == cases[1:4]
    desk.moderation.claim(eve, cases[3], 0)
    desk.talks.edit(bo, messages[2], "You are a seal")
    desk.moderation.claim(ada, *key(case))
    seen = [key(again(desk, ada, case)), *case.same_text]
    result = desk.moderation.decide_together(ada, Decision.DELETED, seen, BAD, "Insult")
    assert result.done == 2
    assert [one.partition(" of ")[0] for one in result.refused] == [
        "One",
        "Eve claimed this case meanwhile. Nothing was done.",
    ]
    assert [done(desk, one)[-1] for one in messages] == [
        "moderation:delete",
        "moderation:delete",
        "message:edit",
        "moderation:claim",
    ]
    for decision in (Decision.EDITED, Decision.GONE):
        with pytest.raises(Invalid):
            desk.moderation.decide_together(ada, decision, seen, BAD, "Insult")


def test_the_queue_is_the_longest_waiting_first_and_pages(desk: Desk, ada: Actor, bo: Actor, room: UUID) -> None:
    for number in range(7):
        reported(desk, bo, room, f"Bad {number}")
    lines = desk.cases.list_page(ada, QueueQuery(), UTC).lines
    desk.moderation.claim(ada, lines[0].id, 0)
    desk.moderation.claim(ada, lines[1].id, 0)
    desk.moderation.dismiss(ada, lines[1].id, 1)
    query, found = QueueQuery(), []
    while True:
        page = desk.cases.list_page(ada, query, UTC, limit=2)
        found += [line.snippet for line in page.lines]
        if page.following is None:
            break
        query = query.looking(after=page.following)
    assert found == ["Bad 2", "Bad 3", "Bad 4", "Bad 5", "Bad 6", "Bad 0"]
    shown = {
        shown: [line.snippet for line in desk.cases.list_page(ada, QueueQuery(shown=shown), UTC).lines]
        for shown in (Shown.CLAIMED, Shown.CLOSED)
    }
    assert shown == {Shown.CLAIMED: ["Bad 0"], Shown.CLOSED: ["Bad 1"]}
    with pytest.raises(Invalid):
        desk.cases.list_page(ada, QueueQuery(after="open.soon"), UTC)


def test_the_queue_is_filtered(desk: Desk, ada: Actor, bo: Actor, room: UUID) -> None:
    reported(desk, bo, room, "By Bo")
    reported(desk, desk.me, room, "By me", by=bo)
    asked = desk.talk(None, "Why?")
    desk.reports.report(desk.me, asked.answer_id, ReportReason.FALSE)

    def found(**filters: object) -> list[str]:
        query = QueueQuery(**filters)  # type: ignore[arg-type]
        return [line.snippet for line in desk.cases.list_page(ada, query, UTC).lines]

    assert found(author_id=bo.user_id) == ["By Bo"]
    assert found(by_assistant=True) == found(kind=ConversationKind.ASSISTANT) == ["So."]
    assert found(reason=ReportReason.HARASSMENT) == ["By Bo", "By me"]
    assert found(first=clock.now().date() + timedelta(days=1)) == []
    assert found(last=clock.now().date(), kind=ConversationKind.GROUP) == ["By Bo", "By me"]
    claimed(desk, ada)
    assert len(found(reviewer_id=ada.user_id)) == 1


def test_a_moderator_sees_three_messages_on_each_side_and_no_title(desk: Desk, ada: Actor, bo: Actor) -> None:
    room = desk.rooms.start_direct(desk.me, bo.user_id)
    for number in range(5):
        desk.talks.send(desk.me, room, f"Before {number}")
    reported(desk, bo, room)
    gone = desk.talks.send(desk.me, room, "Taken back").message_id
    for number in range(5):
        desk.talks.send(desk.me, room, f"After {number}")
    desk.talks.delete(desk.me, gone)
    case = newest(desk, ada)
    assert [one.content for one in case.said] == ["Before 2", "Before 3", "Before 4", BAD, "", "After 0", "After 1"]
    assert case.room_title is None
    with pytest.raises(NotPermitted):
        desk.read(room, ada)


def test_of_the_author_there_are_the_cases_before(desk: Desk, ada: Actor, bo: Actor, room: UUID) -> None:
    reported(desk, bo, room, "First")
    desk.moderation.delete(ada, *key(claimed(desk, ada)), "Insult")
    reported(desk, bo, room, "Second")
    [before] = newest(desk, ada).history
    assert (before.snippet, before.decision, before.reason) == ("First", Decision.DELETED, "Insult")


def test_moderators_alone_find_what_was_reported(desk: Desk, bo: Actor) -> None:
    room = desk.rooms.create(desk.me, ConversationKind.COMPANY, "Hall")
    message_id = reported(desk, desk.me, room, "Walrus talk")
    desk.talks.send(desk.me, room, "Other talk")
    both = desk.person(Role.STAFF, Role.MODERATOR)
    search = SearchService(desk.database)
    assert [hit.message_id for hit in search.search(both, "is:reported").hits] == [message_id]
    assert [hit.message_id for hit in search.search(both, "-is:reported talk").hits] != [message_id]
    for words in ("is:reported", "talk -is:reported"):
        found = search.search(desk.me, words)
        assert not found.hits
        assert "Only moderators" in found.hints[-1]


def test_the_chain_is_whole_after_all_that(desk: Desk, ada: Actor, bo: Actor, room: UUID) -> None:
    reported(desk, bo, room)
    case = claimed(desk, ada)
    desk.moderation.edit(ada, *key(case), "Other", "No names")
    desk.moderation.restore(ada, *key(again(desk, ada, case)))
    with desk.database.reading() as session:
        assert Audit(session).verify(ada.company_id) is None
