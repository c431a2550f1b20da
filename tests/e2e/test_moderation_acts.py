"""Suspending, locking and removing for good, as the person concerned sees it in a tab that was open all the time."""

import re
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from core.models import ConversationKind, ReportReason
from core.permissions import Role
from tests.e2e.conftest import Guest, Open, acting, signed_in
from tests.e2e.rooms import SOON, Room
from tests.e2e.served import Parley
from tests.support.passwords import GOOD

pytestmark = [pytest.mark.e2e, pytest.mark.long]

SAID, REASON = "You are all walruses.", "Insults"


@pytest.fixture(scope="module")
def kim(parley: Parley, ada: Guest) -> Guest:
    """Moderator and admin."""
    return signed_in(parley, "kim@example.com", "Kim Knuth", Role.MODERATOR, Role.ADMIN)


@pytest.fixture
def room(parley: Parley, nothing_reported: None, ada: Guest, bob: Guest, kim: Guest) -> UUID:
    """A group in which Bob said it, and Ada reported it."""
    with acting(parley, ada, bob) as (app, (hers, his)):
        room = app.rooms.create(hers, ConversationKind.GROUP, "Zoo", user_ids=[his.user_id])
        app.reports.report(hers, app.talk.send(his, room, SAID).message_id, ReportReason.HARASSMENT)
        return room


def test_suspend_lock_and_remove_and_what_the_person_sees(
    parley: Parley, bob: Guest, kim: Guest, room: UUID, tab: Open
) -> None:
    his = Room(tab(bob), parley.url, room).open()
    expect(his.said(SAID)).to_be_visible()
    desk = tab(kim)
    desk.goto(f"{parley.url}/moderation")
    desk.get_by_role("button", name="Open the first").click()
    expect(desk.get_by_role("button", name="Claim")).to_be_visible()
    expect(desk.locator(".st-key-case_more")).to_have_count(0)
    desk.get_by_role("button", name="Claim").click()

    choose(desk, "Suspend the author")
    dialog = desk.get_by_role("dialog")
    expect(dialog.get_by_text("Bob Boole")).to_be_visible()
    dialog.get_by_role("button", name="Suspend").click()
    expect(dialog.get_by_text("The reason is empty.")).to_be_visible()
    dialog.get_by_label("Reason").fill(REASON)
    dialog.get_by_role("button", name="Suspend").click()
    expect(desk.get_by_text(re.compile("Bob Boole is suspended until"))).to_be_visible()
    says = his.page.get_by_text(re.compile(f"Suspended until .* UTC · {REASON}"))
    expect(says).to_be_visible(timeout=SOON)
    expect(his.page.get_by_role("heading", name="Your account is suspended")).to_be_visible()

    elsewhere = tab(None)
    elsewhere.goto(f"{parley.url}/account/sign-in")
    elsewhere.get_by_label("E-mail").fill(bob.email)
    elsewhere.get_by_label("Password").fill(GOOD)
    elsewhere.get_by_role("button", name="Sign in").click()
    expect(elsewhere.get_by_text(REASON)).to_be_visible()

    desk.get_by_role("button", name="Lift").click()
    desk.get_by_role("dialog").get_by_role("button", name="Lift").click()
    expect(desk.get_by_text(re.compile("Bob Boole is suspended until"))).to_have_count(0)
    his.open()
    his.say("I am sorry.")
    expect(his.said("I am sorry.")).to_be_visible()

    choose(desk, "Lock the room")
    desk.get_by_role("dialog").get_by_label("Reason").fill("Too heated")
    desk.get_by_role("dialog").get_by_role("button", name="Lock").click()
    expect(desk.get_by_text("The room is locked by Kim Knuth · Too heated")).to_be_visible()
    expect(his.page.get_by_text("Locked by a moderator · Too heated")).to_be_visible(timeout=SOON)
    expect(his.notice("A moderator locked this room: Too heated")).to_be_visible()
    expect(his.box).to_have_count(0)
    in_force = tab(kim)
    in_force.goto(f"{parley.url}/moderation?tab=in_force")
    expect(in_force.get_by_text("Nobody is suspended.")).to_be_visible()
    in_force.get_by_role("button", name="Unlock").click()
    in_force.get_by_role("dialog").get_by_role("button", name="Unlock").click()
    expect(in_force.get_by_text("No room is locked.")).to_be_visible()
    expect(his.box).to_be_visible(timeout=SOON)
    his.say("Thank you.")
    expect(his.said("Thank you.")).to_be_visible()

    desk.reload()
    choose(desk, "Remove for good")
    dialog = desk.get_by_role("dialog")
    dialog.get_by_label("Reason").fill(REASON)
    dialog.get_by_role("button", name="Remove for good").click()
    expect(dialog.get_by_text("To confirm it, type the name of who wrote it: Bob Boole.")).to_be_visible()
    dialog.get_by_label("Type Bob Boole to confirm it").fill("bob boole")
    dialog.get_by_role("button", name="Remove for good").click()
    expect(desk.get_by_text("Removed for good by Kim Knuth")).to_be_visible()
    expect(his.page.get_by_text(f"Removed for good by a moderator · {REASON}")).to_be_visible(timeout=SOON)
    expect(his.said(SAID)).to_have_count(0)
    expect(desk.get_by_text(SAID)).to_have_count(0)


def choose(desk: Page, name: str) -> None:
    """In the menu at the end of the action bar."""
    desk.locator(".st-key-case_more").get_by_role("button").click()
    desk.get_by_role("menuitem", name=name).or_(desk.get_by_role("option", name=name)).first.click()
