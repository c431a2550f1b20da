"""The moderators' page with a hundred thousand cases: its queue, narrowed in every way, and a case beside it."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text

from core import clock
from core.database.engine import Database
from core.models import ConversationKind, ReportReason
from core.permissions import Actor, Role
from core.services.moderation_query import QueueQuery, Shown
from core.services.moderation_queue import ModerationQueue
from tests.bench.measure import timed
from tests.bench.stand import Stand
from tests.bench.table import Row, spread, within
from tests.support.builders import make_actor, make_company, make_user
from tests.support.cases import make_cases

ZONE = ZoneInfo("Europe/Berlin")
GOAL = 0.1
"""Seconds, for the slowest of a page's twentieth."""
NARROWED = (
    "to do", "claimed", "closed", "one kind", "a common reason", "a rare reason", "a rare reason of one kind",
    "a reason that nobody gave", "the assistant", "one author", "one moderator, closed", "a day long ago",
    "one author, a rare reason, closed",
)  # fmt: skip
ROWS = [
    *(f"100,000 cases, queue: {name}" for name in NARROWED),
    "100,000 cases: a case with all that stands beside it",
    "100,000 cases: the number on the page's link",
]


def measure(stand: Stand) -> list[Row]:
    size = stand.pick(100_000, 5_000)
    with stand.database() as database:
        moderator = _filled(database, size)
        return [*_pages(stand, database, moderator, size), *_beside(stand, database, moderator, size)]


def _filled(database: Database, size: int) -> Actor:
    """Half of the cases are open, and there are twice as many reports as cases."""
    with database.transaction() as session:
        company = make_company(session)
        make_cases(session, company, size, still_open=50)
        return make_actor(make_user(session, company, (Role.MODERATOR,)), (Role.MODERATOR,))


def _queries(database: Database) -> dict[str, QueueQuery]:
    with database.reading() as session:
        author = UUID(str(session.execute(text("SELECT min(author_id::text) FROM cases")).scalar_one()))
        reviewer = UUID(str(session.execute(text("SELECT min(decided_by::text) FROM cases")).scalar_one()))
    day = (clock.now() - timedelta(days=40)).date()
    return {
        "to do": QueueQuery(),
        "claimed": QueueQuery(shown=Shown.CLAIMED),
        "closed": QueueQuery(shown=Shown.CLOSED),
        "one kind": QueueQuery(kind=ConversationKind.DIRECT),
        "a common reason": QueueQuery(reason=ReportReason.SPAM),
        "a rare reason": QueueQuery(reason=ReportReason.HATE),
        "a rare reason of one kind": QueueQuery(reason=ReportReason.HATE, kind=ConversationKind.DIRECT),
        "a reason that nobody gave": QueueQuery(reason=ReportReason.OTHER, kind=ConversationKind.DIRECT),
        "the assistant": QueueQuery(by_assistant=True),
        "one author": QueueQuery(author_id=author),
        "one moderator, closed": QueueQuery(reviewer_id=reviewer, shown=Shown.CLOSED),
        "a day long ago": QueueQuery(first=day, last=day),
        "one author, a rare reason, closed": QueueQuery(author_id=author, reason=ReportReason.HATE, shown=Shown.CLOSED),
    }


def _pages(stand: Stand, database: Database, moderator: Actor, size: int) -> list[Row]:
    service, rows = ModerationQueue(database), []
    for name, query in _queries(database).items():
        times: list[float] = []
        for _ in stand.rounds(40, 5, f"Queue: {name}"):
            look = partial(service.list_page, moderator, query, ZONE)
            times.append(timed(look))
            if following := look().following:  # the next pages cost the same
                times.append(timed(partial(service.list_page, moderator, query.looking(after=following), ZONE)))
        rows.append(_row(f"{size:,} cases, queue: {name}", times))
    return rows


def _beside(stand: Stand, database: Database, moderator: Actor, size: int) -> list[Row]:
    service = ModerationQueue(database)
    [*_, line] = service.list_page(moderator, QueueQuery(), ZONE).lines
    looks: dict[str, Callable[[], object]] = {
        "a case with all that stands beside it": partial(service.get, moderator, line.id),
        "the number on the page's link": partial(service.count_open, moderator),
    }
    return [
        _row(f"{size:,} cases: {name}", [timed(look) for _ in stand.rounds(40, 5, name)])
        for name, look in looks.items()
    ]


def _row(what: str, times: list[float]) -> Row:
    return Row(what, spread(times), goal=within(GOAL))
