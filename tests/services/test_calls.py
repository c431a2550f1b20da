"""Who is called by name: the longest name that fits, and nobody where two would answer."""

import pytest

from core.ids import new_id
from core.services.calls import called_people, calls_assistant

PEOPLE = {
    "ada": ("Ada Lovelace", "ada@example.com"),
    "bo": ("Bo Bell", "bo.bell@example.com"),
    "bob": ("Bob", "b@example.com"),
    "anna1": ("Anna Alt", "anna.a@example.com"),
    "anna2": ("Anna Alt Berg", "anna.b@example.com"),
    "zoe": ("Zoë Ångström-O'Neill", "zoe@example.com"),
    "wei": ("王 伟", "wei@example.com"),
}
IDS = {new_id(): name for name in PEOPLE}


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("Hello @Ada Lovelace!", "ada"),
        ("@ada, and @BO.", "ada bo"),
        ("@bob and @Bo Bell", "bob bo"),
        ("@bobby", ""),
        ("@bo.bell please", "bo"),
        ("@Anna", ""),  # there are two
        ("@anna alt berg", "anna2"),
        ("@Anna Alt is the other one", "anna1"),
        ("@zoë ångström-o'neill", "zoe"),
        ("@zoe", "zoe"),
        ("@王 伟 你好", "wei"),
        ("mail ada@example.com", ""),
        ("@@ada", ""),
        ("@ ada", ""),
        ("see `@ada` or\n```\n@bo\n```\nand @zoe", "zoe"),
        ("(@ada)\n@ada\n**@bob**", "ada bob"),
        ("@Ada\nLovelace", "ada"),
        ("", ""),
    ],
)
def test_called_people(text: str, called: str) -> None:
    people = {user_id: PEOPLE[name] for user_id, name in IDS.items()}
    assert {IDS[user_id] for user_id in called_people(text, people)} == set(called.split())


@pytest.mark.parametrize(
    ("text", "name", "is_called"),
    [
        ("@assistant why?", "Assistant", True),
        ("why,@ASSISTANT?", "Assistant", True),
        ("@assistants", "Assistant", False),
        ("assistant", "Assistant", False),
        ("x@assistant", "Assistant", False),
        ("`@assistant`", "Assistant", False),
        ("@dr  watson", "Dr Watson", True),
        ("@dr", "Dr Watson", False),
        ("@c3po!", "C3PO", True),
        ("@(.*)", "(.*)", False),
    ],
)
def test_calls_assistant(text: str, name: str, is_called: bool) -> None:
    assert calls_assistant(text, name) is is_called
