"""Tasks in a browser: added in a line, ticked, taken back, edited, seen at once by whom they are for."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Guest, Open
from tests.e2e.served import Parley

pytestmark = [pytest.mark.e2e, pytest.mark.long]


def opened(parley: Parley, page: Page) -> Page:
    page.goto(f"{parley.url}/tasks")
    expect(page.get_by_role("heading", name="Tasks", exact=True)).to_be_visible()
    return page


def test_a_task_for_somebody_reaches_their_open_page(parley: Parley, ada: Guest, bob: Guest, tab: Open) -> None:
    mine, theirs = opened(parley, tab(ada)), opened(parley, tab(bob))
    field = mine.get_by_role("textbox", name="New task")
    field.fill("Fetch the rye @Bob today")
    field.press("Enter")
    expect(mine.get_by_text("Added “Fetch the rye” for Bob Boole, due today.")).to_be_visible()
    expect(field).to_have_value("")
    expect(theirs.get_by_text("Fetch the rye")).to_be_visible()
    theirs.wait_for_function("document.documentElement.style.getPropertyValue('--parley-due').includes('1 due')")
    theirs.get_by_text("Fetch the rye").click()
    expect(theirs.get_by_text("Done: “Fetch the rye”.")).to_be_visible()
    expect(mine.get_by_text("Today · 1")).to_have_count(0)
    theirs.wait_for_function("!document.documentElement.style.getPropertyValue('--parley-due')")
    theirs.get_by_role("button", name="Undo").click()
    expect(mine.get_by_text("Today · 1")).to_be_visible()
    expect(theirs.get_by_role("checkbox", name=re.compile("Fetch the rye"))).not_to_be_checked()


def test_a_task_is_kept_over_a_refresh_and_changed_in_its_place(parley: Parley, ada: Guest, tab: Open) -> None:
    page = opened(parley, tab(ada))
    field = page.get_by_role("textbox", name="New task")
    field.fill("Write the plan tomorrow")
    field.press("Enter")
    expect(page.get_by_text("Added “Write the plan”, due tomorrow.")).to_be_visible()
    page.reload()
    row = page.locator("[class*='st-key-task_']").filter(has_text="Write the plan").last
    row.get_by_role("button").click()
    title = page.get_by_role("textbox", name="Title")
    title.fill("Write the better plan")
    title.press("Enter")
    expect(page.get_by_role("checkbox", name=re.compile("Write the better plan"))).to_be_visible()
    expect(page.get_by_role("textbox", name="Title")).to_have_count(0)
    field.fill("Ask @nobody")
    field.press("Enter")
    expect(page.get_by_text("Nobody here is called “nobody”.")).to_be_visible()
    expect(field).to_have_value("Ask @nobody")


def test_what_is_typed_stays_when_somebody_else_ticks_the_task_off(
    parley: Parley, ada: Guest, bob: Guest, tab: Open
) -> None:
    mine, theirs = opened(parley, tab(ada)), opened(parley, tab(bob))
    field = mine.get_by_role("textbox", name="New task")
    field.fill("Oil the gate @Bob")
    field.press("Enter")
    row = mine.locator("[class*='st-key-task_']").filter(has_text="Oil the gate").last
    row.get_by_role("button").click()
    description = mine.get_by_role("textbox", name="Description")
    description.fill("With the good oil")
    theirs.get_by_text("Oil the gate").click()
    expect(theirs.get_by_text("Done: “Oil the gate”.")).to_be_visible()
    expect(mine.get_by_text("Someday", exact=False)).to_have_count(0)
    expect(description).to_have_value("With the good oil")
    for seen in (1, 0):
        mine.get_by_role("button", name="Save").click()
        expect(mine.get_by_text("By now it is “Oil the gate”, done")).to_have_count(seen)
    expect(description).to_have_count(0)


def test_a_task_is_added_and_done_with_the_keyboard_alone(parley: Parley, ada: Guest, tab: Open) -> None:
    page = opened(parley, tab(ada))
    reach(page, "document.activeElement.getAttribute('aria-label') === 'New task'")
    page.keyboard.type("Sweep the yard")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Added “Sweep the yard”.")).to_be_visible()
    reach(page, "document.activeElement.closest('label')?.textContent.includes('Sweep the yard')")
    page.keyboard.press("Space")
    expect(page.get_by_text("Done: “Sweep the yard”.")).to_be_visible()
    reach(page, "document.activeElement.matches('button') && document.activeElement.textContent.includes('Undo')")
    page.keyboard.press("Enter")
    expect(page.get_by_role("checkbox", name=re.compile("Sweep the yard"))).not_to_be_checked()


def reach(page: Page, condition: str) -> None:
    for _ in range(80):
        if page.evaluate(f"Boolean({condition})"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach where {condition}")
