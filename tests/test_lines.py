"""What stands on one line beside other words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.lines import is_blank, isolated, one_line
from tests.support.hostile import BLANK, DISGUISED, HONEST, TURNED, Hostile


@pytest.mark.parametrize("text", HONEST)
def test_a_name_of_any_language_stays_as_it_is(text: str) -> None:
    assert one_line(text) == text
    assert not is_blank(text)


@pytest.mark.parametrize("hostile", BLANK, ids=lambda hostile: hostile.name)
def test_what_nobody_sees_is_blank(hostile: Hostile) -> None:
    assert is_blank(hostile.text)
    assert is_blank(one_line(hostile.text))


@pytest.mark.parametrize("text", ["\U0001fae9", "\U0001fac8", "\U00018cd6"])
def test_an_emoji_or_a_letter_that_is_newer_than_this_python_is_seen(text: str) -> None:
    assert not is_blank(text) and one_line(text) == text


@pytest.mark.parametrize(
    ("hostile", "line"),
    [
        (TURNED[0], "gpj.cod.zqover"),
        (TURNED[1], "abc zqembed"),
        (TURNED[2], "zqisolate"),
        (DISGUISED[0], "Ada zqwidth"),
        (DISGUISED[1], "Ada zqsoft"),
        (DISGUISED[2], "Ada zqtag"),
        (DISGUISED[3], f"{DISGUISED[3].text[:5]}zqaccent"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_what_turns_hides_or_spills_is_taken_out(hostile: Hostile, line: str) -> None:
    assert one_line(hostile.text) == line


def test_two_names_that_look_alike_are_one() -> None:
    assert one_line("A\u200bda") == one_line("A\u200d\u200dda\u200c") == one_line("\u200cAda\ufeff") == "Ada"


@given(st.text(max_size=60))
def test_it_is_one_line_and_stays_so(text: str) -> None:
    line = one_line(text)
    assert one_line(line) == line
    assert len(line.splitlines()) <= 1
    assert line == line.strip()


def test_what_is_written_from_right_to_left_turns_nothing_but_itself() -> None:
    assert isolated("Ada 12") == "Ada 12"
    assert isolated("עדה 12") == "\u2068עדה 12\u2069"
