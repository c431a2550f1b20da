"""A rule from its making to the queue: what it refuses stays in the box, what it masks is gone, the rest waits."""

from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from core.models import ConversationKind
from core.permissions import Role
from tests.e2e.conftest import Guest, Open, acting, signed_in
from tests.e2e.rooms import SOON, Room
from tests.e2e.served import Parley

pytestmark = [pytest.mark.e2e, pytest.mark.long]

SECOND = 1
"""Between “Bank accounts” and “Keys and passwords”."""
CARD = "4111 1111 1111 1111"
SAID = f"Take my card, {CARD}, please"
AFTERWARDS = f"Then take {CARD}"
"""In other words: the very same ones within a second would be taken for a double click."""


@pytest.fixture(scope="module")
def ruth(parley: Parley, ada: Guest) -> Guest:
    return signed_in(parley, "ruth@example.com", "Ruth Deans", Role.MODERATOR)


@pytest.fixture
def room(parley: Parley, nothing_reported: None, ada: Guest, bob: Guest) -> UUID:
    with acting(parley, ada, bob) as (app, (hers, his)):
        return app.rooms.create(hers, ConversationKind.GROUP, "Vault", user_ids=[his.user_id])


def test_a_rule_refuses_masks_and_reports(parley: Parley, bob: Guest, ruth: Guest, room: UUID, tab: Open) -> None:
    desk = tab(ruth)
    desk.goto(f"{parley.url}/moderation?tab=rules")
    expect(desk.get_by_text("Card numbers · Mask, everywhere")).to_be_visible()
    desk.get_by_role("button", name="Delete").nth(SECOND).click()  # as it came: ours takes its place
    desk.get_by_role("dialog").get_by_role("button", name="Delete it").click()
    expect(desk.get_by_role("dialog")).to_have_count(0)
    add(desk)

    his = Room(tab(bob), parley.url, room).open()
    his.say(SAID)
    expect(his.page.get_by_text("This has what looks like a card number")).to_be_visible(timeout=SOON)
    expect(his.box).to_have_value(SAID)
    expect(his.said(SAID)).to_have_count(0)

    change(desk, "Mask")
    his.box.press("Enter")
    expect(his.said("Take my card, [card number removed], please")).to_be_visible(timeout=SOON)
    expect(his.page.get_by_text("Taken out before this was sent anywhere: a card number")).to_be_visible()
    expect(his.box).to_have_value("")

    change(desk, "Report")
    his.say(AFTERWARDS)
    expect(his.said(AFTERWARDS)).to_be_visible(timeout=SOON)
    expect(his.page.get_by_text("Taken out")).to_have_count(0)
    desk.get_by_role("radio", name="Queue").click()
    expect(desk.get_by_role("button", name="Open the first")).to_be_visible()
    desk.keyboard.press("j")
    expect(desk.get_by_text("Rule “Cards” · Found by a rule")).to_be_visible()
    expect(desk.get_by_text(AFTERWARDS).first).to_be_visible()


def add(desk: Page) -> None:
    """With a pattern that is rejected first: nothing that was typed is lost by that."""
    desk.get_by_role("button", name="Add a rule").click()
    dialog = desk.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Cards")
    choose(desk, "A pattern")
    dialog.get_by_role("textbox", name="Pattern").fill("card(s")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_text("a bracket that is opened is not closed, at “(s” (character 5)")).to_be_visible()
    expect(dialog.get_by_label("Name")).to_have_value("Cards")
    choose(desk, "Card numbers")
    dialog.get_by_text("Refuse", exact=True).click()
    dialog.get_by_role("textbox", name="Try it").fill(SAID)
    dialog.get_by_role("textbox", name="Try it").press("Control+Enter")
    expect(dialog.get_by_text("Line 1: a card number. Refused by “Cards”.")).to_be_visible()
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(desk.get_by_text("Cards · Refuse, everywhere")).to_be_visible()


def choose(desk: Page, kind: str) -> None:
    desk.get_by_role("dialog").get_by_role("combobox", name="It looks for").click()
    desk.get_by_role("option", name=kind).click()


def change(desk: Page, action: str) -> None:
    desk.get_by_role("button", name="Change").nth(SECOND).click()
    dialog = desk.get_by_role("dialog")
    dialog.get_by_text(action, exact=True).click()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    expect(desk.get_by_text(f"Cards · {action}, everywhere")).to_be_visible()
