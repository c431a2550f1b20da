"""Days as people say them, by where they are from today."""

from datetime import date, timedelta

NEAR = {-1: "yesterday", 0: "today", 1: "tomorrow"}


def when(day: date, today: date) -> str:
    """Like "tomorrow", "Friday", "15 May"."""
    distance = (day - today).days
    if distance in NEAR:
        return NEAR[distance]
    if 0 < distance < 7:
        return f"{day:%A}"
    is_near = abs(day - today) < timedelta(days=300)
    return f"{day:%-d %b}" if is_near else f"{day:%-d %b %Y}"
