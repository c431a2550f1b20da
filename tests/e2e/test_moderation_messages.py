"""Several messages that nobody reported: found, deleted together, gone for who has the room open, and undone."""

import re
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from core.models import ConversationKind
from core.permissions import Role
from tests.e2e.browsing import table_of
from tests.e2e.conftest import Guest, Open, acting, signed_in
from tests.e2e.rooms import SOON, Room
from tests.e2e.served import Parley

pytestmark = [pytest.mark.e2e, pytest.mark.long]

SPAM = ("Buy zwiebacks, cheap", "More zwiebacks, cheaper")
REASON = "Advertising, by letters: e x u j k q"
HEADER, LINE = 36, 35
"""Pixels: the heights of a table's head and of each line."""


@pytest.fixture(scope="module")
def di(parley: Parley, ada: Guest) -> Guest:
    """A moderator, who is in no room."""
    return signed_in(parley, "di@example.com", "Di Minton", Role.MODERATOR)


@pytest.fixture
def room(parley: Parley, nothing_reported: None, ada: Guest, bob: Guest) -> UUID:
    """A company room in which Bob said it, and a group in which he said it too."""
    with acting(parley, ada, bob) as (app, (hers, his)):
        room = app.rooms.create(hers, ConversationKind.COMPANY, "Market", user_ids=[his.user_id])
        group = app.rooms.create(hers, ConversationKind.GROUP, "Back room", user_ids=[his.user_id])
        for words in SPAM:
            app.talk.send(his, room, words)
            app.talk.send(his, group, words)
        app.talk.send(hers, room, "And zwiebacks for tea")
        return room


def test_two_are_deleted_together_and_undone(parley: Parley, ada: Guest, di: Guest, room: UUID, tab: Open) -> None:
    hers = Room(tab(ada), parley.url, room).open()
    expect(hers.said(SPAM[0])).to_be_visible()
    desk = tab(di)
    desk.goto(f"{parley.url}/moderation")
    desk.get_by_role("radio", name="Messages").click()
    field = desk.get_by_test_id("stMainBlockContainer").get_by_role("searchbox", name="Search")
    field.fill("zwieback")
    field.press("Enter")
    expect(desk).to_have_url(re.compile("q=zwieback"))
    expect(desk.get_by_text("Back room")).to_have_count(0)
    tick(desk, 1, 2)
    desk.get_by_role("button", name="Delete").click()
    dialog = desk.get_by_role("dialog")
    expect(dialog.get_by_text("2 messages")).to_be_visible()
    dialog.get_by_role("button", name="Delete").click()
    expect(dialog.get_by_text("The reason is empty.")).to_be_visible()
    dialog.get_by_label("Reason").press_sequentially(REASON)  # its letters are no commands there
    dialog.get_by_role("button", name="Delete").click()
    expect(desk.get_by_text("2 messages deleted.")).to_be_visible()
    for words in SPAM:
        expect(hers.said(words)).to_have_count(0, timeout=SOON)
    expect(hers.page.get_by_text(f"Message deleted by a moderator · {REASON}")).to_have_count(2)
    expect(hers.said("And zwiebacks for tea")).to_be_visible()

    desk.get_by_role("button", name="Undo").click()
    expect(desk.get_by_text("2 messages restored.")).to_be_visible()
    for words in SPAM:
        expect(hers.said(words)).to_be_visible(timeout=SOON)

    desk.keyboard.press("j")
    expect(desk.get_by_role("link", name="In “Market”")).to_be_visible()
    desk.keyboard.press("j")
    expect(desk.get_by_text("restored the message").first).to_be_visible()
    desk.keyboard.press("x")
    expect(desk.get_by_role("dialog").get_by_text(SPAM[1])).to_be_visible()
    with parley.database() as database, database.reading() as session:
        statement = text(
            "SELECT action, count(*) FROM audit_events WHERE after @> '{\"together\": true}' AND target_id IN "
            "(SELECT id FROM messages WHERE conversation_id = :room) GROUP BY action"
        )
        assert {row[0]: row[1] for row in session.execute(statement, {"room": room})} == {
            "moderation:delete": 2,
            "moderation:restore": 2,
        }


def tick(desk: Page, *lines: int) -> None:
    for count, line in enumerate(lines, 1):
        table_of(desk).click(position={"x": 17, "y": HEADER + LINE * line + LINE // 2})
        expect(desk.get_by_text(f"{count} selected")).to_be_visible()
