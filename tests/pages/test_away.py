"""PostgreSQL goes away under an open page: the page waits for it, and nobody has to click."""

import logging
from collections.abc import Callable, Collection
from uuid import UUID

import pytest

from core.errors import DatabaseUnavailable
from core.permissions import Actor
from core.services.accounts import AccountService
from core.ui import away
from core.ui.failures import WHILE_AWAY
from tests.pages.visitor import Desk, sentences, text_of, visit
from tests.support.passwords import QuickPasswords


class LosingAccounts(AccountService):
    """PostgreSQL as it is met by those who ask who somebody is: away at these of their questions."""

    def __init__(self, desk: Desk, away_at: Collection[int]) -> None:
        super().__init__(desk.database, desk.application.settings, QuickPasswords())
        self.away_at = away_at
        self.asked = 0

    def actor(self, session_id: UUID) -> Actor:
        self.asked += 1
        if self.asked in self.away_at:
            raise DatabaseUnavailable
        return super().actor(session_id)


Lose = Callable[[Collection[int]], LosingAccounts]


@pytest.fixture
def lose(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Lose:
    monkeypatch.setattr(away, "LOOK_AGAIN", (0.01, 0.02))

    def lose(away_at: Collection[int]) -> LosingAccounts:
        desk.application.accounts = accounts = LosingAccounts(desk, away_at)
        return accounts

    return lose


def test_a_page_that_begins_while_postgres_is_away_waits_for_it(
    desk: Desk, lose: Lose, caplog: pytest.LogCaptureFixture
) -> None:
    person = desk.staff(display_name="Ada Lovelace")
    accounts = lose(range(1, 6))
    browser = visit(person)
    assert accounts.asked > 5
    assert "Hello, Ada" in text_of(browser)
    assert sentences(browser) == []
    assert not [record for record in caplog.records if record.levelno > logging.WARNING]


def test_a_page_that_loses_postgres_in_the_middle_is_drawn_anew(
    desk: Desk, lose: Lose, caplog: pytest.LogCaptureFixture
) -> None:
    """The shell asks first, then the page."""
    person = desk.staff(display_name="Ada Lovelace")
    lose([2, 3, 4])
    browser = visit(person)
    assert "Hello, Ada" in text_of(browser)
    assert sentences(browser) == []
    assert away.RESTARTS not in browser.session_state
    assert not [record for record in caplog.records if record.levelno > logging.WARNING]


def test_a_page_that_asks_too_much_of_postgres_says_so_in_the_end(
    desk: Desk, lose: Lose, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(away, "MOST_RESTARTS", 1)
    person = desk.staff()
    accounts = lose(range(2, 100, 2))
    browser = visit(person)
    assert accounts.asked == 4
    assert browser.exception  # on a server `show_unexpected` says what it was


def test_what_was_typed_is_given_back_when_it_could_not_be_sent(desk: Desk, lose: Lose) -> None:
    person = desk.staff()
    browser = visit(person, "chat.py")
    lose([1, 2, 3])
    browser.chat_input[0].set_value("a thought").run()
    assert sentences(browser) == [WHILE_AWAY]
    box = browser.chat_input[0].proto
    assert box.set_value and box.value == "a thought"
