"""Commands in the box: done at once, answered to their person alone, and nothing of them said to anybody."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from core import clock
from core.models import ConversationKind, TaskSource
from core.permissions import Role
from core.services.task_views import NewTask, TaskLine, TasksWanted
from tests.pages.visitor import Desk, DeskWith, Person, bubbles, go, sentences, text_of, visit
from tests.support.cases import suspend
from tests.support.models import ScriptedModel


@pytest.fixture
def ada(desk: Desk) -> Person:
    return desk.staff(display_name="Ada Lovelace", email="ada@example.com")


@pytest.fixture
def bo(desk: Desk) -> Person:
    return desk.staff(display_name="Bo Olsen", email="bo@example.com")


def typed(browser: AppTest, said: str) -> AppTest:
    browser.chat_input[0].set_value(said).run()
    assert not browser.exception
    return browser


def card(browser: AppTest) -> list[str]:
    """What stands in it: texts and links, in their order."""
    [found] = [node for node in browser if str(getattr(node, "key", "")).startswith("command_") and _is_box(node)]
    return [_said(node) for node in _below(found) if node.type in ("markdown", "page_link", "caption")]


def has_card(browser: AppTest) -> bool:
    return any(str(button.key).startswith("command_close") for button in browser.button)


def _is_box(node: Any) -> bool:
    return node.type == "flex_container" and str(node.key).count("_") == 1


def _below(node: Any) -> list[Any]:
    return [
        one
        for child in node.children.values()
        for one in ([child, *_below(child)] if hasattr(child, "children") else [child])
    ]


def _said(node: Any) -> str:
    return str(node.proto.label if node.type == "page_link" else node.value).replace("\\", "")


def click(browser: AppTest, what: str, place: int = 0) -> AppTest:
    """Undo, close, or the tick of a line."""
    if what == "tick":
        box = browser.checkbox[place]
        box.set_value(not box.value).run()
    else:
        next(one for one in browser.button if str(one.key).startswith(f"command_{what}")).click().run()
    assert not browser.exception
    return browser


def tasks(desk: Desk, person: Person, wanted: TasksWanted | None = None) -> list[TaskLine]:
    return list(desk.application.tasks.list_page(person.actor, wanted or TasksWanted()).tasks)


@pytest.mark.parametrize("page", ["home.py", "chat.py"])
def test_a_task_is_made_ticked_opened_and_taken_back(desk: Desk, ada: Person, page: str) -> None:
    browser = typed(visit(ada, page), "/task Buy rye tomorrow")
    assert card(browser) == ["**Task created**", "Buy rye", "tomorrow"]
    [task] = tasks(desk, ada)
    assert (task.title, task.due_on, task.source) == (
        "Buy rye",
        clock.now().date() + timedelta(days=1),
        TaskSource.COMMAND,
    )
    assert browser.title[0].value in ("Hello, Ada", "What can I do for you, Ada?")  # nothing was begun
    assert "c" not in browser.query_params

    assert card(click(browser, "tick"))[1] == "~~Buy rye~~"
    assert [one.completed_at is not None for one in tasks(desk, ada)] == [True]
    assert card(click(browser, "tick"))[1] == "Buy rye"
    typed(browser, "/done 1")
    assert card(browser)[:2] == ["**Done**", "~~Buy rye~~"]
    assert card(click(browser, "undo")) == ["**Taken back: “Buy rye” is as it was.**"]
    assert not has_card(click(browser, "close"))


def test_what_was_made_is_taken_back(desk: Desk, ada: Person) -> None:
    browser = typed(visit(ada, "chat.py"), "/task Buy rye")
    assert card(click(browser, "undo")) == ["**Taken back: the task is deleted.**"]
    assert tasks(desk, ada) == []


def test_a_tick_that_arrives_with_what_takes_its_line_away_is_none(desk: Desk, ada: Person) -> None:
    browser = typed(visit(ada, "chat.py"), "/task Buy rye")
    browser.checkbox[0].check()
    assert card(click(browser, "undo")) == ["**Taken back: the task is deleted.**"]
    assert tasks(desk, ada) == []


def test_sent_twice_it_is_done_once_and_said_again_later_it_is_meant(desk: Desk, ada: Person) -> None:
    browser = visit(ada, "chat.py")
    for _ in range(2):
        typed(browser, "/task Buy rye")
    assert len(tasks(desk, ada)) == 1
    assert card(browser)[0] == "**Task created**"
    sent = browser.session_state["last_command"]
    object.__setattr__(sent, "at", sent.at - timedelta(minutes=1))
    typed(browser, "/task Buy rye")
    assert len(tasks(desk, ada)) == 2
    for _ in range(2):
        typed(browser, "/done 1")
    assert [task.completed_at is not None for task in tasks(desk, ada)].count(True) == 1


def test_the_numbers_of_the_list_stay(desk: Desk, ada: Person) -> None:
    for title in ("One", "Two", "Three"):
        desk.application.tasks.create(ada.actor, NewTask(title))
    browser = typed(visit(ada, "chat.py"), "/tasks")
    assert card(browser)[:4] == ["**Tasks: open**", "1. One", "2. Two", "3. Three"]
    click(browser, "tick", 0)
    typed(browser, "/done 2")
    typed(browser, "/done 3")
    assert card(browser)[1] == "~~Three~~"
    assert all(task.completed_at for task in tasks(desk, ada))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "/taks Buy rye",
            "There is no command /taks. Did you mean /tasks? To send it as a message, put a space in front.",
        ),
        ("/task Buy rye @Zoe", "Nobody here is called “Zoe”."),
        ("/done 7", "You have no open tasks."),
    ],
)
def test_what_can_not_be_done_is_said_and_stays_in_the_box(desk: Desk, ada: Person, line: str, says: str) -> None:
    browser = typed(visit(ada, "chat.py"), line)
    assert sentences(browser)[-1].startswith(says)
    assert browser.chat_input[0].value == line
    assert tasks(desk, ada) == [] and not has_card(browser)
    typed(browser, "/help")
    assert says not in sentences(browser)


def test_in_a_chat_nothing_is_said_and_the_card_goes_with_the_next_message(desk_with: DeskWith) -> None:
    desk = desk_with(ScriptedModel("Rye."))
    ada = desk.staff()
    browser = typed(visit(ada, "chat.py"), "/usr/bin/env fails")  # a path is a message
    before, chat = bubbles(browser), UUID(browser.query_params["c"])
    assert before == [("user", "/usr/bin/env fails"), ("assistant", "Rye.")]
    typed(browser, "/task Buy rye")
    assert bubbles(browser) == before
    [task] = tasks(desk, ada)
    assert (task.conversation_id, task.message_id) == (chat, desk.messages(ada, chat)[-1].id)
    assert has_card(browser.run())
    assert not has_card(go(browser, "chat.py"))  # another box
    assert has_card(go(browser, "chat.py", c=chat))
    typed(browser, "And then?")
    assert not has_card(browser)
    assert len(desk.messages(ada, chat)) == 4


def test_in_a_room_the_other_sees_nothing(desk: Desk, ada: Person, bo: Person) -> None:
    room = desk.application.rooms.create(ada.actor, ConversationKind.GROUP, "Kitchen", user_ids=[bo.user.id])
    desk.application.talk.send(bo.actor, room, "We are out of rye.")
    hers, his = visit(ada, "chat.py", c=room), visit(bo, "chat.py", c=room)
    seen = desk.messages(bo, room)
    typed(hers, "/task Xyzzy tomorrow")
    assert card(hers) == ["**Task created**", "Xyzzy", "tomorrow"]
    assert desk.messages(bo, room) == seen
    assert "Xyzzy" not in text_of(his.run())
    assert card(click(hers, "tick"))[1] == "~~Xyzzy~~"
    typed(hers.run(), "/tasks done")
    assert card(hers)[:2] == ["**Tasks: done**", "1. ~~Xyzzy~~"]
    typed(hers.run(), "I buy some.")
    assert not has_card(hers.run())
    assert [message.content for message in desk.messages(bo, room)][-2:] == ["We are out of rye.", "I buy some."]


def test_a_reply_that_was_begun_outlives_a_command(desk: Desk, ada: Person, bo: Person) -> None:
    room = desk.application.rooms.create(ada.actor, ConversationKind.GROUP, "Kitchen", user_ids=[bo.user.id])
    said = desk.application.talk.send(bo.actor, room, "We are out of rye.").message_id
    browser = visit(ada, "chat.py", c=room)
    browser.session_state["replies"] = {room: said}
    typed(browser.run(), "/task Buy rye")
    typed(browser.run(), "Done.")
    assert desk.messages(ada, room)[-1].reply is not None


def test_the_answers_of_search_usage_and_help(desk: Desk, ada: Person) -> None:
    asked = desk.application.chat.ask(ada.actor, "Where is the **rye**?")
    browser = typed(visit(ada, "chat.py"), "/search rye")
    assert card(browser)[:2] == ["**Found one message: rye**", "Where is the **rye**?"]
    [link] = [one for one in browser.page_link if "rye" in one.label]
    assert link.proto.query_string == f"c={asked.conversation_id}&m=1"
    typed(browser, "/usage")
    assert card(browser)[0].startswith("**0 answers, 0 tokens, $0.00 this month")
    typed(browser, "/help")
    assert [line for line in card(browser) if line.startswith("/")] == [
        "/done number",
        "/search words",
        "/task title @person day",
        "/tasks [open|done|all|today|@person …]",
        "/usage [today|week|month|year]",
        "/help [command]",
    ]


def test_titles_are_drawn_as_text(desk: Desk, ada: Person) -> None:
    desk.application.tasks.create(ada.actor, NewTask("![x](https://evil.example) :red[**hi**]"))
    browser = typed(visit(ada, "chat.py"), "/tasks")
    links: Any = browser.get("page_link")  # it stands at the foot of the window
    [drawn] = [one for one in links if "evil" in one.label]
    assert drawn.label.startswith("1\\. \\!\\[x\\]\\(https\\:")


def test_who_is_suspended_meanwhile_makes_nothing(desk: Desk, ada: Person) -> None:
    browser = visit(ada, "chat.py")
    suspend(desk.database, ada.user.id, clock.now() + timedelta(days=1))
    browser.chat_input[0].set_value("/task Buy rye").run()
    assert "Suspended until" in sentences(browser)[0]
    with desk.database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM tasks")).scalar_one() == 0


def test_who_lost_the_role_is_told_so(desk: Desk, ada: Person) -> None:
    browser = visit(ada, "chat.py")
    desk.application.people.set_roles(None, ada.user.id, [Role.ANALYST])
    browser.chat_input[0].set_value("/task Buy rye").run()
    assert sentences(browser) == ["Chatting needs the role staff. An admin can give it to you."]


def test_a_room_that_was_left_takes_no_commands(desk: Desk, ada: Person, bo: Person) -> None:
    room: UUID = desk.application.rooms.create(bo.actor, ConversationKind.GROUP, "Kitchen", user_ids=[ada.user.id])
    browser = visit(ada, "chat.py", c=room)
    desk.application.members.remove(bo.actor, room, ada.user.id)
    typed(browser, "/task Buy rye")
    assert "no longer a member" in "".join([*sentences(browser), *(one.value for one in browser.markdown)])
    assert tasks(desk, ada) == []
