"""Steps in a real browser: what the assistant wants to do is decided by one person, and another one sees it happen."""

import pytest
from playwright.sync_api import Page, expect

from core.assistant.steps import StepState
from core.models import ConversationKind, MessageStatus
from core.services.demo_answers import Answers, DemoAnswers, Does
from tests.e2e.conftest import Guest, Open, acting
from tests.e2e.rooms import Room
from tests.e2e.served import Parley

pytestmark = [pytest.mark.e2e, pytest.mark.long]

LONG = "Order flour: 40 bags rye\nand 60 bags wheat " * 40


@pytest.fixture
def pages(parley: Parley, tab: Open, ada: Guest, bob: Guest) -> tuple[Page, Page]:
    """Both look at a room in which the assistant wants to do two things for Bob."""
    with acting(parley, ada, bob) as (app, [first, second]):
        room = app.rooms.create(first, ConversationKind.GROUP, "Flour", user_ids=[second.user_id])
        wants = [Does("order_flour", {"what": what}, state=StepState.WAITING) for what in ("Oats", LONG)]
        told = Answers("Bob", "@Assistant, order flour", ("I would do this:", *wants), status=MessageStatus.WAITING)
        DemoAnswers(app.database).add(second, told, room)
    of_ada, of_bob = (Room(tab(guest), parley.url, room).open().page for guest in (ada, bob))
    return of_ada, of_bob


def test_one_decides_and_another_one_sees_it(pages: tuple[Page, Page]) -> None:
    ada, bob = pages
    expect(ada.get_by_text("Waits for Bob Boole to approve or decline.")).to_be_visible()
    expect(ada.get_by_role("button", name="Approve")).to_have_count(0)
    expect(bob.get_by_text("Oats")).to_be_visible()
    first = bob.get_by_role("button", name="Decline").first
    first.focus()
    bob.keyboard.press("Enter")
    expect(bob.get_by_role("button", name="Decline")).to_have_count(1)
    expect(ada.locator("summary", has_text="Declined")).to_have_count(1)
    bob.get_by_role("button", name="Decline").dblclick()
    for page in (ada, bob):
        expect(page.locator("summary", has_text="Declined")).to_have_count(2)
        expect(page.get_by_text("Waits for", exact=False)).to_have_count(0)
    expect(bob.get_by_role("alert")).to_have_count(0)


def test_a_step_is_opened_by_keys_and_fits_a_phone(pages: tuple[Page, Page]) -> None:
    ada, _ = pages
    ada.set_viewport_size({"width": 390, "height": 800})
    step = ada.locator("summary", has_text="Waits for Bob").first
    step.focus()
    ada.keyboard.press("Enter")
    expect(ada.get_by_text("Oats")).to_be_visible()
    width = ada.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
