"""What is drawn without its page asks who is here, unless the callback that calls for it has just done so."""

from pathlib import Path

import pytest

from tests.bench.statements import statements_of
from tests.pages.visitor import Desk, browser_at

PAGE = """
from dataclasses import replace
import streamlit as st
from core.ui import guard, parts

def call_for(*keys):
    parts.call_for(actor, keys)

actor = guard.signed_in()
draw = parts.asked_again(lambda: st.write("drawn"), "part")
draw()
"""
LESS = "actor = replace(actor, roles=frozenset())"


@pytest.mark.parametrize(
    ("then", "asks"),
    [
        ([], 0),
        (["draw()"], 1),
        (["draw()", "draw()"], 2),
        (["call_for('part')", "draw()"], 0),
        (["call_for('part')", "draw()", "draw()"], 1),
        (["call_for('another')", "draw()"], 1),
        (["call_for('part', 'another')", "call_for('another')", "draw()"], 1),
        (["parts.AT_ONCE = -1", "call_for('part')", "parts.AT_ONCE = 2.0", "draw()"], 1),
        ([LESS, "call_for('part')", "draw()"], 1),
    ],
)
def test_a_part_asks_who_is_here_unless_it_was_just_called_for(
    desk: Desk, tmp_path: Path, then: list[str], asks: int
) -> None:
    page = tmp_path / "page.py"
    page.write_text("\n".join([PAGE, *then]))
    browser = browser_at(page, desk.staff())
    with statements_of(desk.database) as sent:
        browser.run()
    assert not browser.exception
    assert [one.value for one in browser.markdown] == ["drawn"] * (1 + then.count("draw()"))
    of_page = 1
    assert sum("FROM auth_sessions" in statement for statement, _ in sent) == of_page + asks
