"""Commands in the box: done at once, answered to their person alone, and nothing of them said to anybody."""

from datetime import timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core import clock
from core.models import ConversationKind, TaskSource, TaskStatus
from core.services.task_views import NewTask, TaskLine, TasksWanted
from tests.pages.visitor import Desk, Person, bubbles, go, sentences, visit


@pytest.fixture
def ada(desk: Desk) -> Person:
    return desk.staff(display_name="Ada Lovelace", email="ada@example.com")


def typed(browser: AppTest, text: str) -> AppTest:
    browser.chat_input[0].set_value(text).run()
    assert not browser.exception
    return browser


def card(browser: AppTest) -> list[str]:
    """What stands above the box: texts, links, captions."""
    kinds = ("markdown", "page_link", "caption")
    return [_said(node) for node in _nodes(browser) if node.type in kinds]


def _nodes(browser: AppTest) -> list[Any]:
    below = list(browser._tree[3] if 3 in browser._tree.children else browser)
    return below


def _said(node: Any) -> str:
    return str(node.proto.label if node.type == "page_link" else node.value)


def click(browser: AppTest, key: str) -> AppTest:
    [button] = [one for one in browser.button if str(one.key).startswith(key)]
    button.click().run()
    assert not browser.exception
    return browser


def tasks(desk: Desk, person: Person) -> list[TaskLine]:
    return list(desk.application.tasks.list_page(person.actor, TasksWanted()).tasks)


def test_probe(desk: Desk, ada: Person) -> None:
    browser = visit(ada, "chat.py")
    typed(browser, "/task Buy rye tomorrow")
    print(
        [
            (n.type, getattr(n, "key", None), _said(n) if hasattr(n, "value") or n.type == "page_link" else "")
            for n in browser
        ]
    )
    print(browser._tree.children.keys())
    assert 0
