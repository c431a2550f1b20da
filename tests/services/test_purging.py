"""What was removed for good is nowhere any more, and nothing else is different."""

import threading
from uuid import UUID

import pytest
from sqlalchemy import text

from core import clock
from core.database.engine import Database
from core.errors import AnswerInProgress, Conflict, Invalid
from core.models import (
    AuditAction,
    Case,
    CaseStatus,
    ConversationKind,
    Decision,
    LegalHold,
    Message,
    ReportReason,
    Score,
)
from core.permissions import Actor, Role
from core.repositories.audit import Audit
from core.repositories.cases import Cases
from core.repositories.legal_holds import LegalHolds
from core.repositories.notices import Notices
from core.repositories.retention import Retention
from core.services.moderation_views import CaseView
from core.services.purging import HELD, REPEATS
from core.services.retention import RetentionService
from core.services.retention_views import WantedHold
from tests.services.test_moderation_leaks import KINDS, SECRET, Talked, places, seen, told_to_the_model
from tests.support.tables import tables_with
from tests.support.talks import Desk
from tests.support.waiting import until

# Everything that counts or costs: not a byte of it may be different afterwards.
LEDGER = """
    SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND (tablename LIKE 'usage%'
        OR tablename IN ('model_calls', 'ratings', 'budgets', 'budget_holds', 'budget_raises', 'model_prices'))
    ORDER BY tablename"""


def keeper(desk: Desk) -> Actor:
    """Who may remove something for good: it takes both roles."""
    return desk.person(Role.MODERATOR, Role.ADMIN, display_name="Kim")


def ledger(database: Database) -> dict[str, list[str]]:
    with database.reading() as session:
        names = session.execute(text(LEDGER)).scalars().all()
        assert {"model_calls", "usage_numbers"} <= set(names)
        return {name: sorted(session.execute(text(f"SELECT t::text FROM {name} t")).scalars().all()) for name in names}


def purge(desk: Desk, who: Actor, case: tuple[UUID, int], reason: str = "A key") -> None:
    confirmation = desk.purging.look(who, case[0]).confirmation
    desk.purging.purge(who, *case, reason, confirmation=confirmation)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ["claim", "edit", "delete"])
def test_its_text_is_in_no_column_of_any_table(database: Database, kind: ConversationKind, how: str) -> None:
    desk = Desk(database)
    talked, kim = Talked(desk, kind), keeper(desk)
    with database.transaction() as session:  # somebody who reports it may repeat it
        session.execute(text("UPDATE reports SET comment = :said"), {"said": f"It says {SECRET}"})
    talked.moderator = kim
    if how == "claim":
        desk.moderation.claim(kim, *talked.case)
    else:
        talked.act(how)
    before = ledger(database)
    assert tables_with(database, SECRET) >= {"message_revisions" if how == "edit" else "messages", "reports"}
    purge(desk, kim, talked.case)
    assert tables_with(database, SECRET) == set()
    assert {name for name, found in seen(talked) if SECRET in found} == set()
    assert ledger(database) == before
    assert SECRET not in told_to_the_model(talked, kind)


def test_its_place_stays_and_says_why(database: Database) -> None:
    desk = Desk(database)
    talked, kim = Talked(desk, ConversationKind.GROUP), keeper(desk)
    desk.reactions.react(talked.member, talked.message, "👍")
    before = desk.read(talked.room, talked.member)
    unread = desk.rooms.unread(talked.author)
    desk.moderation.claim(kim, *talked.case)
    purge(desk, kim, talked.case)
    after = desk.read(talked.room, talked.member)
    assert [one.seq for one in after.messages] == [one.seq for one in before.messages]
    [gone] = [one for one in after.messages if one.id == talked.message]
    assert (gone.content, gone.is_deleted, gone.is_purged, gone.delete_reason) == ("", True, True, "A key")
    assert (gone.is_mine, gone.can_edit, gone.reactions) == (False, False, ())
    [reply] = [one for one in after.messages if one.reply]
    assert reply.reply
    assert (reply.content, reply.reply.excerpt) == ("Really?", "")
    assert desk.rooms.unread(talked.author).total == unread.total
    assert after.state != before.state
    with pytest.raises(Conflict):
        desk.talks.edit(talked.author, talked.message, "Again")
    with database.reading() as session:
        told = [one.text for one in Notices(session).list_unread(talked.author.user_id, clock.now(), limit=9)]
        assert any("removed your message" in one and "for good: A key" in one for one in told)
        told = [one.text for one in Notices(session).list_unread(talked.member.user_id, clock.now(), limit=9)]
        assert any("removed for good" in one for one in told)


