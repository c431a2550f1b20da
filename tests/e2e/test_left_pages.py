"""What a page still tells after it was left: its parts listen until the next page is drawn."""

import ast
import json
import re

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState

from core.config import ROOT
from tests.e2e.served import Parley
from tests.support.canaries import House
from tests.support.wire import asking, wire, words_in

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("house")]

EVENTS = sorted(
    found[1]
    for file in sorted((ROOT / "core" / "ui").glob("*.py"))
    for node in ast.walk(ast.parse(file.read_text()))
    if isinstance(node, ast.keyword) and (found := re.fullmatch(r"on_(\w+)_change", node.arg or ""))
)
"""Of all parts of ours."""
WRONG = "Something went wrong"


@pytest.fixture
def parley(house_parley: Parley) -> Parley:
    return house_parley


@pytest.mark.parametrize("page", ["", "room", "chat", "tasks", "browse"])
def test_what_it_tells_then_harms_nothing(parley: Parley, house: House, page: str) -> None:
    path, query = ("chat", f"c={house.group}") if page == "room" else (page, "")
    with wire(parley.url, house.tokens["all"]) as tab:
        tab.visit(path, query)
        parts = [id_ for id_, kind in tab.widgets.items() if kind == "bidi_component"]
        assert parts
        tab.visit("account")
        for event in EVENTS:
            message = asking("account")
            message.rerun_script.widget_states.widgets.extend(_says(part, event) for part in parts)
            assert words_in(tab.run(message), [WRONG]) == set(), event


def _says(part: str, event: str) -> WidgetState:
    told = json.dumps([{"event": event, "value": "1"}])
    return WidgetState(id=f"$$STREAMLIT_INTERNAL_KEY_{part}__events", json_trigger_value=told)
