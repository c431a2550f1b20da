"""From a report to the audit trail, each in a browser of their own: who reports, who decides, whose message it is."""

import re
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from core.models import ConversationKind, ReportReason
from core.permissions import Role
from tests.e2e.conftest import Guest, Open, acting, signed_in
from tests.e2e.rooms import SOON, Room
from tests.e2e.served import Parley
from tests.support.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.long]

SAID = "The PIN of the safe is 4711."
MASKED = "The PIN of the safe is ****."
REASON = "A secret, kept by letters: t d e x u l q j k"
DONE = (
    ("Somebody", "reported"),
    ("Mo Deans", "took on the reports of"),
    ("Mo Deans", "edited as a moderator"),
    ("Mo Deans", "gave back the author's text of"),
    ("Mo Deans", "deleted as a moderator"),
)
"""As the audit says it."""


@pytest.fixture(scope="module")
def mo(parley: Parley, ada: Guest) -> Guest:
    """A moderator, who is in no room."""
    return signed_in(parley, "mo@example.com", "Mo Deans", Role.MODERATOR)


@pytest.fixture
def room(parley: Parley, nothing_reported: None, ada: Guest, bob: Guest) -> UUID:
    """A group in which Bob said it."""
    with acting(parley, ada, bob) as (app, (hers, his)):
        room = app.rooms.create(hers, ConversationKind.GROUP, "Vault", user_ids=[his.user_id])
        app.talk.send(his, room, SAID)
        return room


def test_a_report_is_decided_told_and_taken_back(
    parley: Parley, ada: Guest, bob: Guest, mo: Guest, room: UUID, tab: Open
) -> None:
    desk = tab(mo)
    desk.goto(f"{parley.url}/moderation")
    expect(desk.get_by_text("Nothing is waiting.")).to_be_visible()
    assert waiting(desk) == ""

    hers, his = Room(tab(ada), parley.url, room).open(), Room(tab(bob), parley.url, room).open()
    report(hers)
    expect(hers.page.get_by_text("You reported this · open")).to_be_visible()
    expect(his.page.get_by_text("You reported this")).to_have_count(0)

    until(lambda: waiting(desk) == "1")
    desk.reload()
    expect(desk.get_by_role("button", name="Open the first")).to_be_visible()
    desk.keyboard.press("j")
    expect(desk.get_by_role("button", name="Claim")).to_be_visible()
    expect(desk.get_by_text("Ada Lovelace · Secret or personal data: Change it")).to_be_visible()
    expect(desk.get_by_text("Vault")).to_have_count(0)
    desk.keyboard.press("t")
    expect(desk.get_by_text("Claimed by Mo Deans")).to_be_visible()
    until(lambda: waiting(desk) == "")

    desk.keyboard.press("e")
    dialog = desk.get_by_role("dialog")
    dialog.get_by_label("Text").fill(MASKED)
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("The reason is empty.")).to_be_visible()
    expect(dialog.get_by_label("Text")).to_have_value(MASKED)
    dialog.get_by_label("Reason").press_sequentially(REASON)  # its letters are no commands there
    dialog.get_by_role("button", name="Save").click()
    expect(desk.get_by_text("Edited by Mo Deans")).to_be_visible()

    for one in (hers, his):
        expect(one.said(MASKED)).to_be_visible(timeout=SOON)
        expect(one.page.get_by_text(f"Edited by a moderator · {REASON}")).to_be_visible()
        expect(one.said(SAID)).to_have_count(0)
    expect(hers.page.get_by_text("You reported this · a moderator edited it")).to_be_visible()
    for page, told in ((tab(bob), "A moderator edited your message"), (tab(ada), "that you reported: it was edited")):
        page.goto(parley.url)
        expect(page.get_by_text(told)).to_be_visible()

    desk.get_by_text("2 texts, and what is different").click()
    expect(desk.get_by_text("4711").last).to_be_visible()
    desk.keyboard.press("u")
    desk.get_by_role("dialog").get_by_role("button", name="Restore").click()
    expect(his.said(SAID)).to_be_visible(timeout=SOON)
    expect(his.page.get_by_text("Edited by a moderator")).to_have_count(0)
    expect(desk.get_by_text("Claimed by Mo Deans")).to_be_visible()

    desk.keyboard.press("x")
    desk.get_by_role("dialog").get_by_label("Reason").fill(REASON)
    desk.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(his.page.get_by_text(f"Message deleted by a moderator · {REASON}")).to_be_visible(timeout=SOON)
    expect(his.said(SAID)).to_have_count(0)
    audit = tab(mo)
    audit.goto(f"{parley.url}/audit?target={reported(parley)}")
    rows = audit.get_by_test_id("stDataFrame").locator("table tr")  # as screen readers have it
    for row, (who, did) in enumerate(reversed(DONE), start=1):
        expect(rows.nth(row)).to_contain_text(who)
        expect(rows.nth(row)).to_contain_text(did)
    expect(rows).to_have_count(1 + len(DONE))
    expect(rows.filter(has_text=REASON)).to_have_count(2)


