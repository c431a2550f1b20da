"""The usage page as an analyst meets it: narrowed, switched, followed down to the calls, and taken along."""

import csv
import os
import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from core import clock
from core.repositories.users import Users
from tests.e2e.conftest import Guest, Open
from tests.e2e.served import Parley
from tests.support.usage import book, make_call

pytestmark = [pytest.mark.e2e, pytest.mark.long]

LARGE, SMALL = 3, 2
"""Calls of yesterday noon."""
WEEK = "/usage?model=large&model=small&period=7d"
"""Of these alone: other tests on the same server may have asked its model, which is a series of its own."""


@pytest.fixture(scope="module")
def spent(parley: Parley, ada: Guest, bob: Guest) -> None:
    """By Bob, yesterday; Ada is the admin."""
    with parley.database() as database, database.transaction() as session:
        user = Users(session).get_by_email(bob.email)
        assert user
        noon = (clock.now() - timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
        calls = [make_call(user.company_id, user.id, noon + timedelta(minutes=number)) for number in range(LARGE)]
        calls += [make_call(user.company_id, user.id, noon, model="small", cost=Decimal("0.5")) for _ in range(SMALL)]
        book(session, *calls)


def opened(page: Page, url: str) -> Locator:
    """The bars of the main chart."""
    page.goto(url)
    bars = page.get_by_test_id("stPlotlyChart").first.locator(".barlayer .trace")
    expect(bars.first).to_be_visible()
    return bars


def click(page: Page, bar: Locator) -> None:
    """In its middle: Plotly has a layer for the mouse above all bars."""
    bar.scroll_into_view_if_needed()
    handle = bar.element_handle()
    handle.wait_for_element_state("stable")
    box = handle.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".hoverlayer > *").first).to_be_attached()  # Plotly takes a click where it shows a hint
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def tile(page: Page, name: str) -> Locator:
    return page.get_by_test_id("stMetric").filter(has_text=name).get_by_test_id("stMetricValue")


RED_GREEN_BLUE = "colour => colour.match(/[0-9.]+/g).slice(0, 3).map(Number)"


def contrast(one: list[float], other: list[float]) -> float:
    """As WCAG 2 has it."""

    def light(colour: list[float]) -> float:
        parts = [part / 255 for part in colour]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    dark, bright = sorted((light(one), light(other)))
    return (bright + 0.05) / (dark + 0.05)


def pictured(page: Page, name: str) -> None:
    """Kept where the variable says, for looking at."""
    if folder := os.environ.get("PICTURES"):
        page.wait_for_timeout(800)
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def test_from_the_month_to_the_calls_of_a_day_and_to_a_file(parley: Parley, ada: Guest, tab: Open, spent: None) -> None:
    page = tab(ada)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(parley.url)
    page.get_by_role("link", name="Usage").click()
    expect(page.get_by_role("heading", name="Usage")).to_be_visible()
    expect(tile(page, "Cost")).to_have_text("$4.00")
    expect(page.get_by_role("figure", name=re.compile("^Cost by model, .*, .4.00$"))).to_be_visible()

    # Narrowed by the filters, and by the address.
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name="small").click()
    expect(page).to_have_url(re.compile(r"model=small"))
    expect(tile(page, "Cost")).to_have_text("$1.00")
    again = tab(ada)
    again.goto(page.url)
    expect(tile(again, "Cost")).to_have_text("$1.00")
    page.go_back()

    # Another chart, then the bar of a model: its calls of that day.
    bars = opened(page, f"{parley.url}{WEEK}")
    page.get_by_text("Cost by purpose", exact=True).click()
    expect(page).to_have_url(re.compile(r"chart=cost-by-purpose"))
    expect(bars).to_have_count(1)
    page.get_by_text("Cost by model", exact=True).click()
    expect(bars).to_have_count(2)
    click(page, bars.nth(1).locator(".point").nth(5))
    expect(page.get_by_role("heading", name=re.compile(r"^Calls · .* · small$"))).to_be_visible()
    expect(page).to_have_url(re.compile(r"calls=1&at=\d{4}-.*&of=small$"))
    page.wait_for_timeout(1_500)
    expect(page.get_by_role("heading", name=re.compile(r"^Calls"))).to_be_visible()  # nothing carried us back

    page.get_by_role("button", name="Download", exact=True).click()
    dialog = page.get_by_role("dialog")
    with page.expect_download() as given:
        dialog.get_by_role("link", name="Download", exact=True).click()
    lines = list(csv.DictReader(given.value.path().read_text().splitlines()))
    assert [line["model"] for line in lines] == ["small"] * SMALL
    assert sum(Decimal(line["cost"]) for line in lines) == 1
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Back to the figures").click()
    expect(tile(page, "Cost")).to_have_text("$4.00")
    page.wait_for_timeout(1_500)
    expect(page).not_to_have_url(re.compile("calls="))  # the bar that was clicked doesn't lead there again
    expect(bars).to_have_count(2)


