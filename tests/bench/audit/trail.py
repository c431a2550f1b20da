"""The audit page over a long chain, its verification, and what an event costs to append."""

import tempfile
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from time import perf_counter
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text

from core import clock
from core.database.engine import Database
from core.ids import new_id
from core.models import AuditAction, Outcome, TargetType
from core.permissions import Actor
from core.repositories.audit import Audit
from core.services.audit import AuditService
from core.services.audit_checking import AuditChecks
from core.services.audit_exporting import AuditExports
from core.services.audit_query import AuditQuery
from tests.bench.audit.chain import make_chain
from tests.bench.measure import Timing, interleaved, timed
from tests.bench.rooms.appending import wal_of
from tests.bench.stand import Stand
from tests.bench.table import Row, at_most, kilobytes, ms, per_second, spread, within
from tests.support.builders import make_company, make_user

ZONE = ZoneInfo("Europe/Berlin")
PAGE_GOAL = 0.1
"""Seconds, for the slowest of a page's twentieth."""
VERIFY_GOAL = 30_000
"""Rows a second."""
APPEND_GOAL = 1.3
"""Times what it costs beside a short chain."""
EXPORTED = timedelta(days=30)
NARROWED = (
    "all", "a day long ago", "own acts", "one busy person", "one idle person", "nobody signed in", "one common action",
    "one rare action", "all actions in rooms", "done to budgets", "done to one target", "refused",
    "a word of many reasons", "a word of none", "a busy person's rare action", "a busy person, refused",
    "a busy person's common action, long ago", "everything at once",
)  # fmt: skip
ROWS = [
    *(f"1 events, {page}: {name}" for name in NARROWED for page in ("page", "first page")),
    "1 events: verify the chain",
    "the most memory that it takes",
    "the state of the chain, for the caption",
    "30 days as CSV",
    "30 days as JSON",
    "append an event beside 1",
    "WAL of that",
]


def measure(stand: Stand) -> list[Row]:
    size = stand.events or stand.pick(1_000_000, 20_000)
    rows: list[Row] = []
    with stand.kept(f"audit_{size}") as database:
        admin = make_chain(database, size)
        rows += _pages(stand, database, admin, f"{size:,}")
        rows += _verified(database, admin, size)
        rows += _exported(database, admin)
        rows += _appended(stand, database, f"{size:,}")
    return rows


def _views(database: Database, admin: Actor) -> dict[str, AuditQuery]:
    """Common and rare, alone and together, and what is not there at all."""
    people = "SELECT {}(id::text) FROM users WHERE company_id = :company"
    with database.reading() as session:
        busiest, idlest = (
            UUID(session.execute(text(people.format(which)), {"company": admin.company_id}).scalar_one())
            for which in ("min", "max")
        )
        statement = "SELECT target_id FROM audit_events WHERE action = 'budget:raise' ORDER BY sequence LIMIT 1"
        target = session.execute(text(statement)).scalar()
    day = (clock.now() - timedelta(days=600)).date()
    old = AuditQuery(first=day, last=day + timedelta(days=90))
    return {
        "all": AuditQuery(),
        "a day long ago": AuditQuery(first=day, last=day),
        "own acts": AuditQuery(is_mine=True),
        "one busy person": AuditQuery(actor_id=busiest),
        "one idle person": AuditQuery(actor_id=idlest),
        "nobody signed in": AuditQuery(by_nobody=True),
        "one common action": AuditQuery(actions=("session:sign_in",)),
        "one rare action": AuditQuery(actions=("price:set",)),
        "all actions in rooms": AuditQuery(actions=("room",)),
        "done to budgets": AuditQuery(target_type=TargetType.BUDGET),
        "done to one target": AuditQuery(target_id=target),
        "refused": AuditQuery(outcome=Outcome.REFUSED),
        "a word of many reasons": AuditQuery(text="office"),
        "a word of none": AuditQuery(text="zebra"),
        "a busy person's rare action": AuditQuery(actor_id=busiest, actions=("user:roles",)),
        "a busy person, refused": AuditQuery(actor_id=busiest, outcome=Outcome.REFUSED),
        "a busy person's common action, long ago": replace(old, actor_id=busiest, actions=("room",)),
        "everything at once": replace(
            old, actor_id=busiest, actions=("conversation",), outcome=Outcome.DONE, text="zebra"
        ),
    }


