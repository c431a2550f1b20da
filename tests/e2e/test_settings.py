"""An admin sets a limit in a window of its own, and somebody meets it; people choose how Parley looks."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Guest, Open
from tests.e2e.served import Parley

pytestmark = [pytest.mark.e2e, pytest.mark.long]

DARK, LIGHT = "rgb(20, 25, 23)", "rgb(255, 255, 255)"


def test_a_limit_is_set_met_and_overtaken(parley: Parley, ada: Guest, tab: Open) -> None:
    settings, other = tab(ada), tab(ada)
    for page in (settings, other):
        page.goto(f"{parley.url}/settings?section=Limits")
        _change(page, "New rooms").click()
        expect(page.get_by_role("dialog").get_by_text("now 30 in one hour")).to_be_visible()
    dialog = settings.get_by_role("dialog")
    count = dialog.get_by_label("So many")
    for typed, sentence in {"0": "A limit of nothing", "ten": "whole number", "9" * 30: "100,000 at most"}.items():
        count.fill(typed)
        dialog.get_by_role("button", name="Set", exact=True).click()
        expect(dialog.get_by_role("alert")).to_contain_text(sentence)
        expect(count).to_have_value(typed)
    count.fill("1")
    dialog.get_by_text("Day", exact=True).click()
    dialog.get_by_role("button", name="Set", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(settings.get_by_text("New rooms · 1 in one day")).to_be_visible()
    expect(settings.get_by_text(re.compile(r"Set by Ada Lovelace on .*Parley's own: 30 in one hour\."))).to_be_visible()

    late = other.get_by_role("dialog")
    late.get_by_label("So many").fill("5")
    late.get_by_role("button", name="Set", exact=True).click()
    expect(late.get_by_role("alert")).to_contain_text("Ada Lovelace changed this after you opened it.")
    expect(late.get_by_label("So many")).to_have_value("5")

    _change(settings, "New rooms").click()
    dialog.get_by_label("So many").fill("")
    dialog.get_by_role("button", name="Set", exact=True).click()
    expect(settings.get_by_text("New rooms · 30 in one hour")).to_be_visible()


def test_a_look_is_chosen_once_and_holds_in_every_browser(parley: Parley, bob: Guest, tab: Open) -> None:
    """The sign-in form of a browser where it was chosen has it too; one without it loads once more, no oftener."""
    first, second = tab(bob), tab(bob)
    first.goto(f"{parley.url}/account")
    expect(first.get_by_text("Appearance")).to_be_visible()
    expect(first.locator(".stApp")).to_have_css("background-color", LIGHT)
    first.get_by_text("Dark", exact=True).click()
    expect(first.locator(".stApp")).to_have_css("background-color", DARK)
    for path in ("/tasks", "/", "/chat"):
        first.goto(f"{parley.url}{path}")
        expect(first.locator(".stApp")).to_have_css("background-color", DARK)
    first.goto(f"{parley.url}/account/sign-out")
    expect(first.locator("body")).to_have_css("background-color", DARK)

    loads: list[str] = []
    second.on("load", lambda page: loads.append(page.url))
    second.goto(f"{parley.url}/tasks")
    expect(second.locator(".stApp")).to_have_css("background-color", DARK)
    expect(second.get_by_role("heading", name="Tasks")).to_be_visible()
    second.goto(f"{parley.url}/account")
    expect(second.get_by_text("Appearance")).to_be_visible()
    expect(second.locator(".stApp")).to_have_css("background-color", DARK)
    assert len(loads) == 3, loads
    second.get_by_text("As the device", exact=True).click()
    expect(second.locator(".stApp")).to_have_css("background-color", LIGHT)


def _change(page: Page, what: str) -> Locator:
    """The button beside that limit."""
    return (
        page.locator('[data-testid="stHorizontalBlock"], [data-testid="stLayoutWrapper"]')
        .filter(has_text=what)
        .last.get_by_role("button", name="Change")
    )
