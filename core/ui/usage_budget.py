"""The line that a month's spending is held against."""

from core import bootstrap
from core.permissions import Actor, Permission
from core.services.usage_query import Query


def monthly_budget(actor: Actor, query: Query) -> float | None:
    """The company's budget for a month, in USD; None where there is none, or where only a part of it is looked at."""
    if query.is_mine or query.is_filtered or not actor.may(Permission.USAGE_OVERSEE):
        return None
    standing = bootstrap.current().spending.company_month(actor)
    return float(standing.limit) if standing else None
