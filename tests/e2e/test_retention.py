"""An admin says how long groups are kept, sees what that comes to, confirms it, and holds somebody's."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from core import clock
from core.models import ConversationKind
from core.repositories.users import Users
from tests.e2e.conftest import Guest, Open
from tests.e2e.served import Parley
from tests.support.builders import make_conversation, make_messages

pytestmark = [pytest.mark.e2e, pytest.mark.long]


@pytest.fixture
def old_group(parley: Parley, bob: Guest) -> str:
    """Of Bob's, with three messages of long ago. Its id."""
    with parley.database() as database, database.transaction() as session:
        user = Users(session).get_by_email(bob.email)
        assert user
        group = make_conversation(session, user, kind=ConversationKind.GROUP, title="Secret plans", said=3)
        for message in make_messages(session, group, ["One", "Two", "Three"]):
            message.created_at = clock.now() - timedelta(days=100)
            session.add(message)
        return str(group.id)


def test_a_rule_is_confirmed_and_a_hold_placed_and_released(
    parley: Parley, tab: Open, ada: Guest, bob: Guest, old_group: str
) -> None:
    page = tab(ada)
    page.goto(f"{parley.url}/settings?section=Retention")
    dialog = page.get_by_role("dialog")
    page.get_by_role("button", name="Place a hold").click()
    dialog.get_by_text("Conversation", exact=True).click()
    dialog.get_by_role("textbox", name="Its id").fill(old_group)
    dialog.get_by_role("button", name="Place it").click()
    expect(dialog.get_by_text("The reason is empty. Write something first.")).to_be_visible()
    dialog.get_by_role("textbox", name="Reason").fill("Court order")
    dialog.get_by_role("button", name="Place it").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text(f"A group, {old_group}")).to_be_visible()

    foresee(page, "90")
    expect(dialog.get_by_text("At the next run nothing goes yet. 1 conversation is held.")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Release").click()
    dialog.get_by_role("textbox", name="Reason").fill("Settled")
    dialog.get_by_role("button", name="Release it").click()
    expect(page.get_by_text("Nothing is held.")).to_be_visible()

    foresee(page, "90")
    expect(dialog.get_by_text("At the next run 3 messages in 1 conversation go for good")).to_be_visible()
    dialog.get_by_role("button", name="Set", exact=True).click()
    expect(dialog.get_by_text("To confirm it, type the number of days once more: 90.")).to_be_visible()
    dialog.get_by_role("textbox", name="Type 90 once more").fill("90")
    dialog.get_by_role("button", name="Set", exact=True).click()
    expect(page.get_by_text("kept for 90 days")).to_be_visible()
    assert "Secret plans" not in page.content()

    assert "3 messages in 1 conversation went" in parley.command_line("retention", "run")
    visitor = tab(bob)
    visitor.goto(f"{parley.url}/chat?c={old_group}")
    expect(visitor.get_by_text("Messages older than 90 days are not kept.")).to_be_visible()

    page.get_by_role("button", name="Change").nth(2).click()
    dialog.get_by_role("button", name="Keep for good").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("kept for 90 days")).to_be_hidden()


def foresee(page: Page, days: str) -> None:
    """Types how long groups are to be kept."""
    page.get_by_role("button", name="Change").nth(2).click()
    box = page.get_by_role("dialog").get_by_role("textbox", name="Days")
    box.fill(days)
    box.press("Enter")
