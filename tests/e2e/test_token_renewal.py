"""Bo gets a role while he has two tabs open: both go on, and the token that he had before opens nothing more."""

import httpx2
import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import text

from core.permissions import Role
from core.web.cookies import SESSION
from tests.e2e.conftest import Guest, Open, acting, signed_in
from tests.e2e.served import Parley
from tests.support.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.long]


def cookie_of(context: BrowserContext) -> str:
    [cookie] = [one for one in context.cookies() if one["name"] == SESSION]
    return str(cookie["value"])


def opens(parley: Parley, token: str) -> bool:
    cookie = {"cookie": f"{SESSION}={token}"}
    return httpx2.get(f"{parley.url}/chat", headers=cookie, timeout=60).status_code == 200


def a_minute_passes(parley: Parley) -> None:
    with parley.database() as database, database.transaction() as session:
        session.execute(text("UPDATE auth_sessions SET replaced_until = replaced_until - interval '1 minute'"))


def write(page: Page, line: str) -> None:
    box = page.get_by_label("New task")
    box.fill(line)
    box.press("Enter")
    expect(page.get_by_text(line).first).to_be_visible()


def test_a_new_role_changes_the_token_and_disturbs_no_tab(parley: Parley, tab: Open, ada: Guest) -> None:
    bo = signed_in(parley, "renewed@example.com", "Bo Renewed", Role.STAFF)
    first = tab(bo)
    second = first.context.new_page()
    for page in (first, second):
        page.goto(f"{parley.url}/tasks")
        expect(page.get_by_label("New task")).to_be_visible()
    assert cookie_of(first.context) == bo.token

    with acting(parley, bo) as (app, [his]):
        app.people.set_roles(None, his.user_id, [Role.STAFF, Role.MODERATOR])
    write(second, "Water the ferns")  # over the socket that is open
    first.reload()
    expect(first.get_by_role("link", name="Moderation").first).to_be_visible()
    until(lambda: cookie_of(first.context) != bo.token, patience=60)
    new = cookie_of(first.context)
    first.reload()
    expect(first.get_by_label("New task")).to_be_visible()
    assert cookie_of(first.context) == new, "once"
    assert opens(parley, new) and opens(parley, bo.token), "for a minute, both do"

    a_minute_passes(parley)
    assert not opens(parley, bo.token)
    write(second, "Feed the axolotl")
    write(first, "Call the plumber")
    second.reload()
    expect(second.get_by_text("Call the plumber").first).to_be_visible()
    assert cookie_of(first.context) == new and opens(parley, new)
