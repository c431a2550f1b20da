"""The line that a month's spending is held against."""

from core.permissions import Actor
from core.services.usage_query import Query


def monthly_budget(actor: Actor, query: Query) -> float | None:
    """The company's budget for a month, in USD; None where there is none, or where only a part of it is looked at."""
    return None