def test_the_calls_of_a_day_by_keyboard_alone(parley: Parley, ada: Guest, tab: Open, spent: None) -> None:
    page = tab(ada)
    opened(page, f"{parley.url}{WEEK}")
    page.get_by_role("button", name="Calls", exact=True).focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("combobox", name="When")).to_be_visible()
    chosen = {"When": f"{LARGE + SMALL} calls", "Model": "small"}
    for label, typed in chosen.items():
        box = dialog.get_by_role("combobox", name=label)
        step_to(page, box)
        page.keyboard.type(typed)
        expect(page.get_by_role("option")).to_have_count(1)
        page.keyboard.press("Enter")
        expect(box).to_have_value(re.compile(typed))
    step_to(page, dialog.get_by_role("button", name="List calls"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile(r"^Calls · .* · small$"))).to_be_visible()
    expect(page).to_have_url(re.compile(r"calls=1&at=\d{4}-.*&of=small$"))


def test_filters_are_set_by_keyboard_alone(parley: Parley, ada: Guest, tab: Open, spent: None) -> None:
    page = tab(ada)
    opened(page, f"{parley.url}/usage?period=7d")
    page.wait_for_function("window.parleyPopovers")
    button = page.get_by_role("button", name="Filters")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="Model")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")  # closes it
    expect(page.get_by_role("combobox", name="Model")).to_have_count(0)
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="Model")).to_be_focused()
    page.keyboard.type("small")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"model=small"))
    expect(tile(page, "Cost")).to_have_text("$1.00")
    step_to(page, page.get_by_role("button", name="Clear these"))
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="UTC")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(button).to_be_focused()


def step_to(page: Page, control: Locator) -> None:
    for _ in range(6):
        page.keyboard.press("Tab")
        if control.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"not reached by Tab: {control}")


FITS = """table => [...table.querySelectorAll('.dvn-scroller')].every(one => one.scrollWidth === one.clientWidth)"""


@pytest.mark.parametrize("what", ["period=7d", "calls=1"])  # of these models alone, as above
def test_tables_fit_a_laptop_and_are_files_by_our_route_only(
    parley: Parley, ada: Guest, tab: Open, spent: None, what: str
) -> None:
    page = tab(ada)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{parley.url}/usage?model=large&model=small&{what}")
    tables = page.get_by_test_id("stDataFrame")
    expect(tables).to_have_count(2 if "period" in what else 1)
    for table in tables.all():
        expect(table.locator(".dvn-scroller")).to_be_visible()
        page.wait_for_function(FITS, arg=table.element_handle())
        table.hover()
        expect(page.get_by_role("button", name="Search").last).to_be_visible()
        expect(page.get_by_role("button", name="Download as CSV")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_readable_in_both_themes(parley: Parley, bob: Guest, tab: Open, spent: None, scheme: str) -> None:
    page = tab(bob)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, f"{parley.url}/usage?period=7d")
    expect(page.get_by_role("heading", name="My usage")).to_be_visible()
    expect(page.get_by_text("People", exact=True)).to_have_count(0)
    label = page.get_by_test_id("stPlotlyChart").first.locator(".ytick text").first
    ink = label.evaluate(f"text => ({RED_GREEN_BLUE})(getComputedStyle(text).fill)")
    ground = page.get_by_test_id("stApp").evaluate(f"app => ({RED_GREEN_BLUE})(getComputedStyle(app).backgroundColor)")
    assert contrast(ink, ground) >= 3 and (sum(ground) < 3 * 64) is (scheme == "dark")
    paper = page.get_by_test_id("stPlotlyChart").first.locator(".main-svg").first
    assert "rgba(0, 0, 0, 0)" in paper.evaluate("svg => getComputedStyle(svg).backgroundColor")
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
    pictured(page, f"usage-390-{scheme}")
