import re

import pytest

from core.amounts import counted
from core.config import ROOT
from core.services.limits import WHAT, Limited, _so_many, a_while


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 messages"), (1, "1 message"), (2, "2 messages"), (1_204, "1,204 messages")]
)
def test_one_is_one_and_many_have_an_s(number: int, said: str) -> None:
    assert counted(number, "message") == said


def test_limits_are_said_as_people_say_them() -> None:
    assert _so_many(1, Limited.QUESTION) == "1 question in your own chats"
    assert _so_many(30, Limited.ROOM) == "30 new rooms"
    assert set(WHAT) == set(Limited)
    assert {seconds: a_while(seconds) for seconds in (1, 45, 60, 90, 120, 3_600, 3_601, 43_200, 86_400, 172_800)} == {
        1: "one second", 45: "45 seconds", 60: "one minute", 90: "90 seconds", 120: "2 minutes", 3_600: "one hour",
        3_601: "3,601 seconds", 43_200: "12 hours", 86_400: "one day", 172_800: "2 days",
    }  # fmt: skip


def test_it_is_said_in_one_place() -> None:
    sources = [path for folder in ("core", "pages") for path in (ROOT / folder).rglob("*.py")]
    spelled = [path.name for path in sources if re.search(r"\{'' if [^{}]+ == 1 else 's'\}", path.read_text())]
    assert spelled == ["amounts.py"], "core.amounts.counted says it"
