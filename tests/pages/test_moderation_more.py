"""Suspending, locking and removing for good on the moderators' page and in a room; dialogs are driven in tests/e2e."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from core import clock
from core.models import ConversationKind, ReportReason
from core.permissions import Role
from core.ui import room_header
from core.ui.moderation_more import LOCK, MENU, PURGE, SUSPEND
from tests.pages.test_moderation import House, beside, opened
from tests.pages.visitor import Desk, text_of, visit
from tests.support.cases import suspend


@pytest.fixture
def house(desk: Desk) -> House:
    return House(desk)


def offers(browser: AppTest) -> list[str]:
    found = [one for one in browser.menu_button if one.key == MENU]
    return [option.partition(": ")[2] for option in found[0].options] if found else []


def test_what_is_offered_once_it_is_claimed(house: House) -> None:
    house.reported()
    browser = beside(house, house.mo)
    assert offers(browser) == []
    browser = browser.button("case_claim").click().run()
    assert offers(browser) == [SUSPEND, LOCK]
    browser.button("case_release").click().run()
    both = house.desk.person(Role.MODERATOR, Role.ADMIN)
    assert offers(beside(house, both).button("case_claim").click().run()) == [SUSPEND, LOCK, PURGE]


def test_what_is_in_force_stands_above_the_case_and_in_its_tab(house: House) -> None:
    house.reported()
    browser = beside(house, house.mo).button("case_claim").click().run()
    case_id = UUID(str(browser.query_params["case"]))
    suspend(house.app.database, house.bo.user.id, clock.now() + timedelta(hours=1), "*Insults* $5")
    house.app.room_locks.lock_of_case(house.mo.actor, case_id, "Too heated")
    browser = browser.run()
    shown = text_of(browser)
    assert "is suspended until" in shown
    assert "The room is locked by Mo · Too heated" in shown
    assert offers(browser) == []
    assert {one.label for one in browser.button} >= {"Lift", "Unlock"}
    tab = opened(house.mo, tab="in_force")
    shown = text_of(tab)
    assert "**Bo** · until" in shown
    assert "**A group** · since" in shown
    assert "Vault of titles" not in shown
    assert [one.label for one in tab.button if one.label in ("Lift", "Unlock")] == ["Lift", "Unlock"]


def test_nothing_in_force_says_so(house: House) -> None:
    shown = text_of(opened(house.mo, tab="in_force"))
    assert "Nobody is suspended." in shown
    assert "No room is locked." in shown


@pytest.mark.parametrize(
    ("kind", "roles", "offered"),
    [
        (ConversationKind.COMPANY, (Role.STAFF, Role.MODERATOR), True),
        (ConversationKind.COMPANY, (Role.STAFF,), False),
        (ConversationKind.GROUP, (Role.STAFF, Role.MODERATOR), False),
    ],
)
def test_who_locks_a_room_from_its_menu(
    house: House, kind: ConversationKind, roles: tuple[Role, ...], offered: bool
) -> None:
    person = house.desk.person(*roles)
    room = house.app.rooms.create(person.actor, kind, "Ours")
    browser = visit(person, "chat.py", c=room)
    assert (room_header.LOCK in browser.menu_button(key=room_header.MENU).options) is offered


def test_in_a_locked_room_the_reason_stands_where_the_box_was(house: House) -> None:
    mo = house.desk.person(Role.STAFF, Role.MODERATOR)
    room = house.app.rooms.create(mo.actor, ConversationKind.COMPANY, "Ours")
    house.app.room_locks.lock(mo.actor, room, "Too *heated*")
    browser = visit(mo, "chat.py", c=room)
    assert not browser.chat_input
    assert [one.value for one in browser.info] == ["Locked by a moderator · Too \\*heated\\*"]
    options = browser.menu_button(key=room_header.MENU).options
    assert room_header.UNLOCK in options
    assert {room_header.RENAME, room_header.ARCHIVE, room_header.DELETE}.isdisjoint(options)
    assert room_header.LEAVE in options


def test_a_suspended_person_reads_the_reason_in_an_open_tab(house: House) -> None:
    browser = opened(house.mo)
    suspend(house.app.database, house.mo.user.id, clock.now() + timedelta(hours=1), "Insults")
    browser = browser.run()
    assert len(browser.info) == 1
    assert browser.info[0].value.startswith("Suspended until ")
    assert "Insults" in browser.info[0].value
    assert not browser.title


def test_a_company_room_takes_no_access_when_the_message_is_gone(house: House) -> None:
    room = house.app.rooms.create(house.desk.person(Role.STAFF, Role.ADMIN).actor, ConversationKind.COMPANY, "Lobby")
    for who in (house.bo, house.cy):
        house.app.rooms.join(who.actor, room)
    said = house.app.talk.send(house.bo.actor, room, "You are a walrus").message_id
    house.app.reports.report(house.cy.actor, said, ReportReason.HARASSMENT)
    browser = beside(house, house.mo)
    with house.app.database.transaction() as session:  # as retention does
        session.execute(text("DELETE FROM messages WHERE id = :id"), {"id": said})
    shown = browser.run()
    assert "The message is gone" in text_of(shown)
    assert not [one for one in shown.button if one.key == "case_see_more"]
