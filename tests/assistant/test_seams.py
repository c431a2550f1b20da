import pytest

from core.assistant.seams import seam


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("Because it", "is so.", "Because it is so."),
        ("First.", "Second.", "First. Second."),
        ("one ", "two", "one two"),
        ("one", " two", "one two"),
        ("one\n", "two", "one\ntwo"),
        ("one", ", two", "one, two"),
        ("(", "one)", "(one)"),
        ("3/", "4", "3/4"),
        ("answer is 42", "%", "answer is 42%"),
        ("因为它", "就是这样", "因为它就是这样"),
        ("", "All of it", "All of it"),
        ("All of it", "", "All of it"),
    ],
)
def test_a_continuation_is_joined_as_it_would_be_written(before: str, after: str, expected: str) -> None:
    assert before + seam(before, after) + after == expected
