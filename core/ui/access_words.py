"""What access to private conversations is called."""

from datetime import datetime

from core import clock
from core.services.access_views import GrantLine
from core.ui import times
from core.ui.moderation_words import KINDS, LONGEST_NAME
from core.ui.text import as_label


def whose(line: GrantLine) -> str:
    """Like "Direct chat of Ada and Bo", plain text; never a title."""
    names = " and ".join(" ".join(name.split()) for name in line.names)
    return f"{KINDS[line.kind]} of {names}" if names else f"{KINDS[line.kind]} that is gone"


def whose_label(line: GrantLine) -> str:
    return as_label(whose(line), 3 * LONGEST_NAME)


def moment(at: datetime) -> str:
    """The time alone, where it is within hours."""
    where = times.zone()
    is_today = at.astimezone(where).date() == clock.now().astimezone(where).date()
    return times.clock_time(at, where) if is_today else times.soon(at, where)


def left(line: GrantLine) -> str:
    minutes = max(0, -(-int((line.until - clock.now()).total_seconds()) // 60))
    return "less than a minute left" if minutes <= 1 else f"{minutes} min left"


def over(line: GrantLine) -> str:
    return f"Your access ended at {moment(line.until)}."
