"""What people do with the steps of their answers, who may, and what else of Parley comes across steps."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from core.assistant.steps import StepState
from core.assistant.tools.registry import Link
from core.database.engine import Database
from core.errors import AnswerInProgress, Conflict
from core.models import Conversation, ConversationKind, MessageStatus, ReportReason, RunStatus
from core.permissions import Actor, Role
from core.repositories.documents import Documents
from core.repositories.messages import Messages
from core.repositories.search_index import SearchIndex
from core.services.steps import DECIDED, NO_WAY_BACK, NOT_YOURS, TAKEN_BACK
from core.services.views import MessageView
from core.transfer import html, markdown
from core.transfer.outgoing import outgoing
from tests.services.test_room_races import at_once
from tests.support.cases import case_of
from tests.support.steps import FIXED, TAKEN, add_step, kept, write_on
from tests.support.tables import tables_with
from tests.support.talks import DENIED, DONE, HIDDEN, WHO, Desk, outcome

WAITING, GROUP, COMPANY = StepState.WAITING, ConversationKind.GROUP, ConversationKind.COMPANY
SECRET = "acme-1234"
ACTS = ("approve", "decline", "undo")


@pytest.fixture
def desk(database: Database) -> Desk:
    TAKEN.clear()
    return Desk(database)


def room_answer(desk: Desk, text: str = "So.", asker: Actor | None = None, kind: ConversationKind = GROUP) -> UUID:
    """The answer to what somebody asked in a room of mine."""
    room = desk.rooms.create(desk.me, kind, "Plans")
    if asker:
        desk.join(asker, room)
    run_id = desk.talks.send(asker or desk.me, room, "@Assistant, so?").run_id
    assert run_id
    desk.end(run_id, text)
    return desk.read(room).messages[-1].id


def place_of(desk: Desk, answer_id: UUID) -> UUID:
    with desk.database.reading() as session:
        answer = Messages(session).get(answer_id)
        assert answer
        place: UUID = answer.conversation_id
        return place


def answer_of(desk: Desk, answer_id: UUID, actor: Actor | None = None) -> MessageView:
    [found] = [one for one in desk.read(place_of(desk, answer_id), actor).messages if one.id == answer_id]
    return found


# Who


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("is_room", [False, True], ids=["chat", "room"])
@pytest.mark.parametrize("who", WHO)
def test_only_whose_question_it_was_does_anything(desk: Desk, who: str, act: str, *, is_room: bool) -> None:
    answer = room_answer(desk) if is_room else desk.talk().answer_id
    state = StepState.DONE if act == "undo" else WAITING
    step = add_step(desk.database, desk.me, answer, state=state)
    actor = desk.somebody(who, place_of(desk, answer)) if is_room or who != "member" else desk.person()
    hidden = DENIED if who == "owner without the role" else HIDDEN
    expected = DONE if who == "owner" else DENIED if is_room and who == "member" else hidden
    assert outcome(lambda: getattr(desk.steps, act)(actor, step)) == expected
    assert bool(TAKEN) == (act == "undo" and expected == DONE)
    assert (kept(desk.database, step).state is state) == (act == "undo" or expected != DONE)


def test_an_admin_of_the_room_does_not_decide_for_others(desk: Desk) -> None:
    bo = desk.person(display_name="Bo")
    answer = room_answer(desk, asker=bo)
    step = add_step(desk.database, bo, answer, state=WAITING)
    with pytest.raises(Exception, match=NOT_YOURS):
        desk.steps.approve(desk.me, step)
    [seen], [own] = answer_of(desk, answer).steps, answer_of(desk, answer, bo).steps
    assert (seen.may_decide, seen.waits_for, own.may_decide, own.waits_for) == (False, "Bo", True, None)


def test_links_are_its_persons_and_the_rest_is_everybodys(desk: Desk) -> None:
    bo = desk.person()
    answer = room_answer(desk, asker=bo)
    add_step(desk.database, bo, answer, links=(Link("Open", "tasks"),), told=SECRET)
    [seen], [own] = answer_of(desk, answer).steps, answer_of(desk, answer, bo).steps
    assert (seen.links, seen.may_undo, len(own.links), own.may_undo) == ((), False, 1, True)
    assert seen.label == own.label == "Bake something"
    assert (seen.arguments, seen.shown, seen.seconds) == ((("title", "bread"),), "Baked “bread”.", 0.4)
    assert SECRET not in str(own)  # what the model was told is nobody's to read


# Where


def deleted(desk: Desk, answer: UUID) -> None:
    desk.delete_message(answer)


def question_deleted(desk: Desk, answer: UUID) -> None:
    [question] = [one.id for one in desk.read(place_of(desk, answer)).messages if one.is_mine]
    desk.delete_message(question)


def moderated(desk: Desk, answer: UUID, act: str = "edit") -> None:
    kim = desk.person(Role.MODERATOR, Role.ADMIN, display_name="Kim")
    desk.reports.report(desk.me, answer, ReportReason.FALSE)
    desk.moderation.claim(kim, *case_of(desk, answer))
    if act == "purge":
        case = case_of(desk, answer)
        desk.purging.purge(kim, *case, "No", confirmation=desk.purging.look(kim, case[0]).confirmation)
    else:
        reason = ("Better.", "No") if act == "edit" else ("No",)
        getattr(desk.moderation, act)(kim, *case_of(desk, answer), *reason)


def regenerated(desk: Desk, answer: UUID) -> None:
    desk.answer(desk.chat.regenerate(desk.me, answer))


def gone_on(desk: Desk, answer: UUID) -> None:
    desk.answer(desk.ask(desk.me, "And?", conversation_id=place_of(desk, answer)))


def gone_on_in_room(desk: Desk, answer: UUID) -> None:
    desk.talks.send(desk.me, place_of(desk, answer), "Well.")


def locked(desk: Desk, answer: UUID) -> None:
    desk.locks.lock(desk.person(Role.MODERATOR), place_of(desk, answer), "Heated")


def archived(desk: Desk, answer: UUID) -> None:
    desk.conversations.archive(desk.me, place_of(desk, answer))


def conversation_deleted(desk: Desk, answer: UUID) -> None:
    desk.conversations.delete(desk.me, place_of(desk, answer))


CHANGED: dict[str, tuple[bool, Callable[[Desk, UUID], Any], str, str]] = {
    # in a room, what happened, what becomes of a decision, of an undo
    "deleted": (False, deleted, HIDDEN, HIDDEN),
    "deleted in a room": (True, deleted, HIDDEN, HIDDEN),
    "its question deleted": (True, question_deleted, "RuleBroken", DONE),
    "edited by a moderator": (True, moderated, HIDDEN, HIDDEN),
    "deleted by a moderator": (True, partial(moderated, act="delete"), HIDDEN, HIDDEN),
    "removed for good": (True, partial(moderated, act="purge"), HIDDEN, HIDDEN),
    "regenerated": (False, regenerated, "Conflict", DONE),
    "gone on since": (False, gone_on, "Conflict", DONE),
    "gone on since in a room": (True, gone_on_in_room, DONE, DONE),
    "locked": (True, locked, "RuleBroken", DONE),
    "archived room": (True, archived, "RuleBroken", DONE),
    "archived chat": (False, archived, DONE, DONE),
    "conversation deleted": (False, conversation_deleted, HIDDEN, HIDDEN),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("change", CHANGED)
def test_what_has_changed_since(desk: Desk, change: str, act: str) -> None:
    is_room, happen, decision, undo = CHANGED[change]
    answer = room_answer(desk, kind=COMPANY) if is_room else desk.talk().answer_id
    step = add_step(desk.database, desk.me, answer, state=StepState.DONE if act == "undo" else WAITING)
    happen(desk, answer)
    before, runs = kept(desk.database, step), list(desk.started)
    expected = undo if act == "undo" else decision
    assert outcome(lambda: getattr(desk.steps, act)(desk.me, step)) == expected
    assert (kept(desk.database, step) == before) == (expected != DONE)
    assert (desk.started != runs) == (expected == DONE and act != "undo")
    assert bool(TAKEN) == (expected == DONE and act == "undo")


# What comes of it


def test_the_answer_goes_on_once_all_are_decided(desk: Desk) -> None:
    asked = desk.talk()
    first, second = (add_step(desk.database, desk.me, asked.answer_id, state=WAITING, title=one) for one in "ab")
    assert answer_of(desk, asked.answer_id).status is MessageStatus.WAITING
    before = list(desk.started)
    desk.steps.decline(desk.me, first)
    assert desk.started == before
    assert [one.state for one in answer_of(desk, asked.answer_id).steps] == [StepState.DECLINED, WAITING]
    desk.steps.approve(desk.me, second)
    [run_id] = desk.started[len(before) :]
    shown = answer_of(desk, asked.answer_id)
    assert shown.status is MessageStatus.PENDING
    assert [(one.state, one.may_decide) for one in shown.steps] == [
        (StepState.DECLINED, False),
        (StepState.RUNNING, False),
    ]
    assert desk.store.begin(run_id)


@pytest.mark.parametrize(("one", "two"), [("approve", "approve"), ("approve", "decline"), ("decline", "decline")])
def test_it_is_decided_once(desk: Desk, one: str, two: str) -> None:
    step = add_step(desk.database, desk.me, desk.talk().answer_id, state=WAITING)
    getattr(desk.steps, one)(desk.me, step)
    state, runs = kept(desk.database, step).state, list(desk.started)
    desk.end(desk.started[-1])
    with pytest.raises(Conflict, match=DECIDED):
        getattr(desk.steps, two)(desk.me, step)
    assert (kept(desk.database, step).state, desk.started) == (state, runs)


def test_two_tabs_at_once(fresh_database: Database) -> None:
    desk = Desk(fresh_database)
    step = add_step(fresh_database, desk.me, desk.talk().answer_id, state=WAITING)
    before = len(desk.started)
    ends = at_once(*[partial(desk.steps.approve, desk.me, step)] * 2, partial(desk.steps.decline, desk.me, step))
    assert [type(end) for end in ends if end is not None] in ([Conflict] * 2, [AnswerInProgress] * 2)
    assert len(desk.started) == before + 1
    assert kept(fresh_database, step).state in (StepState.RUNNING, StepState.DECLINED)


def test_what_was_done_is_taken_back_once_and_it_shows(desk: Desk) -> None:
    asked = desk.talk()
    step = add_step(desk.database, desk.me, asked.answer_id)
    [seen] = answer_of(desk, asked.answer_id).steps
    assert seen.may_undo
    assert desk.steps.undo(desk.me, step) == "Taken back."
    [seen] = answer_of(desk, asked.answer_id).steps
    assert (TAKEN, seen.is_undone, seen.may_undo) == (["bread"], True, False)
    with pytest.raises(Conflict, match=TAKEN_BACK):
        desk.steps.undo(desk.me, step)
    assert TAKEN == ["bread"]


@pytest.mark.parametrize(
    "given",
    [{"state": StepState.FAILED}, {"state": StepState.RUNNING}, {"undo": False}, {"name": "look"}, {"name": "gone"}],
    ids=str,
)
def test_what_has_no_way_back(desk: Desk, given: dict[str, Any]) -> None:
    asked = desk.talk()
    step = add_step(desk.database, desk.me, asked.answer_id, **given)
    assert not answer_of(desk, asked.answer_id).steps[0].may_undo
    with pytest.raises(Conflict, match=NO_WAY_BACK):
        desk.steps.undo(desk.me, step)


def test_what_it_is_too_late_for_stays_done(desk: Desk) -> None:
    step = add_step(desk.database, desk.me, desk.talk().answer_id, title=FIXED)
    with pytest.raises(Conflict, match="eaten"):
        desk.steps.undo(desk.me, step)
    assert not kept(desk.database, step).is_undone


def test_what_nobody_decided_lapses_in_a_chat_and_stays_in_a_room(desk: Desk) -> None:
    chat, room = desk.talk().answer_id, room_answer(desk)
    for answer, go_on in ((chat, gone_on), (room, gone_on_in_room)):
        add_step(desk.database, desk.me, answer, state=WAITING)
        assert [one.conversation_id for one in desk.steps.list_waiting(desk.me)][-1] == place_of(desk, answer)
        go_on(desk, answer)
    assert [one.conversation_id for one in desk.steps.list_waiting(desk.me)] == [place_of(desk, room)]
    assert [answer_of(desk, one).steps[0].may_decide for one in (chat, room)] == [False, True]
    assert desk.steps.list_waiting(desk.person()) == []
    locked_room = room_answer(desk, kind=COMPANY)
    add_step(desk.database, desk.me, locked_room, state=WAITING)
    locked(desk, locked_room)
    assert len(desk.steps.list_waiting(desk.me)) == 1


# What else comes across them


def test_no_count_no_search_and_no_version_comes_across_them(desk: Desk) -> None:
    bo = desk.person()
    answer = room_answer(desk, asker=bo)
    room = place_of(desk, answer)
    desk.members.mark_read(desk.me, room, desk.read(room).messages[0].seq)
    unread, texts = desk.rooms.unread(desk.me), desk.texts(room)
    step = add_step(desk.database, bo, answer, title=SECRET)
    desk.members.mark_read(desk.me, room, desk.read(room).messages[0].seq + 1)
    desk.members.mark_read(bo, room, answer_of(desk, answer).seq)
    assert (desk.rooms.unread(desk.me).total, desk.texts(room)) == (unread.total - 1, texts)
    assert desk.rooms.unread(bo).total == 0
    with desk.database.transaction() as session:
        SearchIndex(session).put_conversation(room)
        assert Messages(session).get(step) is None
        assert Messages(session).count(room) == len(texts)
        assert Documents(session).count_messages({room: 0}, with_hidden=True) == len(texts)
        assert Documents(session).count_messages({room: 0}, with_hidden=False) == len(texts)
    assert "message_words" not in tables_with(desk.database, "acme")
    for act in (
        lambda: desk.reactions.react(desk.me, step, "👍"),
        lambda: desk.talks.delete(bo, step),
        lambda: desk.talks.edit(bo, step, "x"),
        lambda: desk.talks.send(bo, room, "x", reply_to_id=step),
        lambda: desk.reports.report(desk.me, step, ReportReason.SPAM),
        lambda: desk.chat.show_version(desk.me, step),
        lambda: desk.chat.regenerate(desk.me, step),
    ):
        assert outcome(act) == HIDDEN
    with pytest.raises(Exception, match="word of Parley's own"):
        desk.talks.send(bo, room, "Mine", extra={"tool": {}})


def test_a_moderator_takes_the_steps_along_and_gives_them_back(desk: Desk) -> None:
    kim = desk.person(Role.MODERATOR)
    answer = room_answer(desk, kind=COMPANY)
    add_step(desk.database, desk.me, answer)
    desk.reports.report(desk.me, answer, ReportReason.FALSE)
    desk.moderation.claim(kim, *case_of(desk, answer))
    desk.moderation.edit(kim, *case_of(desk, answer), "Better.", "No")
    assert answer_of(desk, answer).steps == ()
    desk.moderation.restore(kim, *case_of(desk, answer))
    assert len(answer_of(desk, answer).steps) == 1


def test_what_is_removed_for_good_leaves_nothing_of_its_steps(desk: Desk) -> None:
    answer = room_answer(desk, kind=COMPANY)
    step = add_step(
        desk.database, desk.me, answer, title=SECRET, told=SECRET, links=(Link(SECRET, "tasks", {"q": SECRET}),)
    )
    assert "messages" in tables_with(desk.database, SECRET)
    moderated(desk, answer, "purge")
    assert tables_with(desk.database, SECRET) == set()
    emptied = kept(desk.database, step)
    assert (emptied.name, emptied.arguments, emptied.told, emptied.links, emptied.undo) == ("", "", "", (), None)


def test_clearing_the_history_counts_what_was_said(desk: Desk) -> None:
    asked = desk.talk()
    add_step(desk.database, desk.me, asked.answer_id)
    with desk.database.transaction() as session:
        assert Messages(session).clear_history(desk.me.user_id) == 2
    assert answer_of(desk, asked.answer_id).steps == ()


def test_an_answer_written_anew_in_its_place_has_them_in_front(desk: Desk) -> None:
    answer = room_answer(desk, "A long beginning")
    step = add_step(desk.database, desk.me, answer, at=10)
    write_on(desk.database, desk.me, answer)
    assert kept(desk.database, step).at == 10
    desk.end(_last_run(desk, answer), "A long beginning", RunStatus.FAILED)
    desk.chat.retry(desk.me, answer)
    assert kept(desk.database, step).at == 0


def _last_run(desk: Desk, answer_id: UUID) -> UUID:
    run_id = answer_of(desk, answer_id).run_id
    assert run_id
    return run_id


# Out and in


def test_an_export_tells_them_and_what_is_imported_shows_them_and_does_nothing(desk: Desk) -> None:
    asked = desk.talk()
    add_step(desk.database, desk.me, asked.answer_id, told=SECRET, links=(Link("Open", "tasks", {"t": SECRET}),))
    add_step(desk.database, desk.me, asked.answer_id, state=StepState.FAILED, shown="It is <b>out</b>.", at=3)
    add_step(desk.database, desk.me, asked.answer_id, state=WAITING, title="rolls", at=3)
    with desk.database.transaction() as session:
        source = session.get_one(Conversation, asked.conversation_id)
        document = Documents(session).read(source, versions=True, reactions=True, ledger=True)
        bo = desk.person()
    assert SECRET not in str(document)
    assert [said.status for said in document.messages] == [MessageStatus.COMPLETE, MessageStatus.WAITING]
    lines = "".join(markdown.write(outgoing(document)))
    assert (
        "- Bake: Baked “bread”\\.\n- Bake \\(failed\\): It is \\<b\\>out\\</b\\>\\.\n- Bake \\(not decided\\)\n"
        in lines
    )
    page = "".join(html.write(outgoing(document)))
    assert "<li>Bake (failed): It is &lt;b&gt;out&lt;/b&gt;.</li>" in page
    with desk.database.transaction() as session:
        imported = Documents(session).put(bo, document)
        again = Documents(session).read(imported, versions=True, reactions=True, ledger=True)
    assert again.messages == document.messages
    answer = desk.read(imported.id, bo).messages[-1]
    assert (answer.status, answer.content) == (MessageStatus.INTERRUPTED, "So.")
    assert [(one.label, one.state, one.arguments, one.at) for one in answer.steps] == [
        ("Bake something", StepState.DONE, (("title", "bread"),), 0),
        ("Bake something", StepState.FAILED, (("title", "bread"),), 3),
        ("Bake something", WAITING, (("title", "rolls"),), 3),
    ]
    assert not any(one.may_undo or one.may_decide or one.waits_for or one.links for one in answer.steps)
    assert outcome(lambda: desk.steps.approve(bo, answer.steps[-1].id)) == HIDDEN
    assert desk.steps.list_waiting(bo) == []
