"""The audit page as an admin meets it: what just happened, narrowed, opened, verified and taken along."""

import csv
import re

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import text

from core.models import ConversationKind
from core.permissions import Actor, Role
from core.repositories.users import Users
from core.services.conversations import ConversationService
from core.services.limits import RateLimiter
from core.services.rooms import RoomService
from tests.e2e.browsing import table_of
from tests.e2e.conftest import Guest, Open
from tests.e2e.served import Parley
from tests.e2e.test_usage import RED_GREEN_BLUE, contrast, pictured
from tests.support.talks import Told, ignore

pytestmark = [pytest.mark.e2e, pytest.mark.long]

ROOM = "Ovens of the north"


@pytest.fixture(scope="module")
def happened(parley: Parley, ada: Guest, bob: Guest) -> None:
    """Bob made a room and deleted it; somebody failed to sign in as Bob."""
    with parley.database() as database:
        with database.reading() as session:
            user = Users(session).get_by_email(bob.email)
        assert user
        actor = Actor(user.id, user.company_id, user.email, user.display_name, frozenset({Role.STAFF}))
        room = RoomService(database, RateLimiter(), Told()).create(actor, ConversationKind.GROUP, ROOM)
        ConversationService(database, (), 2_000, ignore, ignore).delete(actor, room)


def fail_to_sign_in(page: Page, parley: Parley, guest: Guest) -> None:
    page.goto(f"{parley.url}/account/sign-in")
    page.get_by_label("E-mail").fill(guest.email)
    page.get_by_label("Password").fill("certainly wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("don't match an account")).to_be_visible()


def deletions(parley: Parley) -> int:
    with parley.database() as database, database.reading() as session:
        statement = "SELECT count(*) FROM audit_events WHERE action = 'conversation:delete'"
        return int(session.execute(text(statement)).scalar_one())


def table(page: Page) -> Locator:
    """The cells as screen readers have them: the grid itself is drawn on a canvas."""
    return page.get_by_test_id("stDataFrame").locator("table")


def line(page: Page, *words: str) -> Locator:
    found = table(page).locator("tr")
    for word in words:
        found = found.filter(has_text=word)
    return found.first


def click_line(page: Page, number: int) -> None:
    table_of(page).click(position={"x": 250, "y": 36 + 35 * number + 17})


def test_from_what_happened_to_a_file(parley: Parley, ada: Guest, bob: Guest, tab: Open, happened: None) -> None:
    fail_to_sign_in(tab(None), parley, bob)
    page = tab(ada)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(parley.url)
    page.get_by_role("link", name="Audit").click()
    expect(page.get_by_role("heading", name="Audit")).to_be_visible()
    expect(line(page, "Somebody", "failed to sign in to", "Bob Boole", "Refused")).to_be_attached()
    expect(line(page, "Bob Boole", "deleted", "a group ·")).to_be_attached()
    assert ROOM not in table(page).inner_text()

    # Narrowed by the filters, and by the address.
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("combobox", name="Did what").fill("Conversations · deleted")
    page.get_by_role("option", name="Conversations · deleted").click()
    expect(page).to_have_url(re.compile(r"action=conversation%3Adelete"))
    page.keyboard.press("Escape")
    expect(line(page, "Bob Boole", "deleted")).to_be_attached()
    lines = 1 + deletions(parley)  # other tests have left some
    expect(table(page).locator("tr")).to_have_count(lines)
    again = tab(ada)
    again.goto(page.url)
    expect(table(again).locator("tr")).to_have_count(lines)

    # A click opens the event; closed, it is closed, and can be opened again.
    for _ in range(2):
        click_line(page, 0)
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_text("Bob Boole deleted a group")).to_be_visible()
        expect(page).to_have_url(re.compile(r"event=\d+"))
        page.get_by_role("button", name="Close").click()
        expect(dialog).to_be_hidden()
        expect(page).not_to_have_url(re.compile("event="))
    click_line(page, 0)
    page.get_by_role("dialog").get_by_role("button", name="All that was done to it").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page).to_have_url(re.compile(r"target=[0-9a-f-]{36}$"))
    expect(table(page).locator("tr")).to_have_count(3)  # made, and deleted

    page.get_by_role("button", name="Download", exact=True).click()
    with page.expect_download() as given:
        page.get_by_role("dialog").get_by_role("link", name="Download", exact=True).click()
    rows = list(csv.DictReader(given.value.path().read_text().splitlines()))
    assert [(row["action"], row["actor"]) for row in rows] == [
        ("conversation:delete", "Bob Boole"),
        ("room:create", "Bob Boole"),
    ]
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Verify now").click()
    expect(page.get_by_text(re.compile(r"Chain whole as of \d\d:\d\d · [\d,]+ rows$"))).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_staff_see_their_own_in_both_themes_on_a_phone(
    parley: Parley, bob: Guest, tab: Open, happened: None, scheme: str
) -> None:
    page = tab(bob)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{parley.url}/audit?action=conversation:delete")
    expect(page.get_by_role("heading", name="My actions")).to_be_visible()
    expect(line(page, "Bob Boole", "deleted")).to_be_attached()
    expect(page.get_by_text("Chain")).to_have_count(0)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
    click_line(page, 0)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(f"Bob Boole deleted “{ROOM}”")).to_be_visible()  # an owner's to bring back
    said = dialog.get_by_text(f"“{ROOM}”")
    ink = said.evaluate(f"text => ({RED_GREEN_BLUE})(getComputedStyle(text).color)")
    ground = page.get_by_test_id("stApp").evaluate(f"app => ({RED_GREEN_BLUE})(getComputedStyle(app).backgroundColor)")
    assert contrast(ink, ground) >= 4.5 and (sum(ground) < 3 * 64) is (scheme == "dark")
    pictured(page, f"audit-390-{scheme}")
