"""The tab of all messages that moderators may see. Its dialogs are driven in tests/e2e."""

from collections.abc import Hashable
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from streamlit.testing.v1 import AppTest

from core.models import ConversationKind, ReportReason
from core.permissions import Role
from core.services.moderation_message_query import MessagesQuery
from core.ui import moderation_message_acts as message_acts
from core.ui.moderation_more import LOCK, PURGE, SUSPEND
from tests.pages.visitor import ENTRY, Desk, Person, browser_at, go, sentences, text_of

BAD = "You are a <b>walrus</b> :red[x] $5 ![x](http://e.example/x.png)"


class House:
    def __init__(self, desk: Desk) -> None:
        self.desk, self.app = desk, desk.application
        self.mo = desk.person(Role.MODERATOR, display_name="Mo")
        self.bo, self.cy = desk.staff(display_name="Bo"), desk.staff(display_name="Cy")
        self.room, self.vault = (
            self.app.rooms.create(self.bo.actor, kind, title, user_ids=[self.cy.user.id])
            for kind, title in ((ConversationKind.COMPANY, "Kitchen"), (ConversationKind.GROUP, "Vault of titles"))
        )

    def said(self, words: str = BAD, room: UUID | None = None) -> UUID:
        return self.app.talk.send(self.bo.actor, room or self.room, words).message_id


@pytest.fixture
def house(desk: Desk) -> House:
    return House(desk)


def opened(who: Person, **query: object) -> AppTest:
    browser = go(browser_at(ENTRY, who), "moderation.py", tab="messages", **query)
    assert not browser.exception
    return browser


def labels(browser: AppTest) -> list[str]:
    """Of the actions on the open message."""
    return [
        one.label for one in browser.button if one.key in {f"message_{name}" for name in ("edit", "delete", "restore")}
    ]


def lines(browser: AppTest) -> list[dict[Hashable, Any]]:
    return [line for table in browser.dataframe for line in table.value.to_dict("records")]


def tick(browser: AppTest, *rows: int) -> AppTest:
    key = str(browser.dataframe[0].key)
    browser.session_state[key] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    return browser.run()


def test_nothing_there_says_so(house: House) -> None:
    browser = opened(house.mo)
    assert any("Nothing has been said in company rooms yet" in one.value for one in browser.markdown)
    assert not browser.dataframe
    sought = opened(house.mo, q="walrus")
    assert any("No message fits all of that" in one.value for one in sought.markdown)
    assert not sought.button("messages_all").click().run().query_params.get("q")


def test_lines_and_hints(house: House) -> None:
    house.said()
    house.said("Private words", house.vault)
    reported = house.said("Private walrus", house.vault)
    house.app.reports.report(house.cy.actor, reported, ReportReason.SPAM)
    browser = opened(house.mo, q="walrus has:nothing", state="there")
    assert lines(browser) == []
    assert any("There is no has" in one.value for one in browser.caption)
    browser = opened(house.mo, q="walrus")
    assert [(line["Message"], line["Where"], line["State"]) for line in lines(browser)] == [
        ("Private walrus", "Group", "Reported"),
        (BAD, "Kitchen", ""),
    ]
    assert "Vault of titles" not in text_of(browser)
    assert "Private words" not in text_of(opened(house.mo))


def test_one_is_opened_by_key_and_its_room_by_a_link(house: House) -> None:
    for number in range(5):
        house.said(f"Before {number}")
    message = house.said()
    browser = opened(house.mo).button("case_next").click().run()
    assert browser.query_params["message"] == str(message)
    assert browser.query_params["tab"] == "messages"
    assert labels(browser) == ["Edit", "Delete"]
    shown = text_of(browser)
    assert [number for number in range(5) if f"\\n Before {number}" in shown or f"Before {number}" in shown][-1] == 4
    assert "In “Kitchen”" in shown
    assert ":orange-badge" not in shown  # nobody reported it
    browser = browser.button("case_next").click().run()
    assert browser.query_params["message"] != str(message)
    assert "message" not in browser.button("message_close").click().run().query_params


def test_what_was_done_is_there_and_can_be_taken_back(house: House) -> None:
    message = house.said("Plain words")
    house.app.message_moderation.edit(house.mo.actor, (message, None), "Other words", "No names")
    browser = opened(house.mo, message=message)
    assert labels(browser) == ["Edit", "Delete", "Restore"]
    assert ":red-background[~~Plain~~]" in text_of(browser)
    assert any("edited the message: No names" in one.value for one in browser.markdown)
    house.app.message_moderation.delete(house.mo.actor, (message, 1), "After all")
    browser = opened(house.mo, message=message)
    assert labels(browser) == ["Restore"]
    assert lines(browser)[0]["State"] == "Deleted by Mo"
    assert [one.value for one in browser.main.text_input] == [""]


