"""The window's ear and a part that listens to it, in a real browser, with a stream that says what the test says."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

UI = Path(__file__).parents[2] / "core" / "ui"
STAGE = """
<div id="app" data-test-script-state="notRunning"></div><div id="ear"></div>
<script>
  window.told = []
  window.EventSource = class extends EventTarget {
    static CLOSED = 2
    constructor(address) { super(); this.address = address; window.stream = this }
    close() {}
  }
  window.hear = (kind, data) => stream.dispatchEvent(Object.assign(new Event(kind), { data }))
  window.draws = (is) => app.dataset.testScriptState = is ? "running" : "notRunning"
</script>
"""
TELL = "(event, state) => told.push([event, state])"


def code(*names: str, as_: str) -> str:
    text = "".join((UI / name).read_text("utf-8") for name in names)
    return "{" + text.replace("export default", f"window.{as_} =") + "}"


@pytest.fixture
def stage(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    page.set_content(STAGE)
    page.add_script_tag(content=code("popovers.js", "ear.js", as_="makeEar"))
    # Without a value: a function, Playwright would call.
    page.evaluate("void makeEar({ parentElement: document.getElementById('ear') })")
    yield page
    page.close()


def mount(page: Page, part: str, seen: str) -> None:
    """In the place of the one before, in the same moment."""
    page.add_script_tag(content=code("quiet.js", "listening.js", part, as_="part"))
    data = json.dumps({"address": "/api/events?c=1", "seen": seen})
    draw = f"part({{ data, parentElement: document.createElement('p'), setTriggerValue: {TELL} }})"
    page.evaluate(f"data => {{ window.unmount?.(); window.unmount = {draw} }}", data)
    page.wait_for_function("window.stream?.address.startsWith('/api/events?c=1')")


def mount_timed(page: Page, part: str) -> None:
    """The same with a button beside it, and a clock that goes on when the test says so."""
    mount(page, part, "1")
    page.clock.install()
    page.evaluate("document.body.append(document.createElement('button'))")


def told_after(page: Page, act: str, milliseconds: int = 500) -> int:
    """How often the part has told something so long after that."""
    page.evaluate(act)
    page.clock.run_for(milliseconds)
    return len(told(page))


def told(page: Page) -> list[Any]:
    found: list[Any] = page.evaluate("told")
    return found


@pytest.mark.parametrize(("part", "call"), [("live_room.js", ["changed", '[null,"1"]']), ("live.js", ["state", "2"])])
def test_what_a_part_heard_that_went_away_the_next_one_is_told(stage: Page, part: str, call: list[str]) -> None:
    """The server does not say it twice, and the page was being drawn when it came. A room is told which states have
    been drawn, a chat which one is to be."""
    mount(stage, part, "1")
    stage.evaluate("draws(true), hear('changed', '2')")
    mount(stage, part, "1")
    assert told(stage) == []
    stage.evaluate("draws(false)")
    stage.wait_for_function("told.length > 0")
    assert told(stage)[0] == call


def test_a_part_that_draws_what_was_told_is_told_nothing(stage: Page) -> None:
    mount(stage, "live_room.js", "1")
    stage.evaluate("draws(true), hear('changed', '2')")
    mount(stage, "live_room.js", "2")
    stage.evaluate("draws(false)")
    stage.wait_for_timeout(200)  # nothing is what is waited for
    assert told(stage) == []


@pytest.mark.parametrize("part", ["live_room.js", "live.js"])
def test_what_was_clicked_goes_first(stage: Page, part: str) -> None:
    """A run that the part asks for would cut off that of the click, on its way or while it draws."""
    mount_timed(stage, part)
    stage.get_by_role("button").click()
    assert told_after(stage, "hear('changed', '2')", 2_500) == 0
    assert told_after(stage, "draws(true)", 5_000) == 0
    assert told_after(stage, "draws(false)") == 1


def test_the_end_of_a_run_from_before_the_click_is_not_that_of_the_click(stage: Page) -> None:
    """On a slow line it is told when the click has not come to the server yet."""
    mount_timed(stage, "live.js")
    assert told_after(stage, "draws(true), hear('changed', '2')", 200) == 0
    stage.get_by_role("button").click()
    stage.clock.run_for(200)
    assert [told_after(stage, f"draws({is_drawing})") for is_drawing in ("false", "true", "false")] == [0, 0, 1]


def test_who_goes_back_does_go_back(stage: Page) -> None:
    mount(stage, "live.js", "1")
    stage.clock.install()
    stage.evaluate("dispatchEvent(new PopStateEvent('popstate')), hear('changed', '2')")
    stage.clock.run_for(2_500)
    assert told(stage) == []


MAIN = "document.body.insertAdjacentHTML('beforeend', '<main tabindex=0>What was said<label>A task</label></main>')"


@pytest.mark.parametrize("touched", [["main"], ["label", "pointercancel"]])
def test_who_reads_is_told(stage: Page, touched: list[str]) -> None:
    """A touch of a text, or one that becomes a swipe, is no click, however many there are."""
    mount(stage, "live.js", "1")
    stage.clock.install()
    stage.evaluate(MAIN)
    selector, *then = touched
    for act in ("pointerdown", *then):
        stage.locator(selector).dispatch_event(act)
    stage.evaluate("hear('changed', '2')")
    assert len(told(stage)) == 1


def test_a_swipe_after_a_click_takes_nothing_from_it(stage: Page) -> None:
    mount(stage, "live.js", "1")
    stage.clock.install()
    stage.evaluate(MAIN)
    stage.locator("label").click()
    for act in ("pointerdown", "pointercancel"):
        stage.locator("main").dispatch_event(act)
    stage.evaluate("hear('changed', '2')")
    stage.clock.run_for(2_500)
    assert told(stage) == []


def test_a_click_that_asks_for_nothing_holds_news_up_for_three_seconds(stage: Page) -> None:
    mount_timed(stage, "live.js")
    stage.get_by_role("button").click()
    assert [told_after(stage, "hear('changed', '2')", 2_500), told_after(stage, "null", 1_000)] == [0, 1]


def test_what_is_heard_again_is_asked_for_again_until_it_is_drawn(stage: Page) -> None:
    """A stream that begins anew says it, while what was asked for may have been lost."""
    mount(stage, "live.js", "1")
    stage.clock.install()
    stage.evaluate("hear('changed', '2')")
    for asked in (3, 5):
        stage.evaluate("hear('changed', '2')")
        stage.clock.run_for(10_000)
        assert len(told(stage)) == asked


def test_calls_that_come_to_nothing_are_repeated_ever_more_slowly(stage: Page) -> None:
    """A busy machine needs seconds for one, and forgets one of two that come together."""
    mount(stage, "live_room.js", "1")
    stage.clock.install()
    stage.evaluate("hear('changed', '2')")
    assert len(told(stage)) == 1
    stage.clock.run_for(4_500)
    assert len(told(stage)) == 4
    stage.clock.run_for(30_000)
    assert len(told(stage)) == 6
