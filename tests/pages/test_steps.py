"""Steps as they stand in answers: for their person, for others, and what a click does."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from streamlit.testing.v1 import AppTest

from core import bootstrap
from core.assistant.provider import Assistant
from core.assistant.steps import StepState
from core.assistant.tools.registry import Link
from core.bootstrap import Application
from core.config import Settings
from core.database.engine import Database
from core.models import ConversationKind, MessageStatus
from core.services.demo_answers import Answers, DemoAnswers, Does
from tests.pages.visitor import Desk, Person, sentences, text_of, visit
from tests.support.models import ScriptedModel
from tests.support.steps import TAKEN, TOOLS, add_step

WAITING = StepState.WAITING
EVIL = "**bold** [link](https://evil.example) ![x](https://evil.example/x.png) :material/home:"


@pytest.fixture
def desk(database: Database, settings: Settings) -> Iterator[Desk]:
    """With the tools of these tests."""
    assistant = Assistant(settings, model_factory=lambda _: ScriptedModel(), tools=TOOLS)
    bootstrap.install(Application(settings, database, assistant))
    TAKEN.clear()
    yield Desk(bootstrap.current())
    bootstrap.install(None)


def answer(desk: Desk, person: Person, *parts: str | Does, room: UUID | None = None, waits: bool = False) -> UUID:
    status = MessageStatus.WAITING if waits else MessageStatus.COMPLETE
    return DemoAnswers(desk.database).add(person.actor, Answers("", "So?", parts, status=status), room)


def open_chat(desk: Desk, person: Person, conversation_id: UUID | None = None) -> AppTest:
    if conversation_id is None:
        [line] = desk.application.conversations.list_recent(person.actor, limit=1)
        conversation_id = line.id
    return visit(person, "chat.py", c=conversation_id)


def steps(browser: AppTest) -> list[str]:
    return [one.label for one in browser.expander]


def press(browser: AppTest, label: str) -> AppTest:
    [button, *_] = [one for one in browser.button if one.label == label]
    return button.click().run()


def labels(browser: AppTest) -> list[str]:
    return [one.label for one in browser.button if one.label in ("Approve", "Decline", "Undo")]


def test_they_stand_where_they_were_made(desk: Desk) -> None:
    me = desk.staff()
    failed = Does("gone", {"a": 1}, "No.", StepState.FAILED)
    answer(desk, me, "One.", Does("look", {}, "Looked."), "Two.", failed, "Three.")
    browser = open_chat(desk, me)
    look, gone = "**Look around** · \u2068Looked\\.\u2069 · 0.2 s", "**gone** · \u2068No\\.\u2069 · 0.2 s"
    assert steps(browser) == [look, gone]
    drawn = text_of(browser)
    places = [drawn.index(part) for part in ('"One."', "Look around", '"Two."', "gone", '"Three."')]
    assert places == sorted(places)


def test_what_a_model_wrote_is_text(desk: Desk) -> None:
    me = desk.staff()
    answer(desk, me, Does("bake", {"title": EVIL, EVIL: "x" * 2_000}, EVIL), Does(EVIL[:60], {}, "", StepState.FAILED))
    browser = open_chat(desk, me)
    shown = "\n".join([*steps(browser), *(one.value for one in browser.chat_message[1].markdown)])
    assert "\\*\\*bold\\*\\*" in shown
    for harm in ("[link](", "![", "https://", ":material/home:"):
        assert harm not in shown
    assert "x" * 2_000 in [one.value for one in browser.code]


def test_a_decision_is_for_its_person_and_the_answer_goes_on(desk: Desk) -> None:
    me, bo = desk.staff(), desk.staff(display_name="Bo")
    room = desk.application.rooms.create(me.actor, ConversationKind.GROUP, "Plans", user_ids=[bo.user.id])
    answer(desk, bo, Does("bake", {"title": "bread"}, state=WAITING), room=room, waits=True)
    mine = open_chat(desk, me, room)
    assert (labels(mine), steps(mine)) == ([], ["**Bake something** · \u2068Waits for Bo\u2069"])
    assert any("Waits for Bo to approve" in one.value for one in mine.caption)
    his = open_chat(desk, bo, room)
    assert labels(his) == ["Approve", "Decline"]
    assert any("title: **\u2068bread\u2069**" in one.value for one in his.markdown)
    press(his, "Approve")
    assert not sentences(his)
    [*_, told] = desk.messages(bo, room)
    assert (told.status, told.steps[0].state) == (MessageStatus.PENDING, StepState.RUNNING)


def test_the_second_half_of_a_double_click_does_nothing(desk: Desk) -> None:
    me = desk.staff()
    key = answer(desk, me, "So.", Does("bake", {"title": "a"}, state=WAITING), waits=True)
    add_step(desk.database, me.actor, key, state=WAITING, title="b")
    browser = open_chat(desk, me)
    [button, *_] = [one for one in browser.button if one.label == "Decline"]
    button.click().run()
    button.click().run()
    assert not sentences(browser)
    assert labels(browser) == ["Approve", "Decline"]


def test_what_was_decided_in_another_tab_is_said(desk: Desk) -> None:
    me = desk.staff()
    key = answer(desk, me, "So.", Does("bake", {"title": "a"}, state=WAITING), waits=True)
    add_step(desk.database, me.actor, key, state=WAITING, title="b")
    one, other = open_chat(desk, me), open_chat(desk, me)
    press(one, "Decline")
    press(other, "Approve")
    assert sentences(other) == ["This was decided already."]


def test_what_was_done_is_taken_back(desk: Desk) -> None:
    me = desk.staff()
    key = answer(desk, me, "So.")
    add_step(desk.database, me.actor, key, links=(Link("Here", "chat", {"c": "x"}),))
    browser = open_chat(desk, me)
    assert labels(browser) == ["Undo"]
    press(browser, "Undo")
    assert (TAKEN, labels(browser)) == (["bread"], [])
    assert steps(browser) == ["**Bake something** · \u2068Taken back\u2069 · 0.4 s"]
    assert "Here" in text_of(browser)


@pytest.mark.parametrize("state", [StepState.RUNNING, WAITING])
def test_what_has_no_end_says_so(desk: Desk, state: StepState) -> None:
    me = desk.staff()
    answer(desk, me, "So.", Does("bake", {}, state=state, seconds=None))
    said = {StepState.RUNNING: "Broken off before its end was known", WAITING: "Nobody decided"}[state]
    assert steps(open_chat(desk, me)) == [f"**Bake something** · \u2068{said}\u2069"]


def test_others_read_them_where_they_browse_and_can_do_nothing(desk: Desk) -> None:
    me = desk.staff()
    key = answer(desk, me, "One.", Does("look", {}, "Looked."), "Two.")
    add_step(desk.database, me.actor, key)
    [line] = desk.application.conversations.list_recent(me.actor, limit=1)
    browser = visit(me, "browse.py", c=line.id)

    assert len([one for one in steps(browser) if "**look**" in one or "**bake**" in one]) == 2
    assert labels(browser) == []


def test_home_says_where_a_decision_is_waited_for(desk: Desk) -> None:
    me = desk.staff()
    assert "waits for your decision" not in text_of(visit(me))
    answer(desk, me, Does("bake", {}, state=WAITING), waits=True)
    browser = visit(me)
    assert any("waits for your decision" in one.value for one in browser.markdown)
    assert "waits for your decision" not in text_of(visit(desk.staff()))
