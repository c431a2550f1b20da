"""Somebody comes by the link of an invite, loses a role, is signed out, and comes back with a new password."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import fill_sign_in, table_of
from tests.e2e.conftest import Guest, Open
from tests.e2e.served import Parley
from tests.support.passwords import GOOD, OTHER

pytestmark = [pytest.mark.e2e, pytest.mark.long]

EMAIL, NAME = "nora@example.com", "Nora Noether"


def link_in(page: Page) -> str:
    """That the window shows, once."""
    code = page.get_by_role("dialog").locator("code")
    expect(code).to_contain_text("token=")
    return re.sub(r"\s", "", code.inner_text())


def open_nora(page: Page, parley: Parley) -> None:
    page.goto(f"{parley.url}/people?q={EMAIL}")
    table_of(page).click(position={"x": 60, "y": 52})
    expect(page.get_by_text("What was done to the account")).to_be_visible()


def test_from_the_invite_to_a_new_password(parley: Parley, tab: Open, ada: Guest) -> None:
    admin, guest = tab(ada), tab(None)
    dialog = admin.get_by_role("dialog")
    admin.goto(f"{parley.url}/people")
    admin.get_by_role("button", name="Invite somebody").click()
    dialog.get_by_label("E-mail").fill("nora")
    dialog.get_by_role("button", name="Make the link").click()
    expect(dialog.get_by_text("That is not an e-mail address.")).to_be_visible()
    expect(dialog.get_by_label("E-mail")).to_have_value("nora")
    dialog.get_by_label("E-mail").fill(EMAIL)
    dialog.get_by_role("button", name="Make the link").click()
    invite = link_in(admin)
    admin.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    admin.get_by_text("Invited", exact=True).click()
    expect(admin.get_by_text("invited by Ada Lovelace")).to_be_visible()
    assert invite.rpartition("=")[2] not in admin.content()

    guest.goto(invite)
    guest.get_by_label("Your name").fill(NAME)
    guest.get_by_label("Password").fill(GOOD)
    guest.get_by_role("button", name="Create account").click()
    expect(guest.get_by_role("heading", name="Hello, Nora")).to_be_visible()
    late = tab(None)
    late.goto(invite)
    expect(late.get_by_text("This invite was used, has expired or was withdrawn.")).to_be_visible()

    guest.goto(f"{parley.url}/chat")
    box = guest.get_by_role("textbox", name="Ask anything")
    expect(box).to_be_visible()
    open_nora(admin, parley)
    admin.get_by_role("button", name="Analyst", exact=True).click()
    admin.get_by_role("button", name="Staff", exact=True).click()
    admin.get_by_role("button", name="Save roles").click()
    expect(admin.get_by_role("button", name="Save roles")).to_be_disabled()
    box.fill("May I?")
    box.press("Enter")
    expect(guest.get_by_text("Chatting needs the role staff.")).to_be_visible()
    guest.goto(f"{parley.url}/account")
    expect(guest.get_by_text("Ada Lovelace changed your roles. They are now: analyst.")).to_be_visible()

    admin.get_by_role("button", name="Sign out there").click()
    expect(admin.get_by_text("No browser is signed in.")).to_be_visible()
    expect(guest).to_have_url(re.compile("/account/sign-in"))

    admin.get_by_role("button", name="Make a password link").click()
    dialog.get_by_role("button", name="Make the link").click()
    reset = link_in(admin)
    admin.keyboard.press("Escape")
    guest.goto(reset)
    guest.get_by_label("New password").fill(OTHER)
    guest.get_by_role("button", name="Change password").click()
    guest.goto(f"{parley.url}/account")
    expect(guest.get_by_text("Your password was changed by a link that Ada Lovelace made.")).to_be_visible()

    admin.get_by_role("button", name="Deactivate").click()
    dialog.get_by_label("Type the name to confirm").fill("Nora")
    dialog.get_by_role("button", name="Deactivate").click()
    expect(dialog.get_by_text("Nothing was done: the name doesn't match.")).to_be_visible()
    dialog.get_by_label("Type the name to confirm").fill(NAME)
    dialog.get_by_role("button", name="Deactivate").click()
    expect(admin.get_by_role("button", name="Reactivate")).to_be_visible()
    expect(guest).to_have_url(re.compile("/account/sign-in"))
    fill_sign_in(guest, EMAIL, OTHER)
    expect(guest.get_by_text("E-mail and password don't match an account here.")).to_be_visible()
