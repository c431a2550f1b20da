"""Who sees which page: the whole grid, and everybody who sees nothing."""

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from core import clock
from core.config import ROOT
from core.permissions import DENIALS, Permission, Role
from core.services.people import PeopleService
from tests.grid import rows
from tests.pages.visitor import ENTRY, ID_ELSEWHERE, Desk, Person, browser_at, sentences, text_of, visit
from tests.support.builders import make_conversation
from tests.support.passwords import QuickPasswords

STAFF, ANALYST, MODERATOR, ADMIN = Role.STAFF, Role.ANALYST, Role.MODERATOR, Role.ADMIN
SIGNED_OUT = "You are signed out. Sign in to go on."
ALL, NONE = tuple(Role), tuple[Role, ...]()
TITLES = {
    "home.py": "Hello, Ada",
    "chat.py": "What can I do for you, Ada?",
    "browse.py": "Conversations",
    "tasks.py": "Tasks",
    "usage.py": "Usage",
    "moderation.py": "Moderation",
    "audit.py": "Audit",
    "account.py": "Account",
    "people.py": "People",
    "settings.py": "Settings",
}
DENIED = "Not for your role"
PAGES = list(TITLES)
ROWS = {row.name: row for row in rows.PAGES}


def named(value: object) -> str:
    return "+".join(value) or "none" if isinstance(value, tuple) else str(value)


def assert_shown_or_denied(browser: AppTest, page: str, roles: tuple[Role, ...]) -> None:
    assert not browser.exception
    lacking = ROWS[page].lacking(roles)
    if lacking is None:
        own = {"usage.py": {"My usage"}, "audit.py": {"My actions"}}.get(page, set())
        assert browser.title[0].value in {TITLES[page], *own}
        assert not set(sentences(browser)) & set(DENIALS.values())
    else:
        assert [title.value for title in browser.title] == [DENIED]
        assert sentences(browser) == [DENIALS[lacking]]
        assert not browser.chat_input and not browser.form


def test_every_page_is_tried() -> None:
    assert set(PAGES) == set(ROWS), "give the page its row in tests/grid/surfaces.py, and its title here"


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("roles", [*((role,) for role in Role), ALL, NONE], ids=named)
def test_a_page_is_shown_or_says_why_not(desk: Desk, page: str, roles: tuple[Role, ...]) -> None:
    ada = desk.person(*roles, display_name="Ada Lovelace")
    assert_shown_or_denied(visit(ada, page), page, roles)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("roles", [ALL, NONE], ids=named)
def test_each_page_asks_by_itself_whoever_ran_it(desk: Desk, page: str, roles: tuple[Role, ...]) -> None:
    """Without the entry script in front of it, as in Streamlit's own discovery of a folder named pages."""
    ada = desk.person(*roles, display_name="Ada Lovelace")
    visit(ada)  # the pages' links are made in a run of the entry script
    assert_shown_or_denied(browser_at(ROOT / "pages" / page, ada).run(), page, roles)


