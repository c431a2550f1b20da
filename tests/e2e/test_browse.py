"""Finding what was said, from anywhere, and reading on around it."""

import re

import pytest
from playwright.sync_api import Page, expect

from core.models import ConversationKind, MessageRole, User
from core.repositories.messages import Messages
from core.repositories.users import Users
from tests.e2e.browsing import table_of
from tests.e2e.conftest import Guest, Open
from tests.e2e.served import Parley
from tests.support.builders import make_conversation
from tests.support.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.long]

MESSAGES = 120
HIT = 40


@pytest.fixture(scope="module")
def talk(parley: Parley, bob: Guest) -> str:
    """A long talk of Bob's with something rare in the middle of it."""
    with parley.database() as database, database.transaction() as session:
        found = Users(session).get_by_email(bob.email)
        assert found
        user = session.get_one(User, found.id)
        talk = make_conversation(session, user, title="Ovens <b>old</b>", kind=ConversationKind.GROUP)
        for number in range(1, MESSAGES + 1):
            text = "The quincunx stands by the window." if number == HIT else f"Line {number} of what was said."
            Messages(session).append(talk.id, role=MessageRole.USER, content=text, sender_id=user.id)
        return str(talk.id)


def is_in_view(page: Page, text: str) -> bool:
    box = page.get_by_test_id("stChatMessage").filter(has_text=text).bounding_box()
    size = page.viewport_size
    return bool(box and size and 0 <= box["y"] <= size["height"] - 40)


@pytest.mark.parametrize("width", [1280, 390])
def test_a_word_typed_in_the_sidebar_leads_to_where_it_was_said(
    parley: Parley, bob: Guest, tab: Open, talk: str, width: int
) -> None:
    page = tab(bob)
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(parley.url)
    expect(page.get_by_role("heading", name="Hello, Bob")).to_be_visible()
    field = page.get_by_role("searchbox", name="Search")
    if width < 640:
        page.get_by_test_id("stExpandSidebarButton").click()
    field.fill("quincunx")
    field.blur()  # a click elsewhere carries nobody off
    expect(page.get_by_role("heading", name="Hello, Bob")).to_be_visible()
    field.press("Enter")
    expect(page.get_by_role("heading", name="Conversations")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/browse\?q=quincunx$"))

    page.get_by_role("button", name="Ovens <b>old</b>").click()
    message = page.get_by_test_id("stChatMessage").filter(has_text="quincunx")
    expect(message).to_be_visible()
    expect(page).to_have_url(re.compile(rf"c={talk}&m={HIT}$"))
    until(lambda: is_in_view(page, "quincunx"))
    expect(page.get_by_text(f"Line {HIT - 5} of what was said.")).to_be_attached()
    expect(page.get_by_text(f"Line {HIT + 5} of what was said.")).to_be_attached()
    page.get_by_role("button", name="Later messages").click()
    expect(page.get_by_text(f"Line {HIT + 20} of what was said.")).to_be_attached()

    # A link is a saved search: somebody else's browser, or this one tomorrow.
    again = tab(bob)
    again.goto(f"{parley.url}/browse?q=quincunx&c={talk}&m={HIT}")
    expect(again.get_by_role("searchbox", name="Search")).to_have_value("quincunx")
    expect(again.get_by_test_id("stChatMessage").filter(has_text="quincunx")).to_be_visible()
    again.get_by_role("link", name="Continue here").click()
    expect(again).to_have_url(re.compile(rf"/chat\?c={talk}$"))
    expect(again.get_by_text(f"Line {MESSAGES} of what was said.")).to_be_visible()


def test_a_line_of_the_table_opens_beside_it_and_back_goes_back(
    parley: Parley, bob: Guest, tab: Open, talk: str
) -> None:
    page = tab(bob)
    page.goto(f"{parley.url}/browse?kind=group")
    table_of(page).click(position={"x": 120, "y": 52})
    expect(page.get_by_text(f"Line {MESSAGES} of what was said.")).to_be_visible()
    expect(page).to_have_url(re.compile(rf"c={talk}"))
    page.go_back()
    expect(page.get_by_test_id("stChatMessage")).to_have_count(0)


def test_somebody_else_finds_nothing_of_it(parley: Parley, ada: Guest, tab: Open, talk: str) -> None:
    page = tab(ada)
    page.goto(f"{parley.url}/browse?q=quincunx&c={talk}&m={HIT}")
    expect(page.get_by_text("Not found. It may have been deleted, or it is not shared with you.")).to_be_visible()
    expect(page.get_by_text("Nothing that you may read has all of that.")).to_be_visible()
    assert "stands by" not in page.content() and "Ovens" not in page.content()
