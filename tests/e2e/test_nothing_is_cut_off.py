"""What happens elsewhere at the moment of a click takes nothing from the click."""

import re

import pytest
from playwright.sync_api import Page, expect

from core.models import ConversationKind
from core.permissions import Role
from tests.e2e.browsing import Chat
from tests.e2e.conftest import Guest, Open, acting, signed_in
from tests.e2e.rooms import Room
from tests.e2e.served import Parley
from tests.e2e.storyteller import LONG, SHORT, Storyteller

pytestmark = [pytest.mark.e2e, pytest.mark.long]

STREAMS = """
window.streams = []
window.EventSource = class extends EventSource {
  constructor(...of) {
    super(...of)
    window.streams.push(this)
  }
}
"""
SOON = """([kinds, later]) => {
  const tell = () => {
    for (const stream of window.streams)
      for (const [kind, data] of kinds) stream.dispatchEvent(new MessageEvent(kind, { data }))
  }
  const hear = (event) => {
    if (event.type === "keydown" && event.key !== "Enter") return
    for (const kind of ["click", "keydown"]) document.removeEventListener(kind, hear, true)
    setTimeout(tell, later)
  }
  for (const kind of ["click", "keydown"]) document.addEventListener(kind, hear, true)
}"""
LATER = pytest.mark.parametrize("later", [0, 20, 100])
"""Milliseconds after the click: before it has reached the server, while its page is drawn, and afterwards."""
LOST = 10_000.0
"""Milliseconds after which what was clicked isn't still on its way."""


def happens(page: Page, later: int, *kinds: str) -> None:
    """So long after the next click or Enter, the page hears what the server tells when all that was done elsewhere."""
    page.evaluate(SOON, [[[kind, "another" if kind == "changed" else ""] for kind in kinds], later])


@pytest.fixture(scope="module")
def dora(parley: Parley, ada: Guest) -> Guest:
    return signed_in(parley, "dora@example.com", "Dora Doe", Role.STAFF)


@pytest.fixture
def page(dora: Guest, tab: Open) -> Page:
    page = tab(dora)
    page.add_init_script(STREAMS)
    return page


@LATER
def test_a_task(parley: Parley, page: Page, later: int) -> None:
    before, after = f"Shut the gate {later}", f"Open the gate {later}"
    page.goto(f"{parley.url}/tasks")
    field = page.get_by_role("textbox", name="New task")
    field.fill(before)
    happens(page, later, "tasks", "rooms")
    field.press("Enter")
    row = page.locator("[class*='st-key-task_']").filter(has_text=before)
    expect(row).to_have_count(1, timeout=LOST)
    happens(page, later, "tasks")
    row.get_by_role("button").click()
    title = page.get_by_role("textbox", name="Title")
    title.fill(after, timeout=LOST)
    happens(page, later, "tasks")
    title.press("Enter")
    expect(title).to_have_count(0, timeout=LOST)
    expect(page.get_by_role("checkbox", name=re.compile(after))).to_be_visible()
    happens(page, later, "tasks")
    page.get_by_text(after).click()
    expect(page.get_by_text(f"Done: “{after}”.")).to_be_visible(timeout=LOST)


@LATER
def test_questions_that_wait(parley: Parley, page: Page, model: Storyteller, later: int) -> None:
    chat = Chat(page, parley.url).open()
    happens(page, later, "rooms")
    chat.ask(LONG)
    chat.wait_growing(1)
    for number, question in enumerate((SHORT, "And then?"), 2):
        happens(page, later, "changed", "rooms")
        chat.ask(question)
        expect(chat.questions).to_have_count(number, timeout=LOST)
    happens(page, later, "changed", "rooms")
    chat.act(chat.questions.last, "Remove")
    expect(chat.questions).to_have_count(2, timeout=LOST)
    happens(page, later, "changed", "rooms")
    chat.act(chat.questions.last, "Send now")
    chat.wait_whole(2)


@LATER
def test_a_message_in_a_room(parley: Parley, dora: Guest, bob: Guest, page: Page, later: int) -> None:
    with acting(parley, dora, bob) as (app, [hers, his]):
        id_ = app.rooms.create(hers, ConversationKind.GROUP, f"Gate {later}", user_ids=[his.user_id])
    room = Room(page, parley.url, id_).open()
    for text in ("It is open.", "It is shut."):
        happens(page, later, "changed", "grown", "rooms")
        room.say(text)
        expect(room.said(text)).to_be_visible(timeout=LOST)
    happens(page, later, "changed", "rooms")
    room.row("It is shut.").get_by_role("button", name="Reply").click()
    expect(page.get_by_text("Replying to")).to_be_visible(timeout=LOST)
