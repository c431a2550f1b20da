"""The usage page as a person meets it: what they asked, switched, led to the call behind it, and taken along."""

import csv
import re

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import Chat
from tests.e2e.conftest import Guest, Open
from tests.e2e.served import Parley

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.xdist_group("doors")]


def test_what_one_asked_down_to_the_call_and_as_a_file(parley: Parley, bob: Guest, tab: Open) -> None:
    chat = Chat(tab(bob), parley.url).open()
    chat.ask("What is rye?")
    chat.wait_whole()
    page = chat.page
    page.goto(f"{parley.url}/usage?period=today")
    expect(page.get_by_role("heading", name="My usage")).to_be_visible()
    expect(page.get_by_text("Data as of")).to_be_visible()
    page.get_by_text("Tokens", exact=True).last.click()
    expect(page).to_have_url(re.compile("chart=tokens"))
    page.get_by_role("button", name="Download").first.click()
    dialog = page.get_by_role("dialog")
    with page.expect_download() as given:
        dialog.get_by_role("link", name="Download", exact=True).click()
    rows = list(csv.DictReader(given.value.path().read_text("utf-8-sig").splitlines()))
    assert len(rows) == 24
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.get_by_role("button", name="Calls", exact=True).click()
    expect(page).to_have_url(re.compile("calls"))
    expect(page.get_by_text("Bob", exact=False).first).to_be_attached()