def test_what_was_removed_for_good_says_so_and_is_not_to_be_restored(house: House) -> None:
    message = house.said("Plain words")
    kim = house.desk.person(Role.MODERATOR, Role.ADMIN, display_name="Kim")
    house.app.message_moderation.delete(kim.actor, (message, None), "No names")
    case = opened(house.mo, message=message)
    assert labels(case) == ["Restore"]
    [line] = house.app.moderation_messages.list_page(house.mo.actor, MessagesQuery(), ZoneInfo("UTC")).lines
    assert line.line.case_id and line.line.version is not None
    house.app.purging.purge(kim.actor, line.line.case_id, line.line.version, "A key", confirmation="Bo")
    browser = case.run()
    assert labels(browser) == []
    assert lines(browser)[0]["State"] == "Removed for good by Kim"
    assert any("removed this message for good" in one.value for one in browser.caption)


def test_several_are_undone_from_the_same_place(house: House) -> None:
    messages = [house.said(f"Bad {number}") for number in range(3)]
    browser = tick(opened(house.mo), 0, 2)
    assert any(one.value == "2 selected" for one in browser.caption)
    assert not browser.button("selected_delete").disabled
    acted = house.app.message_moderation.delete_together(house.mo.actor, [(one, None) for one in messages[:2]], "Bad")
    browser.session_state[message_acts.LAST] = message_acts.Told("2 messages deleted", acted.done, ("Eve was faster.",))
    browser = browser.run()
    assert any("Eve was faster" in one.value for one in browser.markdown)
    browser = browser.button("messages_undo").click().run()
    assert any(one.value == "2 messages restored." for one in browser.markdown)
    assert [one.content for one in house.desk.messages(house.bo, house.room)][-3:] == ["Bad 0", "Bad 1", "Bad 2"]
    assert not [one for one in browser.button if one.key == "messages_undo"]


def test_a_demotion_acts_at_the_next_click(house: House) -> None:
    message = house.said()
    browser = opened(house.mo)
    acted = house.app.message_moderation.delete_together(house.mo.actor, [(message, None)], "Bad")
    browser.session_state[message_acts.LAST] = message_acts.Told("1 message deleted", acted.done, ())
    browser = browser.run()
    admin = house.desk.person(Role.ADMIN)
    house.app.people.set_roles(admin.actor, house.mo.user.id, [Role.STAFF])
    browser = browser.button("messages_undo").click().run()
    assert [one.value for one in browser.title] == ["Not for your role"]
    assert house.desk.messages(house.bo, house.room)[-1].is_deleted


def test_what_is_not_for_moderators_is_not_there(house: House) -> None:
    private = house.said("Private words", house.vault)
    house.said()
    for message in (private, uuid4()):
        browser = opened(house.mo, message=message)
        assert any("This message isn't here" in one for one in sentences(browser))
    for query in ({"state": "soon"}, {"room": house.vault}, {"author": "x"}, {"after": "x.y"}, {"from": "2026-02-30"}):
        browser = opened(house.mo, **query)
        assert any("address" in one.value or "isn't known" in one.value for one in browser.caption), query
        assert lines(browser)


def test_pages_and_the_way_back(house: House) -> None:
    for number in range(32):
        house.said(f"Line {number}")
    browser = opened(house.mo)
    assert [len(lines(browser)), lines(browser)[0]["Message"]] == [30, "Line 31"]
    browser = browser.button("messages_older").click().run()
    assert [line["Message"] for line in lines(browser)] == ["Line 1", "Line 0"]
    browser = browser.button("messages_to_the_beginning").click().run()
    assert lines(browser)[0]["Message"] == "Line 31"


def test_of_a_case_all_is_offered_that_the_queue_offers(house: House) -> None:
    """And of a message without one only what is done to the message."""
    message = house.said()
    kim = house.desk.person(Role.MODERATOR, Role.ADMIN, display_name="Kim")
    assert not opened(kim, message=message).menu_button
    house.app.message_moderation.delete(
        kim.actor, house.app.moderation_messages.get(kim.actor, message).seen, "Not for here"
    )
    browser = opened(kim, message=message)
    [more] = browser.menu_button
    assert [one.partition(": ")[2] for one in more.options] == [SUSPEND, LOCK, PURGE]
    view = house.app.moderation_messages.get(kim.actor, message).view
    house.app.room_locks.lock_of_case(kim.actor, view.line.id, "Too heated")
    house.app.purging.purge(kim.actor, view.line.id, view.line.version, "A key", confirmation="Bo")
    browser = browser.run()
    assert labels(browser) == []
    assert [one.partition(": ")[2] for one in browser.menu_button[0].options] == [SUSPEND]
    shown = text_of(browser)
    assert "The room is locked by Kim · Too heated" in shown
    assert "Removed for good by Kim" in shown
    assert lines(browser)[0]["Message"].endswith("(no text)")
