"""Export as a person meets it: chosen in a window, watched, cancelled, saved; the file then opens by itself."""

import json
import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.browsing import Chat
from tests.e2e.conftest import Guest, Open
from tests.e2e.served import Parley

pytestmark = [pytest.mark.e2e, pytest.mark.long]

QUESTION = 'Say "one" & <b>two</b>.'


def opened(page: Page) -> Locator:
    page.get_by_test_id("stMainBlockContainer").get_by_test_id("stMenuButtonButton").click()
    page.get_by_role("menuitem", name="Export").or_(page.get_by_text("Export", exact=True)).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("link", name="Download", exact=True)).to_be_visible()
    return dialog


def pictured(page: Page, name: str) -> None:
    """Kept where the variable says, for looking at."""
    if folder := os.environ.get("PICTURES"):
        for width, height in ((1280, 800), (390, 780)):
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(400)
            page.screenshot(path=str(Path(folder) / f"{name}-{width}.png"))
        page.set_viewport_size({"width": 1280, "height": 800})


def test_a_chat_is_saved_as_it_was_chosen(parley: Parley, bob: Guest, tab: Open, tmp_path: Path) -> None:
    chat = Chat(tab(bob), parley.url).open()
    page = chat.page
    chat.ask(QUESTION)
    chat.wait_whole()
    dialog = opened(page)
    pictured(page, "export")
    with page.expect_download() as given:
        dialog.get_by_role("link", name="Download", exact=True).click()
    assert given.value.suggested_filename.endswith(".md")
    assert QUESTION in given.value.path().read_text()
    expect(dialog.get_by_text("Saved as")).to_be_visible()

    dialog.get_by_text("JSON", exact=True).click()
    dialog.get_by_text("Model spend").click()
    link = dialog.get_by_role("link", name="Download", exact=True)
    expect(link).to_have_attribute("href", re.compile("format=json.*ledger=1"))
    expect(dialog.get_by_text("Saved as")).to_have_count(0)
    pictured(page, "export-json")
    with page.expect_download() as given:
        link.click()
    said = json.loads(given.value.path().read_text())["messages"]
    assert said[0]["content"] == QUESTION and said[1]["calls"]

    dialog.get_by_text("Web page", exact=True).click()
    expect(link).to_have_attribute("href", re.compile("format=html"))
    with page.expect_download() as given:
        link.click()
    kept = tmp_path / "chat.html"
    given.value.save_as(kept)
    alone = page.context.new_page()
    asked: list[str] = []
    alone.on("request", lambda request: asked.append(request.url))
    alone.goto(kept.as_uri())
    expect(alone.get_by_role("paragraph").get_by_text(QUESTION)).to_be_visible()
    expect(alone.locator("b, script")).to_have_count(0)
    pictured(alone, "export-file")
    alone.emulate_media(color_scheme="dark")
    pictured(alone, "export-file-dark")
    assert asked == [kept.as_uri()]


def test_what_goes_wrong_is_said_and_a_plain_link_is_left(parley: Parley, bob: Guest, tab: Open) -> None:
    chat = Chat(tab(bob), parley.url).open()
    page = chat.page
    chat.ask("Say three.")
    chat.wait_whole()
    dialog = opened(page)
    download = dialog.get_by_role("link", name="Download", exact=True)

    page.route("**/api/export*", lambda route: route.fulfill(status=404, body="Not found. It may have been deleted."))
    download.click()
    expect(dialog.get_by_role("alert")).to_have_text("Not found. It may have been deleted.")
    page.unroute("**/api/export*")
    page.route("**/api/export*", lambda route: route.abort())
    dialog.get_by_role("button", name="Try again").click()
    expect(dialog.get_by_role("alert")).to_contain_text("The download broke off.")
    pictured(page, "export-broken")
    page.unroute("**/api/export*")
    with page.expect_download() as given:
        dialog.get_by_role("link", name="Download without progress").click()
    assert given.value.suggested_filename == "Say three.md"

    waiting: list[Route] = []
    page.route("**/api/export*", lambda route: waiting.append(route))  # noqa: PLW0108 - Playwright wants one of its own
    dialog.get_by_role("button", name="Try again").click()
    pictured(page, "export-going")
    dialog.get_by_role("button", name="Cancel").click()
    expect(download).to_be_focused()
    expect(dialog.get_by_role("alert")).to_be_hidden()
    page.unroute("**/api/export*")
