"""Commands in a real browser; none of them needs a model."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from core.models import ConversationKind
from core.permissions import Role
from core.services.task_views import TasksWanted
from tests.e2e.browsing import Chat
from tests.e2e.conftest import Guest, Open, acting, signed_in
from tests.e2e.rooms import SOON, Room
from tests.e2e.served import Parley

pytestmark = [pytest.mark.e2e, pytest.mark.long]


def box(page: Page) -> Locator:
    return page.get_by_test_id("stChatInputTextArea")


def say(page: Page, text: str) -> None:
    box(page).fill(text)
    box(page).press("Enter")


def card(page: Page) -> Locator:
    """The answer above the box."""
    return page.locator('[class*="st-key-command_"]').first


def tick(page: Page, title: str) -> Locator:
    return card(page).get_by_role("checkbox", name=f"Done: {title}")


def titles(parley: Parley, guest: Guest) -> list[str]:
    with acting(parley, guest) as (app, [actor]):
        return [task.title for task in app.tasks.list_page(actor, TasksWanted()).tasks]


@pytest.fixture
def tess(parley: Parley, ada: Guest) -> Guest:
    """Without a task."""
    return signed_in(parley, "tess@example.com", "Tess Tasker", Role.STAFF)


def test_a_task_is_made_on_home_ticked_off_and_found_again(parley: Parley, tess: Guest, tab: Open) -> None:
    page = tab(tess)
    page.goto(parley.url)
    say(page, "/task Buy rye tomorrow")
    expect(card(page)).to_contain_text("Buy rye")
    expect(card(page)).to_contain_text("tomorrow")
    expect(box(page)).to_have_value("")
    expect(page.get_by_role("heading", name="Hello, Tess")).to_be_visible()  # one stays here
    tick(page, "Buy rye").check(force=True)
    expect(card(page).locator("del")).to_have_text("Buy rye")
    say(page, "/tasks done")
    expect(card(page)).to_contain_text("1. Buy rye")
    expect(tick(page, "Buy rye")).to_be_checked()
    tick(page, "Buy rye").uncheck(force=True)
    expect(card(page).locator("del")).to_have_count(0)

    page.reload()  # the answer was for the moment; the task is there
    expect(box(page)).to_be_visible()
    expect(card(page)).to_have_count(0)
    say(page, "/tasks")
    expect(card(page)).to_contain_text("1. Buy rye")
    say(page, "/done 1")
    expect(card(page)).to_contain_text("Done")
    card(page).get_by_role("button", name="Undo").click()
    expect(card(page)).to_contain_text("is as it was")
    say(page, "/done buy rye")
    expect(card(page).get_by_role("button", name="Undo")).to_be_visible()
    say(page, "/task Throw away")
    expect(tick(page, "Throw away")).to_have_count(1)
    card(page).get_by_role("button", name="Undo").click()
    expect(card(page)).to_contain_text("the task is deleted")
    card(page).get_by_role("button", name="Dismiss").click()
    expect(card(page)).to_have_count(0)
    assert titles(parley, tess) == ["Buy rye"]


def test_in_a_chat_commands_say_nothing_to_the_model(parley: Parley, ada: Guest, chat: Chat) -> None:
    chat.ask("What is marzipan, in one short sentence?")
    chat.wait_whole()
    page = chat.page
    for typed, answer in (
        ("/search marzipan", re.compile("Found .* message")),
        ("/usage", re.compile(r"answers?, .* tokens, .* this month")),
        ("/help", re.compile("/task title @person day")),
        ("/help done", re.compile("Ticks a task off")),
    ):
        say(page, typed)
        expect(card(page)).to_contain_text(answer)
    expect(chat.questions).to_have_count(1)

    say(page, "/taks Buy rye")
    expect(page.get_by_text("There is no command /taks. Did you mean /tasks?")).to_be_visible()
    expect(box(page)).to_have_value("/taks Buy rye")
    box(page).fill("")
    say(page, " /taks is what I typed. Say hello.")  # with a space in front it is a message
    chat.wait_whole(2)
    expect(chat.questions.last).to_contain_text("/taks is what I typed")
    expect(card(page)).to_have_count(0)
    say(page, "/search marzipan")
    card(page).get_by_role("link", name=re.compile("marzipan")).first.click()
    expect(page).to_have_url(re.compile(r"/browse\?.*m=\d"))


def test_in_a_room_nobody_else_sees_them(parley: Parley, ada: Guest, bob: Guest, tab: Open) -> None:
    with acting(parley, ada, bob) as (app, [ada_here, bob_here]):
        room = app.rooms.create(ada_here, ConversationKind.GROUP, "Bakery", user_ids=[bob_here.user_id])
    hers, his = (Room(tab(guest), parley.url, room).open() for guest in (ada, bob))
    hers.say("/task Xyzzy tomorrow")
    expect(card(hers.page)).to_contain_text("Xyzzy")
    tick(hers.page, "Xyzzy").check(force=True)
    expect(card(hers.page).locator("del")).to_have_text("Xyzzy")
    hers.say("/tasks done")
    expect(card(hers.page)).to_contain_text("Tasks: done")
    hers.say("Good morning!")  # by the time that this is there, all before it would be
    expect(his.said("Good morning!")).to_be_visible(timeout=SOON)
    expect(card(hers.page)).to_have_count(0)
    for one in (hers, his):
        expect(one.page.get_by_test_id("stChatMessage")).to_have_count(1)
    expect(his.page.get_by_text("Xyzzy")).to_have_count(0)
    his.page.reload()
    expect(his.said("Good morning!")).to_be_visible()
    expect(his.page.get_by_text("Xyzzy")).to_have_count(0)
