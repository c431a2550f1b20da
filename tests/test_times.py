"""Times as a person reads them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import clock
from core.ids import new_id
from core.repositories.conversations import ConversationLine
from core.ui.times import ago, by_time, clock_time, day_label, exact, heading_for, short, with_zone

TODAY = date(2026, 3, 10)
BERLIN, KATHMANDU, HONOLULU = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kathmandu"), ZoneInfo("Pacific/Honolulu")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "heading"),
    [
        (date(2026, 3, 11), "Today"),  # a clock that is ahead
        (date(2026, 3, 10), "Today"),
        (date(2026, 3, 9), "Yesterday"),
        (date(2026, 3, 8), "Last 7 days"),
        (date(2026, 3, 4), "Last 7 days"),
        (date(2026, 3, 3), "Last 30 days"),
        (date(2026, 2, 9), "Last 30 days"),
        (date(2026, 2, 8), "February"),
        (date(2026, 1, 1), "January"),
        (date(2025, 12, 31), "December 2025"),
        (date(2025, 3, 10), "March 2025"),
    ],
)
def test_a_day_has_its_heading(day: date, heading: str) -> None:
    assert heading_for(day, TODAY) == heading


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.lists(st.integers(0, 1_500), min_size=1))
def test_headings_come_once_each_in_a_list_that_goes_back(today: date, days_back: list[int]) -> None:
    headings = [heading_for(today - timedelta(days=days), today) for days in sorted(days_back)]
    changes = [heading for place, heading in enumerate(headings) if place == 0 or headings[place - 1] != heading]
    assert len(changes) == len(set(changes))


@pytest.mark.parametrize(
    ("day", "label"),
    [
        (date(2026, 3, 10), "Today"),
        (date(2026, 3, 9), "Yesterday"),
        (date(2026, 3, 8), "Sunday, 8 March"),
        (date(2026, 1, 1), "Thursday, 1 January"),
        (date(2025, 12, 31), "31 December 2025"),
    ],
)
def test_a_day_of_messages_has_its_label(day: date, label: str) -> None:
    assert day_label(day, TODAY) == label


@pytest.mark.parametrize(
    ("where", "moment", "time", "whole"),
    [
        (UTC, datetime(2026, 3, 10, 23, 5, 59, tzinfo=UTC), "23:05", "10 March 2026, 23:05"),
        (BERLIN, datetime(2026, 3, 10, 23, 5, tzinfo=UTC), "00:05", "11 March 2026, 00:05"),
        (BERLIN, datetime(2026, 7, 1, 12, 0, tzinfo=UTC), "14:00", "1 July 2026, 14:00"),
        (KATHMANDU, datetime(2026, 3, 10, 0, 0, tzinfo=UTC), "05:45", "10 March 2026, 05:45"),
        (HONOLULU, datetime(2026, 3, 10, 9, 59, tzinfo=UTC), "23:59", "9 March 2026, 23:59"),
    ],
)
def test_times_are_told_in_the_readers_zone(where: ZoneInfo, moment: datetime, time: str, whole: str) -> None:
    assert clock_time(moment, where) == time
    assert exact(moment, where) == whole


@pytest.mark.parametrize(
    ("since", "words"),
    [
        (-HOUR, "just now"),  # a clock that is ahead
        (timedelta(0), "just now"),
        (0.9 * MINUTE, "just now"),
        (1.5 * MINUTE, "1 min ago"),
        (59.5 * MINUTE, "59 min ago"),
        (60.5 * MINUTE, "1 h ago"),
        (23.9 * HOUR, "23 h ago"),
        (24.5 * HOUR, "yesterday"),
        (47.5 * HOUR, "yesterday"),
        (48.5 * HOUR, "2 days ago"),
        (400.5 * DAY, "400 days ago"),
    ],
)
def test_how_long_ago_is_told_roughly(since: timedelta, words: str) -> None:
    assert ago(clock.now() - since) == words


@given(
    st.lists(st.one_of(st.timedeltas(timedelta(0), 2 * DAY), st.timedeltas(timedelta(0), 900 * DAY)), max_size=20),
    st.sampled_from([UTC, BERLIN, KATHMANDU, HONOLULU]),
)
def test_a_list_is_cut_into_groups_and_nothing_is_lost(ages: list[timedelta], where: ZoneInfo) -> None:
    now = clock.now()
    lines = [ConversationLine(new_id(), "", now - one) for one in sorted(ages)]
    groups = by_time(lines, where)
    assert [line for _, group in groups for line in group] == lines
    headings = [heading for heading, _ in groups]
    assert len(headings) == len(set(headings))
    assert all(group for _, group in groups)
    today = now.astimezone(where).date()
    if clock.now().astimezone(where).date() == today:  # not across a midnight
        for heading, group in groups:
            assert {heading_for(line.last_message_at.astimezone(where).date(), today) for line in group} == {heading}


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("UTC", "1 Dec, 00:00 (UTC)"),
        ("Etc/UTC", "1 Dec, 00:00 (UTC)"),
        ("Europe/Berlin", "1 Dec, 01:00 (Berlin time)"),
        ("America/New_York", "30 Nov, 19:00 (New York time)"),
        ("America/Argentina/Buenos_Aires", "30 Nov, 21:00 (Buenos Aires time)"),
    ],
)
def test_it_is_clear_whose_time_it_is(zone: str, said: str) -> None:
    assert with_zone(datetime(2026, 12, 1, tzinfo=UTC), ZoneInfo(zone)) == said


@given(st.sets(st.integers(0, 3_000), min_size=2, max_size=20))
def test_short_times_of_two_days_are_never_the_same(days: set[int]) -> None:
    noon = clock.now().replace(hour=12)
    assert len({short(noon - timedelta(days=one), UTC) for one in days}) == len(days)
    assert short(noon, UTC).endswith(f"{noon:, %H:%M}")
