from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from core.database.engine import Database
from core.errors import Invalid, NotFound
from core.ids import new_id
from core.models import MAX_INSTRUCTIONS, MAX_TITLE, AnswerRun, AuditEvent
from core.permissions import Actor
from core.repositories.audit import Audit
from tests.support.snapshots import snapshot
from tests.support.talks import DENIED, DONE, HIDDEN, WHO, Desk, outcome, without_chat


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


Act = Callable[[Desk, Actor, UUID], Any]

ACTS: dict[str, Act] = {
    "get": lambda desk, actor, talk: desk.conversations.get(actor, talk),
    "read": lambda desk, actor, talk: desk.transcripts.read(actor, talk),
    "rename": lambda desk, actor, talk: desk.conversations.rename(actor, talk, "New name"),
    "choose_model": lambda desk, actor, talk: desk.conversations.choose_model(actor, talk, "large"),
    "instruct": lambda desk, actor, talk: desk.conversations.instruct(actor, talk, "Be brief."),
    "archive": lambda desk, actor, talk: desk.conversations.archive(actor, talk),
    "unarchive": lambda desk, actor, talk: desk.conversations.unarchive(actor, talk),
    "delete": lambda desk, actor, talk: desk.conversations.delete(actor, talk),
    "restore": lambda desk, actor, talk: desk.conversations.restore(actor, talk),
}
# Each row in the order of WHO.
GRID = {
    "get": (DONE, DONE, HIDDEN, HIDDEN, DENIED),
    "read": (DONE, DONE, HIDDEN, HIDDEN, DENIED),
    "rename": (DONE, DENIED, HIDDEN, HIDDEN, DENIED),
    "choose_model": (DONE, DENIED, HIDDEN, HIDDEN, DENIED),
    "instruct": (DONE, DENIED, HIDDEN, HIDDEN, DENIED),
    "archive": (DONE, DENIED, HIDDEN, HIDDEN, DENIED),
    "unarchive": (DONE, DENIED, HIDDEN, HIDDEN, DENIED),
    "delete": (DONE, DENIED, HIDDEN, HIDDEN, DENIED),
    "restore": (DONE, DENIED, HIDDEN, HIDDEN, DENIED),
}


@pytest.mark.parametrize("act", list(ACTS))
def test_who_may_do_what_with_a_conversation(desk: Desk, act: str) -> None:
    talk = desk.talk().conversation_id
    member, colleague, stranger = desk.person(), desk.person(), desk.stranger()
    desk.join(member, talk)
    people = (without_chat(desk.me), stranger, colleague, member, desk.me)  # the one who may change it comes last
    found = []
    for actor in people:
        before = snapshot(desk.database)
        found.append(outcome(lambda actor=actor: ACTS[act](desk, actor, talk)))  # type: ignore[misc]
        if found[-1] != DONE:
            assert snapshot(desk.database) == before
    assert dict(zip(WHO, reversed(found), strict=True)) == dict(zip(WHO, GRID[act], strict=True))


@pytest.mark.parametrize("act", [name for name in ACTS if name != "restore"])
def test_what_is_deleted_or_never_was_is_not_found(desk: Desk, act: str) -> None:
    talk = desk.talk().conversation_id
    desk.conversations.delete(desk.me, talk)
    before = snapshot(desk.database)
    assert [outcome(lambda one=one: ACTS[act](desk, desk.me, one)) for one in (talk, new_id())] == [HIDDEN] * 2  # type: ignore[misc]
    assert snapshot(desk.database) == before


def test_a_person_sees_their_own_conversations_in_pages(desk: Desk) -> None:
    talks = [desk.talk(None, f"Question {number}").conversation_id for number in range(5)]
    desk.talk(desk.person(), "Somebody else's")
    desk.conversations.archive(desk.me, talks.pop(1))
    first = desk.conversations.list_recent(desk.me, limit=3)
    rest = desk.conversations.list_recent(desk.me, limit=3, before=first[-1].position)
    assert [line.id for line in [*first, *rest]] == talks[::-1]
    assert first[0].title == "Question 4"
    assert [line.title for line in desk.conversations.list_recent(desk.me, archived=True)] == ["Question 1"]
    assert (desk.conversations.count(desk.me), desk.conversations.count(desk.me, archived=True)) == (4, 1)


def test_changes_are_seen(desk: Desk) -> None:
    talk = desk.talk().conversation_id
    conversations = desk.conversations
    conversations.rename(desk.me, talk, "  Two\n lines ")
    conversations.choose_model(desk.me, talk, "large")
    conversations.instruct(desk.me, talk, " Be brief. ")
    conversations.archive(desk.me, talk)
    view = conversations.get(desk.me, talk)
    assert (view.title, view.model, view.instructions) == ("Two lines", "large", "Be brief.")
    assert (view.is_archived, view.is_mine) == (True, True)
    conversations.choose_model(desk.me, talk, None)
    conversations.unarchive(desk.me, talk)
    view = conversations.get(desk.me, talk)
    assert (view.model, view.is_archived) == (None, False)


