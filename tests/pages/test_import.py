"""The dialog that brings conversations in; the browser's part in it is a test of its own."""

import json
from pathlib import Path

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from core.models import Conversation
from core.permissions import Role
from core.services import uploads
from core.transfer import foreign, splitting
from core.ui.importing import CHOSEN, UNDERSTOOD
from core.ui.upload import Chosen
from tests.pages.visitor import Desk, Person, browser_at, sentences
from tests.support.exports import ChatGPT, branched, webui

SCRIPT = """
import streamlit as st

from core.permissions import Permission
from core.ui import guard
from core.ui.importing import import_button, import_dialog

actor = guard.require(Permission.CHAT_USE)
if "is_open" in st.session_state:  # as in a browser, where it stays open
    import_dialog(actor)
else:
    import_button(actor)
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "button.py"
    path.write_text(SCRIPT)
    return path


@pytest.fixture
def ada(desk: Desk) -> Person:
    return desk.staff()


def opened(script: Path, person: Person) -> AppTest:
    return browser_at(script, person).run().button(key="import").click().run()


def chosen(desk: Desk, browser: AppTest, person: Person, content: object, name: str = "export.json") -> AppTest:
    """As when the file has arrived."""
    with desk.application.uploads.begin(person.actor) as incoming:
        incoming.write(content if isinstance(content, bytes) else json.dumps(content).encode())
        upload_id = incoming.finish()
    browser.session_state["is_open"] = True
    browser.session_state[CHOSEN] = Chosen(upload_id, name)
    return browser.run()


def labels(browser: AppTest) -> list[str]:
    return [button.label for button in browser.button]


def words(browser: AppTest) -> str:
    return "\n".join(str(part.value) for part in (*browser.markdown, *browser.caption, *browser.table))


def titles(desk: Desk, person: Person) -> list[str]:
    lines = desk.application.conversations.list_recent(person.actor)
    return sorted(line.title for line in lines)


def test_the_dialog_says_what_it_understands(script: Path, ada: Person) -> None:
    browser = opened(script, ada)
    assert UNDERSTOOD in words(browser) and not browser.exception and labels(browser) == ["Import"]


def test_first_what_would_come_in_then_what_did(desk: Desk, script: Path, ada: Person) -> None:
    image = {"content_type": "multimodal_text", "parts": ["See", {"content_type": "image_asset_pointer"}]}
    title = "<script>alert(1)</script> **bold** :red[x]"
    value = [
        branched().value,
        webui(),
        ChatGPT(title).add("q", "user", None, content=image).value,
        {"title": f"Bad {title}", "mapping": {}},
    ]
    browser = chosen(desk, opened(script, ada), ada, value, "my *export*.json")
    assert not browser.exception and titles(desk, ada) == []
    shown = words(browser)
    assert (
        "**3 conversations** would come in." in shown
        and foreign.IMAGES in shown.replace("\\", "")
        and r"my \*export\*\.json" in shown
    )
    assert "ChatGPT, Open WebUI" in shown and "14 November 2023" in shown and "1 conversation can't come in" in shown
    assert "<script>" not in shown and ":red[" not in shown and foreign.NO_MESSAGES in shown.replace("\\", "")
    assert labels(browser) == ["Import 3 conversations", "Choose another file"]

    browser.button(key="import_run").click().run()
    assert not browser.exception and "**3 conversations** came in." in words(browser)
    assert titles(desk, ada) == sorted(["Bread", "Soup", title])
    assert labels(browser) == ["Show conversations"] and not list(desk.application.uploads.folder.iterdir())


def test_when_all_of_it_is_there_nothing_is_offered(desk: Desk, script: Path, ada: Person) -> None:
    for turn in range(2):
        browser = chosen(desk, opened(script, ada), ada, [webui()])
        if not turn:
            browser.button(key="import_run").click().run()
    assert "here already" in words(browser) and labels(browser) == ["Choose another file"]


def test_what_is_no_export_is_said_and_another_file_can_be_chosen(desk: Desk, script: Path, ada: Person) -> None:
    browser = chosen(desk, opened(script, ada), ada, b"Hello")
    assert sentences(browser) == [splitting.NOT_JSON]
    assert labels(browser) == ["Choose another file"]
    assert list(desk.application.uploads.folder.iterdir())
    browser.button(key="import_other").click().run()
    assert UNDERSTOOD in words(browser) and not list(desk.application.uploads.folder.iterdir())


def test_of_a_file_that_is_cut_off_the_rest_can_follow(desk: Desk, script: Path, ada: Person) -> None:
    content = json.dumps([webui(), branched().value]).encode()
    browser = chosen(desk, opened(script, ada), ada, content[:-50])
    assert sentences(browser) == [splitting.CUT_OFF]
    browser.button(key="import_run").click().run()
    assert titles(desk, ada) == ["Soup"] and splitting.CUT_OFF in sentences(browser)
    assert labels(browser) == ["Go on with this file", "Show conversations"]


def test_nobody_imports_the_file_of_another(desk: Desk, script: Path, ada: Person) -> None:
    browser = chosen(desk, opened(script, desk.staff()), ada, [webui()])
    assert sentences(browser) == [uploads.GONE]


def test_who_lost_the_right_to_chat_meanwhile_imports_nothing(desk: Desk, script: Path, ada: Person) -> None:
    browser = chosen(desk, opened(script, ada), ada, [webui()])
    desk.application.people.set_roles(None, ada.user.id, [Role.ANALYST])
    browser.button(key="import_run").click().run()
    assert "role staff" in "".join(sentences(browser)) and count(desk) == 0


def count(desk: Desk) -> int:
    with desk.database.reading() as session:
        return len(session.exec(select(Conversation.id)).all())
