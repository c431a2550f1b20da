"""The export window, from the pages that open it."""

from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from streamlit.testing.v1 import AppTest

from core.models import ConversationKind
from core.permissions import Role
from core.services.export_views import Format
from core.ui import exporting, room_header
from tests.pages.visitor import Desk, Person, is_own_part, visit
from tests.pages.visitor import _data as data_of
from tests.support.builders import make_conversation, make_messages


@pytest.fixture
def ada(desk: Desk) -> Person:
    return desk.staff(display_name="Ada")


def chat(desk: Desk, owner: Person) -> UUID:
    with desk.database.transaction() as session:
        made = make_conversation(session, owner.user, title="Flour")
        make_messages(session, made, ["Which?", "White."])
        return made.id


def address(browser: AppTest) -> dict[str, Any]:
    """What would be fetched; nothing while no window is open."""
    [part] = [node for node in browser if is_own_part(node) and node.key == "export_download"]
    asked = urlsplit(data_of(part)["address"])
    assert asked.path == exporting.ADDRESS
    return parse_qs(asked.query)


def test_from_the_menu_of_a_chat(desk: Desk, ada: Person) -> None:
    mine = chat(desk, ada)
    browser = visit(ada, "chat.py", c=mine)
    assert exporting.EXPORT in browser.menu_button(key="chat_menu").options
    browser.menu_button(key="chat_menu").click(exporting.EXPORT).run()
    assert address(browser) == {"c": [str(mine)], "format": ["md"]}
    assert [box.label for box in browser.checkbox] == ["Earlier versions", "Reactions and ratings", "Model spend"]
    assert not any(box.value for box in browser.checkbox)


def test_from_the_menu_of_a_room(desk: Desk, ada: Person) -> None:
    room = desk.application.rooms.create(ada.actor, ConversationKind.GROUP, "Launch")
    browser = visit(ada, "chat.py", c=room)
    browser.menu_button(key=room_header.MENU).click(exporting.EXPORT).run()
    assert address(browser)["c"] == [str(room)]


def test_from_an_open_conversation_of_the_browse_page(desk: Desk, ada: Person) -> None:
    mine = chat(desk, ada)
    browser = visit(ada, "browse.py", c=mine)
    assert browser.button(key="selected_export").disabled
    browser.button(key="opened_export").click().run()
    assert address(browser)["c"] == [str(mine)]


def test_who_oversees_a_room_may_keep_it(desk: Desk, ada: Person) -> None:
    room = desk.application.rooms.create(ada.actor, ConversationKind.COMPANY, "Open")
    browser = visit(desk.person(Role.MODERATOR), "browse.py", c=room)
    browser.button(key="opened_export").click().run()
    assert address(browser)["c"] == [str(room)]


def test_what_the_window_says_of_one_many_and_all() -> None:
    ids = [UUID(int=number) for number in range(3)]
    assert exporting._what(ids[:1]).startswith("This conversation")
    assert exporting._what(ids) == "3 conversations, one file each, in a ZIP."
    assert exporting._what(None).startswith("All conversations")
    asked = urlsplit(exporting._address(ids, Format.HTML, {"versions": False, "reactions": True}))
    assert parse_qs(asked.query) == {"c": [str(id_) for id_ in ids], "format": ["html"], "reactions": ["1"]}
    assert exporting._address(None, Format.MARKDOWN, {}) == "/api/export?all=1&format=md"
