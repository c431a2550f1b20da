"""From a case into its conversation: a moderator gives a reason and reads, the people of it see that, and it ends."""

from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from core.models import ConversationKind, ReportReason
from core.permissions import Role
from tests.e2e.conftest import Guest, Open, acting, signed_in
from tests.e2e.rooms import SOON, Room
from tests.e2e.served import Parley

pytestmark = [pytest.mark.e2e, pytest.mark.long]

WHY = "The report says that it began earlier"
READ = "A moderator read in this conversation"


@pytest.fixture(scope="module")
def una(parley: Parley, ada: Guest) -> Guest:
    """A moderator, who is in no room."""
    return signed_in(parley, "una@example.com", "Una Looker", Role.MODERATOR)


@pytest.fixture
def room(parley: Parley, nothing_reported: None, ada: Guest, bob: Guest) -> UUID:
    """A group in which much was said before what was reported."""
    with acting(parley, ada, bob) as (app, (hers, his)):
        room = app.rooms.create(hers, ConversationKind.GROUP, "Cellar", user_ids=[his.user_id])
        for number in range(1, 41):
            app.talk.send(hers, room, f"Said before, number {number}.")
        app.reports.report(hers, app.talk.send(his, room, "Quite bad").message_id, ReportReason.OTHER)
        return room


def test_access_is_asked_for_told_of_and_over(
    parley: Parley, ada: Guest, bob: Guest, una: Guest, room: UUID, tab: Open
) -> None:
    hers, desk = Room(tab(ada), parley.url, room).open(), tab(una)
    expect(hers.page.get_by_text(READ)).to_have_count(0)
    desk.goto(f"{parley.url}/moderation")
    desk.get_by_role("button", name="Open the first").click()
    expect(desk.get_by_text("Said before, number 40.")).to_be_visible()
    expect(desk.get_by_text("Cellar")).to_have_count(0)
    ask(desk, "See more of this conversation", "why")
    dialog = desk.get_by_role("dialog")
    expect(dialog.get_by_text("Say in a few words why.")).to_be_visible()
    dialog.get_by_label("Reason").fill(WHY)
    dialog.get_by_role("button", name="Read it").click()
    expect(desk.get_by_text("Cellar")).to_be_visible()
    expect(desk.get_by_text("Said before, number 20.")).to_be_attached()
    expect(desk.get_by_text("Said before, number 1.", exact=True)).to_have_count(0)

    expect(hers.page.get_by_text(READ)).to_be_visible(timeout=SOON)
    desk.get_by_role("button", name="Earlier messages").click()
    expect(desk.get_by_text("Said before, number 1.", exact=True)).to_be_attached()

    his = tab(bob)
    his.goto(parley.url)
    expect(his.get_by_text(f"Una Looker, a moderator, read one of your groups. Reason: {WHY}")).to_be_visible()
    his.get_by_role("button", name="Who looked").click()
    expect(his.get_by_role("dialog").get_by_text("Una Looker")).to_be_visible()
    header = hers.page.get_by_test_id("stMainBlockContainer").get_by_test_id("stMenuButtonButton")
    header.click()
    hers.page.get_by_text("Who looked", exact=True).last.click()
    looked = hers.page.get_by_role("dialog")
    expect(looked.get_by_text(f"“{WHY}”")).to_be_visible()
    expect(looked.get_by_text("messages, said")).to_have_count(2)

    expire(parley, left=timedelta(seconds=5))
    desk.reload()
    expect(desk.get_by_text("What you see stays until you go on")).to_be_visible()
    expect(desk.get_by_text("Said before, number 1.", exact=True)).to_be_attached()
    desk.reload()
    expect(desk.get_by_text("To read on, ask again.")).to_be_visible()
    expect(desk.get_by_text("Said before")).to_have_count(0)
    ask(desk, "Ask again", f"{WHY}, still")
    expect(desk.get_by_text("Said before, number 1.", exact=True)).to_be_attached()
    desk.get_by_role("button", name="I'm done").click()
    expect(desk.get_by_text("You have no access to a private conversation")).to_be_visible()
    assert done(parley) == ["grant", "read", "read", "grant", "read", "end"]


def ask(desk: Page, label: str, why: str) -> None:
    desk.get_by_role("button", name=label).click()
    dialog = desk.get_by_role("dialog")
    dialog.get_by_label("Reason").fill(why)
    dialog.get_by_role("button", name="Read it").click()


def expire(parley: Parley, *, left: timedelta) -> None:
    with parley.database() as database, database.transaction() as session:
        session.execute(text("UPDATE access_grants SET expires_at = now() + :left"), {"left": left})


def done(parley: Parley) -> list[str]:
    with parley.database() as database, database.reading() as session:
        statement = "SELECT action FROM audit_events WHERE action LIKE 'access:%' ORDER BY sequence"
        return [action.partition(":")[2] for action in session.execute(text(statement)).scalars()]