def test_nothing_takes_it_back(database: Database) -> None:
    desk = Desk(database)
    talked, kim = Talked(desk, ConversationKind.GROUP), keeper(desk)
    desk.moderation.claim(kim, *talked.case)
    purge(desk, kim, talked.case)
    moderation, view = desk.moderation, desk.cases.get(kim, talked.case[0])
    assert (view.line.decision, view.can_restore, view.can_reopen) == (Decision.PURGED, False, False)
    assert view.why_not
    assert "can't be restored" in view.why_not
    with pytest.raises(Conflict, match="can't be restored"):
        moderation.restore(kim, *talked.case)
    for act in (moderation.claim, moderation.reopen, moderation.dismiss, moderation.release):
        with pytest.raises(Conflict, match="You removed it for good meanwhile"):
            act(kim, *talked.case)
    with pytest.raises(Conflict, match="can't be restored"):
        purge(desk, kim, talked.case)
    with pytest.raises(Conflict, match="can't be restored"):
        moderation.edit(kim, *talked.case, "Other", "Why")
    with database.transaction() as session:
        assert not Cases(session).reopen(*talked.case, kim.user_id)
        assert not Cases(session).purge(*talked.case, kim.user_id, "Again")


def test_the_trail_has_lengths_and_the_reason(database: Database) -> None:
    desk = Desk(database)
    talked, kim = Talked(desk, ConversationKind.GROUP), keeper(desk)
    talked.moderator = kim
    talked.act("edit")
    purge(desk, kim, talked.case, "A key")
    with database.reading() as session:
        event = Audit(session).list_recent(desk.company.id, 1)[0]
        assert Audit(session).verify(desk.company.id) is None
    assert (event.action, event.target_id, event.reason) == (AuditAction.MESSAGE_PURGED, talked.message, "A key")
    assert event.before == {"length": len("My password is ******"), "texts": 3, "versions": 1}
    assert event.after is None
    steps = desk.cases.get(kim, talked.case[0]).steps
    assert steps[0].action is AuditAction.MESSAGE_PURGED


def test_other_versions_that_say_the_same_go_and_others_stay(database: Database) -> None:
    desk, words = Desk(database), f"Is {SECRET} safe to use?"
    kim = keeper(desk)
    first = desk.talk(None, words)
    second = desk.answer(desk.chat.edit_and_resend(desk.me, first.question_id, f"{words} Really?"))
    third = desk.answer(desk.chat.edit_and_resend(desk.me, second.question_id, words))
    for question in (first.question_id, second.question_id):
        desk.reports.report(desk.me, question, ReportReason.PRIVATE)
    cases = {view.line.message_id: view for view in _cases(desk, kim)}
    desk.moderation.claim(kim, cases[first.question_id].line.id, 0)
    assert desk.purging.look(kim, cases[first.question_id].line.id).others == 1
    purge(desk, kim, (cases[first.question_id].line.id, 1))
    with database.reading() as session:
        said = {one: session.get_one(Message, one).content for one in (first.question_id, second.question_id)}
        said[third.question_id] = session.get_one(Message, third.question_id).content
    assert said == {first.question_id: "", second.question_id: f"{words} Really?", third.question_id: ""}
    other = desk.cases.get(kim, cases[second.question_id].line.id)
    assert (other.line.status, other.text) == (CaseStatus.OPEN, f"{words} Really?")


def test_a_case_of_a_version_that_went_along_is_closed(database: Database) -> None:
    desk = Desk(database)
    kim = keeper(desk)
    first = desk.talk(None, "The very same")
    second = desk.answer(desk.chat.edit_and_resend(desk.me, first.question_id, "The very same"))
    for question in (first.question_id, second.question_id):
        desk.reports.report(desk.me, question, ReportReason.PRIVATE)
    one, other = _cases(desk, kim)
    desk.moderation.claim(kim, one.line.id, 0)
    desk.hints.people.clear()
    purge(desk, kim, (one.line.id, 1))
    assert desk.cases.get(kim, other.line.id).line.decision is Decision.GONE
    assert kim.user_id in desk.hints.people, "the number of what waits moves by itself"


def test_an_answer_goes_with_what_was_thought_of_it_and_the_title(database: Database) -> None:
    desk = Desk(database)
    kim = keeper(desk)
    asked = desk.answer(desk.ask(desk.me, "Why?"), f"Because of {SECRET}")
    desk.feedback.rate(desk.me, asked.answer_id, Score.DOWN, comment=f"{SECRET} is wrong")
    with database.transaction() as session:  # as a model may make it of the answer
        session.execute(text("UPDATE conversations SET title = :title"), {"title": f"On {SECRET}"})
    desk.reports.report(desk.me, asked.answer_id, ReportReason.FALSE, f"{SECRET}?")
    before = ledger(database)
    [view] = _cases(desk, kim)
    desk.moderation.claim(kim, view.line.id, 0)
    assert desk.purging.look(kim, view.line.id).confirmation == desk.company.assistant_name
    purge(desk, kim, (view.line.id, 1))
    assert tables_with(database, SECRET) == set()
    assert ledger(database) == before
    assert desk.conversations.get(desk.me, asked.conversation_id).title == "Why?"


