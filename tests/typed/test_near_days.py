from datetime import date

import pytest

from core.typed.near_days import when

TODAY = date(2026, 5, 13)  # a Wednesday


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 5, 12), "yesterday"),
        (date(2026, 5, 13), "today"),
        (date(2026, 5, 14), "tomorrow"),
        (date(2026, 5, 15), "Friday"),
        (date(2026, 5, 19), "Tuesday"),
        (date(2026, 5, 20), "20 May"),  # Wednesday would be today
        (date(2026, 5, 11), "11 May"),
        (date(2025, 12, 31), "31 Dec"),
        (date(2027, 5, 13), "13 May 2027"),
        (date(2025, 5, 13), "13 May 2025"),
    ],
)
def test_a_day_is_said_so_that_it_can_be_no_other(day: date, said: str) -> None:
    assert when(day, TODAY) == said