def test_a_renamed_conversation_keeps_its_name(desk: Desk) -> None:
    talk = desk.talk(None, "First words").conversation_id
    desk.conversations.rename(desk.me, talk, "My name for it")
    desk.answer(desk.ask(desk.me, "Other words", conversation_id=talk))
    assert desk.conversations.get(desk.me, talk).title == "My name for it"


def test_deleting_is_undone_whole_and_stops_the_answer(desk: Desk) -> None:
    asked = desk.ask(desk.me, "Why?", conversation_id=desk.talk().conversation_id)
    before = desk.read(asked.conversation_id)
    desk.conversations.delete(desk.me, asked.conversation_id)
    with desk.database.reading() as session:
        assert session.get_one(AnswerRun, asked.run_id).stop_requested_at
    desk.conversations.restore(desk.me, asked.conversation_id)
    after = desk.read(asked.conversation_id)
    assert replace(after, state=before.state) == before != after


def test_clearing_the_history_takes_all_of_ones_own_and_stops_their_answers(desk: Desk) -> None:
    theirs = desk.talk(desk.person())
    finished, running = desk.talk(), desk.ask(desk.me, "Why?")
    assert desk.conversations.clear_history(desk.me) == 2
    assert desk.conversations.count(desk.me) == 0
    for asked in (finished, running):
        with pytest.raises(NotFound):
            desk.read(asked.conversation_id)
        desk.conversations.restore(desk.me, asked.conversation_id)
        assert set(desk.texts(asked.conversation_id)) == {""}  # the messages are deleted as well
    with desk.database.reading() as session:
        assert session.get_one(AnswerRun, running.run_id).stop_requested_at
        assert not session.get_one(AnswerRun, theirs.run_id).stop_requested_at


BAD_TITLES = ["", " \n\t ", "t" * 500, "t" * (MAX_TITLE + 1), "a\0b", "\ud83d"]


@pytest.mark.parametrize("title", BAD_TITLES, ids=[f"{len(title)}:{title[:4]!a}" for title in BAD_TITLES])
def test_a_bad_title_is_refused_with_a_sentence(desk: Desk, title: str) -> None:
    talk = desk.talk().conversation_id
    before = snapshot(desk.database)
    with pytest.raises(Invalid, match=r"^The title .*\.$"):
        desk.conversations.rename(desk.me, talk, title)
    assert snapshot(desk.database) == before


def test_the_longest_title_and_instructions_fit_and_more_does_not(desk: Desk) -> None:
    talk = desk.talk().conversation_id
    desk.conversations.rename(desk.me, talk, "😀" * MAX_TITLE)
    desk.conversations.instruct(desk.me, talk, "x" * MAX_INSTRUCTIONS)
    before = snapshot(desk.database)
    for instructions in ("x" * (MAX_INSTRUCTIONS + 1), "語" * MAX_INSTRUCTIONS, "a\0b", "\udc00"):
        with pytest.raises(Invalid, match=r"^Instructions .*\.$"):
            desk.conversations.instruct(desk.me, talk, instructions)
    with pytest.raises(Invalid, match="isn't available"):
        desk.conversations.choose_model(desk.me, talk, "unknown")
    assert snapshot(desk.database) == before
    assert desk.conversations.get(desk.me, talk).title == "😀" * MAX_TITLE


def test_each_change_is_in_the_trail_without_a_word_of_content(desk: Desk) -> None:
    talk = desk.talk(None, "secret question").conversation_id
    desk.conversations.rename(desk.me, talk, "secret name")
    desk.conversations.instruct(desk.me, talk, "secret order")
    desk.conversations.choose_model(desk.me, talk, "large")
    for act in ("archive", "unarchive", "delete", "restore"):
        ACTS[act](desk, desk.me, talk)
    desk.conversations.clear_history(desk.me)
    events = trail(desk)
    assert [(event.action, event.before, event.after) for event in events] == [
        ("conversation:update", {"title_length": 15}, {"title_length": 11}),
        ("conversation:update", {"instructions_length": 0}, {"instructions_length": 12}),
        ("conversation:update", {"model": None}, {"model": "large"}),
        ("conversation:archive", None, None),
        ("conversation:unarchive", None, None),
        ("conversation:delete", None, None),
        ("conversation:restore", None, None),
        ("conversation:clear_history", None, {"conversations": 1, "messages": 2}),
    ]
    assert {event.actor_id for event in events} == {desk.me.user_id}
    assert [event.target_id for event in events] == [talk] * 7 + [desk.me.user_id]
    assert "secret" not in repr([event.model_dump() for event in events])


def trail(desk: Desk) -> list[AuditEvent]:
    with desk.database.reading() as session:
        assert Audit(session).verify(desk.company.id) is None
        return Audit(session).list_recent(desk.company.id)[::-1]


def test_activity_moves_a_conversation_to_the_top(desk: Desk) -> None:
    old, new = desk.talk(), desk.talk()
    desk.answer(desk.ask(desk.me, "Again", conversation_id=old.conversation_id))
    lines = desk.conversations.list_recent(desk.me)
    assert [line.id for line in lines] == [old.conversation_id, new.conversation_id]
    assert lines[0].last_message_at - lines[1].last_message_at > timedelta(0)
