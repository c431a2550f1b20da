"""The first hour with what people run: `python -m core serve`, the printed link, and the embedded model."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from core.web.cookies import SESSION
from tests.e2e.browsing import Chat
from tests.e2e.conftest import Guest
from tests.e2e.served import Parley, served
from tests.e2e.storyteller import LONG, SHORT
from tests.support.passwords import GOOD

pytestmark = [pytest.mark.e2e, pytest.mark.long]


@pytest.fixture(scope="module")
def parley(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parley]:
    with served(Parley(tmp_path_factory.mktemp("first-hour"), PARLEY_SHUTDOWN_GRACE="1")) as parley:
        yield parley


@pytest.fixture(scope="module")
def ada(parley: Parley, browser: Browser) -> Guest:
    """The first person, through the link that the first start printed."""
    assert "First time here?" in parley.log
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(parley.url)
        expect(page.get_by_text("Open the set-up link that Parley printed")).to_be_visible()
        page.goto(parley.set_up_link)
        page.get_by_label("Company name").fill("Engines")
        page.get_by_label("Your name").fill("Ada Lovelace")
        page.get_by_label("E-mail").fill("ada@example.com")
        page.get_by_label("Password").fill(GOOD)
        page.get_by_role("button", name="Create account").click()
        expect(page.get_by_role("heading", name="Hello, Ada")).to_be_visible()
        expect(page.get_by_text("Ask your first question below.")).to_be_visible()
        expect(page.get_by_text("runs on this machine")).to_be_visible()
        page.goto(parley.set_up_link)
        expect(page.get_by_text("Parley is set up.")).to_be_visible()
        [token] = [cookie["value"] for cookie in context.cookies() if cookie["name"] == SESSION]
        return Guest("ada@example.com", "Ada Lovelace", token)


def test_from_the_printed_link_to_an_answer_that_is_stopped_and_one_that_is_whole(chat: Chat) -> None:
    chat.ask(LONG)
    seen = chat.wait_growing()
    assert seen[-1] > seen[0]
    chat.stop.click()
    expect(chat.answers.last.get_by_text("Stopped. What had arrived is kept.")).to_be_visible()
    chat.ask(SHORT)
    chat.wait_whole(2)
    assert chat.text_of(chat.answers.last)
