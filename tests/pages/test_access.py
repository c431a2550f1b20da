"""The tab Grants, reading under one, and where the people of a conversation see it. Dialogs are driven in tests/e2e."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from core.models import Conversation, ConversationKind
from core.permissions import Role
from core.ui import access_address
from tests.pages.visitor import ENTRY, Desk, Person, browser_at, go, sentences, text_of, visit
from tests.support.builders import make_messages

SECRET = "Vault of titles"
WHY = "They said :red[x] $5 that <b>more</b> is above"


class House:
    def __init__(self, desk: Desk) -> None:
        self.desk, self.app = desk, desk.application
        self.mo = desk.person(Role.MODERATOR, display_name="Mo")
        self.bo, self.cy = desk.staff(display_name="Bo"), desk.staff(display_name="Cy")
        self.room = self.app.rooms.create(self.bo.actor, ConversationKind.GROUP, SECRET, user_ids=[self.cy.user.id])
        with desk.database.transaction() as session:
            room = session.get_one(Conversation, self.room)
            make_messages(session, room, [f"Number {number}." for number in range(1, 41)])

    def take(self) -> UUID:
        return self.app.access_grants.take(self.mo.actor, str(self.room), WHY)

    def move(self, back: timedelta) -> None:
        """As if every grant had been taken earlier."""
        statement = "UPDATE access_grants SET created_at = created_at - :by, expires_at = expires_at - :by"
        with self.desk.database.transaction() as session:
            session.execute(text(statement), {"by": back})


@pytest.fixture
def house(desk: Desk) -> House:
    return House(desk)


def opened(who: Person, **query: object) -> AppTest:
    browser = go(browser_at(ENTRY, who), "moderation.py", **{access_address.TAB: access_address.GRANTS} | query)
    assert not browser.exception
    return browser


def test_the_tab_has_ones_own_and_everybodys_without_titles(house: House) -> None:
    empty = opened(house.mo)
    assert any("You have no access" in one.value for one in empty.markdown)
    assert any("Nobody has asked" in one.value for one in empty.markdown)
    house.take()
    browser = opened(house.mo)
    assert any("**Group of Bo**" in one.value and "30 min left" in one.value for one in browser.markdown)
    [line] = browser.dataframe[0].value.to_dict("records")
    assert (line["Moderator"], line["Conversation"], line["Reason"]) == ("Mo", "Group of Bo · in force", WHY)
    other = opened(house.desk.person(Role.MODERATOR))
    assert any("You have no access" in one.value for one in other.markdown)
    assert len(other.dataframe[0].value) == 1
    assert SECRET not in text_of(browser) + text_of(other)


def test_reading_goes_on_page_by_page_and_ends_with_done(house: House) -> None:
    house.take()
    browser = opened(house.mo).button(f"access_read_{house.app.access_grants.mine(house.mo.actor)[0].id}").click().run()
    assert SECRET in text_of(browser) and "Number 40" in text_of(browser)
    assert "Number 1\\." not in text_of(browser)
    assert not browser.chat_input and not [one for one in browser.button if "Export" in one.label]
    browser = browser.button("access_earlier_messages").click().run()
    assert "Number 1" in text_of(browser)
    assert house.app.access_grants.mine(house.mo.actor)[0].looks == 2
    browser = browser.button("access_done").click().run()
    assert not browser.exception
    assert house.app.access_grants.mine(house.mo.actor) == ()
    assert "grant" not in browser.query_params
    assert list(browser.dataframe[0].value["Looks"]) == [2]


def test_what_is_over_says_so_with_a_way_on(house: House) -> None:
    browser = opened(house.mo, grant=house.take())
    assert "Number 40" in text_of(browser)
    house.move(timedelta(minutes=31))
    browser = browser.button("access_earlier_messages").click().run()
    assert any("Your access ended" in one and "ask again" in one for one in sentences(browser))
    assert "Number" not in text_of(browser)
    assert browser.button("access_again").label == "Ask again"
    assert "before" in browser.query_params, "where one was stays"


@pytest.mark.parametrize("whose", ["somebody else's", "nobody's", "another company's"])
def test_a_grant_that_is_not_ones_own_is_not_there(house: House, whose: str) -> None:
    other = house.desk.person(Role.MODERATOR, company=Desk(house.app).company if "company" in whose else None)
    browser = opened(other, grant=UUID(int=1) if whose == "nobody's" else house.take())
    assert any("This access isn't here" in one for one in sentences(browser))
    assert SECRET not in text_of(browser)


def test_a_demotion_acts_at_the_next_run(house: House) -> None:
    browser = opened(house.mo, grant=house.take())
    house.app.people.set_roles(house.desk.person(Role.ADMIN).actor, house.mo.user.id, [Role.STAFF])
    browser = browser.button("access_earlier_messages").click().run()
    assert [one.value for one in browser.title] == ["Not for your role"]
    assert "Number" not in text_of(browser)


def test_those_who_are_in_it_see_who_looked(house: House) -> None:
    chat = visit(house.cy, "chat.py", c=house.room)
    assert not any("A moderator read" in one.value for one in chat.caption)
    opened(house.mo, grant=house.take())
    for who in (house.bo, house.cy):
        home = visit(who)
        assert any("Mo, a moderator, read one of your groups" in one.value for one in home.markdown)
        assert any(one.label == "Who looked" for one in home.button)
        chat = go(home, "chat.py", c=house.room)
        assert any("A moderator read in this conversation" in one.value for one in chat.caption)
    assert not any("Mo, a moderator" in one.value for one in visit(house.mo).markdown)


@pytest.mark.parametrize("query", [{"grant": "x"}, {"older": "x.y"}, {"older": "9" * 99}, {"before": "-1"}])
def test_an_odd_address_is_said_and_left_out(house: House, query: dict[str, str]) -> None:
    house.take()
    browser = opened(house.mo, **query)
    assert any("address" in one.value or "isn't known" in one.value for one in browser.caption)
    assert len(browser.dataframe[0].value) == 1


@pytest.mark.parametrize("query", [{"before": 0}, {"after": 9_999_999_999}, {"before": 1, "m": 1}])
def test_a_place_beside_everything_is_the_end(house: House, query: dict[str, int]) -> None:
    """As where retention took what a page was next to."""
    shown = text_of(opened(house.mo, grant=house.take(), **query))
    assert "Number 40" in shown
    assert "Something went wrong" not in shown