def _pages(stand: Stand, database: Database, admin: Actor, size: str) -> list[Row]:
    service, rows = AuditService(database), []
    for name, query in _views(database, admin).items():
        first: list[float] = []
        times: list[float] = []
        for _ in stand.rounds(40, 5, f"Page: {name}"):
            look = partial(service.list_page, admin, query, ZONE)
            (times if first else first).append(timed(look))
            if older := look().older:  # the next pages cost the same
                times.append(timed(partial(service.list_page, admin, replace(query, older=older), ZONE)))
        rows.append(Row(f"{size} events, page: {name}", spread(times), goal=within(PAGE_GOAL)))
        rows.append(Row(f"{size} events, first page: {name}", ms(first[0]), goal=within(PAGE_GOAL, "")))
    return rows


def _verified(database: Database, admin: Actor, size: int) -> list[Row]:
    began = perf_counter()
    [*_, last] = AuditChecks(database).verify(admin.company_id)
    rate = size / (perf_counter() - began)
    assert last.broken is None, f"the chain is not whole: {last}"
    tracemalloc.start()
    for step in AuditChecks(database).verify(admin.company_id):
        if step.rows > 50_000:
            break
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    what = f"{size:,} events: verify the chain"
    state = timed(partial(AuditChecks(database).state, admin))
    return [
        Row(what, per_second(rate, "rows"), goal=f"≥ {VERIFY_GOAL:,} rows/s"),
        Row("the most memory that it takes", kilobytes(peak)),
        Row("the state of the chain, for the caption", ms(state)),
    ]


def _exported(database: Database, admin: Actor) -> list[Row]:
    """A month of it; in memory is a batch at a time."""
    day = clock.now().astimezone(ZONE).date()
    query, exports, rows = AuditQuery(first=day - EXPORTED, last=day, zone=ZONE), AuditExports(database), []
    for format_ in ("csv", "json"):
        with tempfile.TemporaryFile() as file:
            began = perf_counter()
            for block in exports.write(admin, exports.plan(admin, query, format_)):
                file.write(block)
            seconds, length = perf_counter() - began, file.tell()
            file.seek(0)
            count = sum(line.count(b"\n") for line in file)
        rows.append(Row(f"30 days as {format_.upper()}", per_second(count / seconds, "rows"), f"{length / 1e6:.1f} MB"))
    return rows


def _appended(stand: Stand, database: Database, size: str) -> list[Row]:
    """In a company of their own, in the same tables, and beside a database that is nearly empty."""
    with stand.database() as small:
        appends: list[Callable[[], object]] = [_appender(one) for one in (database, small)]
        ours, floor = interleaved(appends, rounds=stand.rounds(60, 5, "Appending an event"), batch=20)
        wal = wal_of(database.engine.url, appends[0], stand.pick(500, 50))
        return [
            _beside(f"append an event beside {size}", ours, floor),
            Row("WAL of that", kilobytes(wal)),
        ]


def _beside(what: str, ours: Timing, floor: Timing) -> Row:
    told = f"{ms(ours.median)}, p95 {ms(ours.p95)}"
    return at_most(what, told, f"{ms(floor.median)}, p95 {ms(floor.p95)} beside none", ours.ratio(floor), APPEND_GOAL)


def _appender(database: Database) -> Callable[[], None]:
    with database.transaction() as session:
        company = make_company(session)
        user = make_user(session, company, email=f"{new_id().hex}@example.com")
        actor = Actor(user.id, company.id, "", "", frozenset())

    def append() -> None:
        with database.transaction() as session:
            Audit(session).record(
                AuditAction.MESSAGE_EDITED, actor=actor, company_id=actor.company_id, target_type=TargetType.MESSAGE,
                target_id=new_id(), before={"length": 12}, after={"length": 14},
            )  # fmt: skip

    return append