SPAM = "Win a holiday today"


@pytest.fixture
def spammed(parley: Parley, nothing_reported: None, ada: Guest, bob: Guest) -> UUID:
    """The same three times and something else, all reported."""
    with acting(parley, ada, bob) as (app, (hers, his)):
        room = app.rooms.create(hers, ConversationKind.GROUP, "Kitchen", user_ids=[his.user_id])
        for words in (SPAM, SPAM, SPAM, f"{SPAM}!"):
            app.reports.report(hers, app.talk.send(his, room, words).message_id, ReportReason.SPAM)
        return room


def test_the_same_text_is_deleted_at_once_wherever_it_stands(
    parley: Parley, bob: Guest, mo: Guest, spammed: UUID, tab: Open
) -> None:
    his = Room(tab(bob), parley.url, spammed).open()
    expect(his.said(SPAM)).to_have_count(3)
    desk = tab(mo)
    desk.goto(f"{parley.url}/moderation?reason=spam")
    expect(desk.get_by_role("button", name="Open the first")).to_be_visible()
    desk.keyboard.press("j")
    expect(desk.locator(".st-key-case_claim button")).to_be_visible()
    desk.keyboard.press("t")
    expect(desk.locator(".st-key-case_delete button")).to_be_visible()
    desk.keyboard.press("x")
    dialog = desk.get_by_role("dialog")
    dialog.get_by_text("Also the 2 other messages with exactly this text").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(dialog.get_by_text("The reason is empty.")).to_be_visible()
    expect(dialog.get_by_role("checkbox")).to_be_checked()
    dialog.get_by_label("Reason").fill("Spam")
    dialog.get_by_role("button", name="Delete").click()
    expect(desk.get_by_text("3 deleted.")).to_be_visible()
    expect(his.page.get_by_text("Message deleted by a moderator · Spam")).to_have_count(3, timeout=SOON)
    expect(his.said(SPAM)).to_have_count(0)
    expect(his.said(f"{SPAM}!")).to_be_visible()


def report(hers: Room) -> None:
    hers.row(SAID).get_by_role("button", name="More").click()
    hers.page.get_by_role("button", name="Report").click()
    dialog = hers.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Report").click()
    expect(dialog.get_by_text("Choose a reason first.")).to_be_visible()
    dialog.get_by_role("combobox", name=re.compile("What is wrong")).click()
    hers.page.get_by_role("option", name="Secret or personal data").click()
    dialog.get_by_label("What should the moderator know?").fill("Change it")
    dialog.get_by_role("button", name="Report").click()


def waiting(desk: Page) -> str:
    """The number on the navigation's link."""
    given = desk.evaluate("document.documentElement.style.getPropertyValue('--parley-cases')")
    return str(given).partition("/")[0].strip().strip('"')


def reported(parley: Parley) -> UUID:
    """The message."""
    with parley.database() as database, database.reading() as session:
        return session.execute(text("SELECT subject_id FROM cases")).scalar_one()