ENDS: dict[str, Callable[[Desk, Person], object]] = {
    "signed out": lambda desk, who: desk.application.accounts.sign_out(who.session_id),
    "signed out everywhere": lambda desk, who: desk.application.accounts.sign_out_everywhere(who.actor),
    "deactivated": lambda desk, who: PeopleService(desk.database, QuickPasswords()).deactivate(None, who.user.id),
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("end", ENDS)
def test_an_open_page_ends_with_its_session(desk: Desk, page: str, end: str) -> None:
    desk.person(ADMIN)  # the last one can't be deactivated
    ada = desk.person(STAFF, MODERATOR, ADMIN, display_name="Ada Lovelace")
    browser = visit(ada, page)
    assert browser.title[0].value == TITLES[page]
    ENDS[end](desk, ada)
    for again in (browser.run(), visit(ada, "home.py")):
        assert sentences(again) == [SIGNED_OUT]
        assert "/account/sign-in" in text_of(again) and not again.markdown
        assert "Lovelace" not in text_of(again) and not again.title and not again.chat_input


def test_an_expired_session_ends_as_well(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = desk.staff()
    later = clock.now() + timedelta(days=desk.application.settings.session_idle_days, minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert sentences(visit(ada)) == [SIGNED_OUT]


@pytest.mark.parametrize(
    "user",
    [
        {},
        {"app_uid": "", "app_sid": ""},
        {"app_sid": "nonsense"},
        {"app_sid": ID_ELSEWHERE},
        {"app_uid": ID_ELSEWHERE},
        {"email": "ada@example.com", "is_logged_in": True},
    ],
    ids=str,
)
def test_whoever_the_gate_does_not_know_gets_only_the_sentence(desk: Desk, user: dict[str, object]) -> None:
    browser = browser_at(ENTRY, None)
    browser.user = user
    browser.run()
    assert not browser.exception
    assert sentences(browser) == [SIGNED_OUT]
    assert not browser.title and not browser.chat_input


def test_the_person_alone_grants_nothing_without_their_session(desk: Desk) -> None:
    ada, bob = desk.staff(), desk.staff(display_name="Bob")
    browser = browser_at(ENTRY, ada)
    browser.user = {"app_uid": str(ada.user.id), "app_sid": str(bob.session_id)}
    assert browser.run().title[0].value == "Hello, Bob"
    browser.user = {"app_uid": str(ada.user.id)}
    assert sentences(browser.run()) == [SIGNED_OUT]


ACTS: dict[str, Callable[[AppTest], object]] = {
    "ask": lambda browser: browser.chat_input[0].set_value("May I?"),
    "archive": lambda browser: browser.menu_button(key="chat_menu").click("Archive"),
    "delete": lambda browser: browser.menu_button(key="chat_menu").click("Delete"),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_role_taken_away_acts_at_the_next_run(desk: Desk, act: str) -> None:
    """A click's callback runs before the page asks who is there: it must not go by who was there last time."""
    ada = desk.staff(display_name="Ada Lovelace")
    with desk.database.transaction() as session:
        conversation = make_conversation(session, ada.user)
    browser = visit(ada, "chat.py", c=conversation.id)
    PeopleService(desk.database, QuickPasswords()).set_roles(None, ada.user.id, [ANALYST])
    ACTS[act](browser)
    browser.run()
    assert not browser.exception and not browser.chat_input
    assert DENIALS[Permission.CHAT_USE] in sentences(browser)
    assert [line.id for line in desk.application.conversations.list_recent(ada.actor)] == [conversation.id]
    assert desk.messages(ada, conversation.id) == ()


def test_an_unexpected_error_shows_a_reference_and_the_log_has_the_rest(caplog: pytest.LogCaptureFixture) -> None:
    def page() -> None:
        from core.ui.failures import show_unexpected

        assert show_unexpected(RuntimeError("a secret detail"))

    browser = AppTest.from_function(page).run()
    assert not browser.exception
    [sentence] = sentences(browser)
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    reference = record.getMessage().removeprefix("page_crashed reference=")
    assert sentence == (
        f"Something went wrong here. Reload the page; if it stays, tell an admin the reference **{reference}**."
    )
    assert record.exc_info and "a secret detail" in str(record.exc_info[1])
    assert "secret" not in text_of(browser) and "Traceback" not in text_of(browser)


@pytest.mark.parametrize(
    ("error", "is_logged"), [("NotFound", False), ("Misconfigured", True), ("DatabaseUnavailable", False)]
)
def test_an_error_of_ours_shows_its_own_sentence(error: str, is_logged: bool, caplog: pytest.LogCaptureFixture) -> None:
    def page(name: str) -> None:
        from core import errors
        from core.ui.failures import show_unexpected

        show_unexpected(getattr(errors, name)())

    from core import errors

    browser = AppTest.from_function(page, args=(error,)).run()
    assert sentences(browser) == [getattr(errors, error).sentence]
    assert bool([record for record in caplog.records if record.levelno == logging.ERROR]) is is_logged
