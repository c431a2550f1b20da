"""PostgreSQL stops under open tabs and comes back: each says so, goes on by itself, and has what was typed."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from core.errors import DatabaseUnavailable
from core.ui.failures import WHILE_AWAY
from core.web.cookies import SESSION
from tests.e2e.browsing import Chat
from tests.e2e.served import STREAMLIT, Parley, served
from tests.faults.postgres import Postgres
from tests.support.openai_server import OpenAIServer

pytestmark = [pytest.mark.e2e, pytest.mark.long]

AWAY = DatabaseUnavailable.sentence


@pytest.fixture
def parley(tmp_path: Path) -> Iterator[Parley]:
    """One of its own: the others' PostgreSQL stays where it is."""
    with OpenAIServer() as model:
        variables = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "sk-test", "PARLEY_MODELS": "scripted-1"}
        with served(Parley(tmp_path, STREAMLIT, PARLEY_SHUTDOWN_GRACE="1", **variables)) as parley:
            yield parley


@pytest.fixture
def postgres(parley: Parley) -> Iterator[Postgres]:
    postgres = Postgres(parley.settings.data_dir)
    yield postgres
    postgres.stop()


@pytest.fixture
def token(parley: Parley) -> str:
    """The session of the first person."""
    return parley.set_up("ada@example.com", "Ada")


def test_every_tab_says_it_and_comes_back_by_itself(
    parley: Parley, postgres: Postgres, token: str, browser: Browser
) -> None:
    with browser.new_context() as context:
        context.add_cookies([{"name": SESSION, "value": token, "url": parley.url, "httpOnly": True}])
        chat = Chat(context.new_page(), parley.url).open()
        notice = chat.page.get_by_role("alert").filter(has_text=AWAY)
        chat.ask("First")
        chat.wait_whole()
        chat.box.fill("Half a")
        postgres.crash(signal.SIGQUIT)

        chat.act(chat.answers.last, "Good answer")
        expect(notice).to_be_in_viewport()
        expect(chat.page.locator("[data-stale=true]").first).to_have_css("opacity", "1")  # else it can't be read
        expect(chat.box).to_have_value("Half a")
        chat.box.press_sequentially(" thought")
        chat.box.press("Enter")
        late = context.new_page()
        late.goto(chat.page.url)
        expect(late.get_by_role("alert")).to_have_text(AWAY)

        postgres.start()
        expect(chat.box).to_have_value("Half a thought")
        expect(chat.page.get_by_role("alert")).to_have_text(re.compile(re.escape(WHILE_AWAY)))
        chat.box.press("Enter")
        chat.wait_whole(2)
        expect(chat.questions).to_have_count(2)
        expect(late.get_by_role("textbox", name="Ask anything")).to_be_visible()
    assert [parley.log.count(event) for event in ("database_lost", "database_back", "Traceback")] == [1, 1, 0]
