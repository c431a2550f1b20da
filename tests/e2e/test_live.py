"""What happens in an open chat elsewhere shows by itself, and disturbs nobody who is typing."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import Chat
from tests.e2e.conftest import Guest, Open
from tests.e2e.rooms import SOON
from tests.e2e.served import Parley
from tests.support.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.long]

FIRST, SECOND = "Say one.", "Say two."
HALF_A_THOUGHT = "And what if"
COUNT_STREAMS = """
    window.streams = []
    window.EventSource = class extends EventSource {
        constructor(address) { super(address); window.streams.push(this) }
    }
"""


NONE = "none"
"""What a page without an open chat listens to: what is unread."""


def open_streams(page: Page) -> list[str]:
    """The conversations that this tab listens to."""
    addresses = page.evaluate("window.streams.filter((one) => one.readyState !== 2).map((one) => one.url)")
    return [(re.findall(r"c=([\w-]+)", address) or [NONE])[0] for address in addresses]


def test_a_question_asked_in_another_tab_shows_while_somebody_types(parley: Parley, chat: Chat) -> None:
    chat.ask(FIRST)
    chat.wait_whole()
    chat.box.fill(HALF_A_THOUGHT)
    other = Chat(chat.page.context.new_page(), parley.url).open(chat.page.url)
    other.wait_whole()

    other.ask(SECOND)
    expect(chat.questions.nth(1)).to_contain_text(SECOND, timeout=SOON)
    other.wait_whole(2)
    chat.wait_whole(2)
    other.act(other.answers.last, "Write this answer again")
    expect(other.answers.last.get_by_text("2 of 2")).to_be_visible()
    expect(chat.answers.last.get_by_text("2 of 2")).to_be_visible(timeout=SOON)
    chat.wait_whole(2)
    expect(chat.box).to_have_value(HALF_A_THOUGHT)
    expect(chat.box).to_be_focused()

    chat.page.get_by_role("button", name=FIRST.rstrip(".")).click()
    name = chat.page.get_by_role("dialog").get_by_label("Name")
    name.fill(HALF_A_THOUGHT)
    other.act(other.answers.last, "Earlier version")
    expect(other.answers.last.get_by_text("1 of 2")).to_be_visible()
    chat.page.wait_for_timeout(1_000)  # in which it would close, were the page drawn anew
    expect(name).to_have_value(HALF_A_THOUGHT)
    name.press("Escape")
    expect(chat.answers.last.get_by_text("1 of 2")).to_be_visible(timeout=SOON)


def test_a_tab_has_one_stream_for_the_open_chat_and_only_while_it_is_looked_at(
    parley: Parley, bob: Guest, tab: Open
) -> None:
    page = tab(bob)
    page.add_init_script(COUNT_STREAMS)
    chat = Chat(page, parley.url).open()
    ids = []
    for text in (FIRST, SECOND):
        chat.ask(text)
        chat.wait_whole()
        ids.append(chat.id)
        page.get_by_role("button", name="New chat").click()
        until(lambda: open_streams(page) == [NONE])
    links = page.get_by_role("navigation", name="Chats").get_by_role("link")
    for id_, text in zip(ids, (FIRST, SECOND), strict=True):
        links.filter(has_text=text).first.click()
        until(lambda id_=id_: open_streams(page) == [id_])  # type: ignore[misc]

    show(page, "hidden")
    until(lambda: open_streams(page) == [])
    other = Chat(page.context.new_page(), parley.url).open(page.url)
    other.ask("Say three.")
    other.wait_whole(2)
    expect(chat.questions).to_have_count(1)
    show(page, "visible")
    chat.wait_whole(2)
    assert open_streams(page) == ids[1:]
    page.get_by_role("link", name="Home").click()
    until(lambda: open_streams(page) == [NONE])


def show(page: Page, how: str) -> None:
    """As when another tab of the window is clicked."""
    page.evaluate(
        """(how) => {
            Object.defineProperty(document, "hidden", { configurable: true, get: () => how === "hidden" })
            document.dispatchEvent(new Event("visibilitychange"))
        }""",
        how,
    )


def test_signing_out_elsewhere_takes_the_tab_along_unless_something_is_typed_in_it(
    parley: Parley, ada: Guest, tab: Open
) -> None:
    page = tab(None)
    page.context.add_cookies(
        [{"name": "parley_session", "value": parley.sign_in(ada.email), "url": parley.url, "httpOnly": True}]
    )
    reading = Chat(page, parley.url).open()
    reading.ask(FIRST)
    reading.wait_whole()
    typing = Chat(page.context.new_page(), parley.url).open(page.url)
    typing.wait_whole()
    typing.box.fill(HALF_A_THOUGHT)

    elsewhere = page.context.new_page()
    elsewhere.goto(f"{parley.url}/account/sign-out")
    elsewhere.get_by_role("button", name="Sign out here").click()
    expect(reading.page).to_have_url(re.compile(r"/account/sign-in\?next=/chat"), timeout=SOON)
    expect(typing.box).to_have_value(HALF_A_THOUGHT)
