"""A click before the browser has drawn a choice: it sends none for that, and the page draws the one that it had."""

import pytest
from streamlit.proto.Common_pb2 import StringArray
from streamlit.proto.WidgetStates_pb2 import WidgetState

from tests.e2e.served import Parley
from tests.support.canaries import House
from tests.support.wire import asking, wire, words_in

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("house")]

WRONG = "Something went wrong"
NONE = StringArray()


@pytest.mark.parametrize("page", ["account", "audit", "browse", "moderation", "people", "settings", "tasks", "usage"])
def test_a_choice_that_was_not_drawn_yet_harms_nothing(house_parley: Parley, house: House, page: str) -> None:
    with wire(house_parley.url, house.tokens["all"]) as tab:
        tab.visit(page)
        choices = [id_ for id_, kind in tab.widgets.items() if kind == "button_group"]
        assert choices
        for choice in choices:
            message = asking(page)
            message.rerun_script.widget_states.widgets.append(WidgetState(id=choice, string_array_value=NONE))
            assert words_in(tab.run(message), [WRONG]) == set(), choice
