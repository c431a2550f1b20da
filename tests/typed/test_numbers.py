"""Both ways of writing numbers, and what could be either."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid
from core.typed.numbers import decimal_of, typeable, whole_of

READ = {
    "25": "25",
    "12.50": "12.5",
    "12,50": "12.5",
    "1,5": "1.5",
    ",5": "0.5",
    ".5": "0.5",
    "7,": "7",
    "7.": "7",
    "0,125": "0.125",
    "0.125": "0.125",
    "1,1250": "1.125",
    "1234,567": "1234.567",
    "1,234.50": "1234.5",
    "1.234,50": "1234.5",
    "1,500,000": "1500000",
    "1.500.000": "1500000",
    "1 500,75": "1500.75",
    "1\N{NO-BREAK SPACE}500": "1500",
    "1'500'000.25": "1500000.25",
    " 3 ": "3",
}
TWO_WAYS = {
    "1,500": "“1,500” can be read in two ways: write 1500, or 1.50.",
    "1.500": "“1.500” can be read in two ways: write 1500, or 1.50.",
    "12,125": "“12,125” can be read in two ways: write 12125, or 12.1250.",
    "999.000": "“999.000” can be read in two ways: write 999000, or 999.",
}
NONE = (
    "",
    ".",
    ",",
    "a",
    "-1",
    "1,5,",
    "1,23,456",
    "1,50.000",
    "1.5.5",
    "1,,5",
    "1,500 000",
    "1e3",
    "NaN",
    "٣",
    "1 5",
    "½",
)


@pytest.mark.parametrize("typed", READ)
def test_what_is_read_in_one_way_is_read(typed: str) -> None:
    assert decimal_of(typed) == Decimal(READ[typed])


@pytest.mark.parametrize("typed", TWO_WAYS)
def test_what_is_read_in_two_ways_is_refused_with_both(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        decimal_of(typed)
    assert str(refused.value) == TWO_WAYS[typed]
    assert whole_of(typed) == int("".join(sign for sign in typed if sign.isdigit()))  # where it can't have decimals


@pytest.mark.parametrize("typed", NONE)
def test_what_is_no_number_is_none(typed: str) -> None:
    assert decimal_of(typed) is None
    assert whole_of(typed) is None


@pytest.mark.parametrize("typed", ["1,5", "1.5", "12,50", "7,"])
def test_a_whole_number_has_no_decimals(typed: str) -> None:
    assert whole_of(typed) is None


@given(st.decimals(min_value=0, max_value=10**9, places=6))
def test_what_is_shown_to_be_changed_can_be_typed_again(amount: Decimal) -> None:
    assert decimal_of(typeable(amount)) == amount