def test_what_was_imported_goes_with_what_its_document_said(database: Database) -> None:
    desk = Desk(database)
    talked, kim = Talked(desk, ConversationKind.ASSISTANT), keeper(desk)
    with database.transaction() as session:
        origin = f'{{"title": ["{SECRET}", ""], "extra": {{"first": "{SECRET}"}}}}'
        session.execute(text("UPDATE conversations SET origin = CAST(:o AS jsonb), origin_key = 'x'"), {"o": origin})
        extra = f'{{"imported": {{"text": "{SECRET}"}}}}'
        session.execute(
            text("UPDATE messages SET extra = CAST(:e AS jsonb) WHERE id = :id"), {"e": extra, "id": talked.message}
        )
    desk.moderation.claim(kim, *talked.case)
    purge(desk, kim, talked.case)
    assert tables_with(database, SECRET) == set()


@pytest.mark.parametrize("typed", ["", "Bo", "message"])
def test_it_is_confirmed_by_the_authors_name(database: Database, typed: str) -> None:
    desk = Desk(database)
    talked, kim = Talked(desk, ConversationKind.GROUP), keeper(desk)
    desk.moderation.claim(kim, *talked.case)
    with pytest.raises(Invalid, match="type the name"):
        desk.purging.purge(kim, *talked.case, "A key", confirmation=typed)
    name = f"  {talked.author.display_name.upper()} "
    desk.purging.purge(kim, *talked.case, "A key", confirmation=name)


@pytest.mark.parametrize("reason", ["", " \n", "x" * 501, f"It says: my PASSWORD is {SECRET}, @{{name}}"])
def test_its_reason_is_there_and_does_not_repeat_it(database: Database, reason: str) -> None:
    desk = Desk(database)
    talked, kim = Talked(desk, ConversationKind.GROUP), keeper(desk)
    desk.moderation.claim(kim, *talked.case)
    with pytest.raises(Invalid) as refused:
        purge(desk, kim, talked.case, reason.format(name=talked.member.display_name))
    assert (str(refused.value) == REPEATS) == (SECRET in reason)
    assert tables_with(database, SECRET)


def test_a_question_that_is_being_answered_waits(database: Database) -> None:
    desk = Desk(database)
    kim, asked = keeper(desk), desk.talk(None, "Why?")
    asked = desk.ask(desk.me, f"And {SECRET}?", conversation_id=asked.conversation_id)
    desk.reports.report(desk.me, asked.question_id, ReportReason.PRIVATE)
    [view] = _cases(desk, kim)
    desk.moderation.claim(kim, view.line.id, 0)
    with pytest.raises(AnswerInProgress, match="answering"):
        purge(desk, kim, (view.line.id, 1))
    desk.answer(asked)
    purge(desk, kim, (view.line.id, 1))
    assert tables_with(database, SECRET) == set()


def test_a_legal_hold_keeps_it(database: Database) -> None:
    desk = Desk(database)
    talked, kim = Talked(desk, ConversationKind.GROUP), keeper(desk)
    desk.moderation.claim(kim, *talked.case)
    RetentionService(database).place_hold(kim, WantedHold("A court", user_id=talked.member.user_id))
    assert desk.purging.look(kim, talked.case[0]).is_held
    with pytest.raises(Conflict) as refused:
        purge(desk, kim, talked.case)
    assert str(refused.value) == HELD
    with database.reading() as session:
        assert session.get_one(Case, talked.case[0]).status is CaseStatus.CLAIMED
    assert {name for name, look in places(talked).items() if SECRET in repr(look(talked.author))}


def test_a_hold_that_is_being_placed_comes_first(fresh_database: Database) -> None:
    """Nobody sees it yet when the removal begins; that waits all the same."""
    desk = Desk(fresh_database)
    talked, kim = Talked(desk, ConversationKind.GROUP), keeper(desk)
    desk.moderation.claim(kim, *talked.case)
    case, result = talked.case, []

    def remove() -> None:
        try:
            purge(desk, kim, case)
        except Conflict as error:
            result.append(str(error))

    removing = threading.Thread(target=remove)
    with fresh_database.transaction() as session:
        Retention(session).lock(desk.company.id)
        LegalHolds(session).add(
            LegalHold(company_id=desk.company.id, conversation_id=talked.room, reason="A court", placed_by=kim.user_id)
        )
        removing.start()
        until(lambda: _waits(fresh_database))
    removing.join()
    assert result == [HELD]
    assert tables_with(fresh_database, SECRET) >= {"messages", "message_words"}


def _waits(database: Database) -> bool:
    with database.reading() as session:
        statement = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)"
        return bool(session.execute(text(statement)).scalar_one())


def _cases(desk: Desk, moderator: Actor) -> list[CaseView]:
    with desk.database.reading() as session:
        ids = session.execute(text("SELECT id FROM cases ORDER BY id")).scalars().all()
    return [desk.cases.get(moderator, one) for one in ids]
