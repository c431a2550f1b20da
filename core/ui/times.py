"""Times as a person reads them, in their own zone."""

from datetime import date, datetime, timedelta, tzinfo
from itertools import groupby
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from core import clock
from core.services.views import ConversationLine

Item = TypeVar("Item")


CHOSEN = "chosen_time_zone"


def choose(zone_name: str | None) -> None:
    """At the beginning of each run: the zone that the person chose, in place of the browser's."""
    st.session_state[CHOSEN] = zone_name


def zone() -> tzinfo:
    """The one that the person chose; else the browser's."""
    return _known(st.session_state.get(CHOSEN)) if st.session_state.get(CHOSEN) else browser_zone()


def browser_zone() -> tzinfo:
    """UTC when it does not say, or says something unknown."""
    return _known(st.context.timezone)


def _known(name: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def today() -> date:
    """The reader's."""
    return clock.now().astimezone(zone()).date()


def heading_for(day: date, today: date) -> str:
    """The group of a list by time: Today, Yesterday, Last 7 days, Last 30 days, then months."""
    if day >= today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    if day > today - timedelta(days=7):
        return "Last 7 days"
    if day > today - timedelta(days=30):
        return "Last 30 days"
    return f"{day:%B}" if day.year == today.year else f"{day:%B %Y}"


def by_time(lines: list[ConversationLine], where: tzinfo) -> list[tuple[str, list[ConversationLine]]]:
    """The list, newest first, cut into its groups."""
    today = clock.now().astimezone(where).date()
    grouped = groupby(lines, lambda line: heading_for(line.last_message_at.astimezone(where).date(), today))
    return [(heading, list(group)) for heading, group in grouped]


def day_label(day: date, today: date) -> str:
    """Above the messages of one day."""
    if day == today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    return f"{day:%A, %-d %B}" if day.year == today.year else f"{day:%-d %B %Y}"


def day(moment: datetime, where: tzinfo) -> str:
    return f"{moment.astimezone(where):%-d %B %Y}"


def exact(moment: datetime, where: tzinfo) -> str:
    return f"{moment.astimezone(where):%-d %B %Y, %H:%M}"


def soon(moment: datetime, where: tzinfo) -> str:
    """Within the next months, like "1 Dec, 01:00"."""
    return f"{moment.astimezone(where):%-d %b, %H:%M}"


def short(moment: datetime, where: tzinfo) -> str:
    """For a narrow column: the time of day as long as the day needs no year."""
    is_recent = clock.now() - moment < timedelta(days=300)
    return soon(moment, where) if is_recent else f"{moment.astimezone(where):%-d %b %Y}"


def zone_name(where: tzinfo) -> str:
    """Whose time it is, like "Berlin time"; "UTC" where it is that."""
    name = str(where).rpartition("/")[2].replace("_", " ")
    return "UTC" if name in ("UTC", "Universal", "Zulu") else f"{name} time"


def with_zone(moment: datetime, where: tzinfo) -> str:
    """Like "1 Dec, 01:00 (Berlin time)": for what is not the reader's own to choose, as when a budget begins again."""
    return f"{soon(moment, where)} ({zone_name(where)})"


def clock_time(moment: datetime, where: tzinfo) -> str:
    return f"{moment.astimezone(where):%H:%M}"


def ago(moment: datetime) -> str:
    """Roughly how long since, in words."""
    minutes = int((clock.now() - moment).total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    if minutes < 24 * 60:
        return f"{minutes // 60} h ago"
    days = minutes // (24 * 60)
    return "yesterday" if days == 1 else f"{days} days ago"
