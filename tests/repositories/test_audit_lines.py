"""The audit trail as a list: as plain Python would filter it, each row once, and never a table from end to end."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session

from core.database.engine import Database
from core.ids import new_id
from core.models import TARGETS, AuditAction, AuditEvent, Outcome, TargetType
from core.repositories.audit_lines import AuditLines, AuditRow, AuditWanted, Path, _paths
from tests.repositories.test_usage_plans import seen
from tests.support.builders import make_company
from tests.support.properties import tried

NOON = datetime(2026, 5, 12, 12, tzinfo=UTC)
ACTIONS = [
    AuditAction.SIGNED_IN,
    AuditAction.ROLES_CHANGED,
    AuditAction.ROOM_CREATED,
    AuditAction.ROOM_JOINED,
    AuditAction.BUDGET_RAISED,
]
PEOPLE = [UUID(int=number) for number in range(1, 4)]
REASONS = ["", "", "Asked FOR it", "100 %_ sure", "straße"]

drawn = st.fixed_dictionaries(
    {
        "minutes": st.integers(0, 40),
        "actor": st.sampled_from([None, *PEOPLE]),
        "action": st.sampled_from(ACTIONS),
        "target": st.sampled_from([None, *PEOPLE]),
        "reason": st.sampled_from(REASONS),
        "outcome": st.sampled_from(Outcome),
    }
)
filters = st.fixed_dictionaries(
    {},
    optional={
        "since": st.integers(0, 40).map(lambda minutes: NOON + timedelta(minutes=minutes)),
        "until": st.integers(0, 40).map(lambda minutes: NOON + timedelta(minutes=minutes)),
        "actor_id": st.sampled_from(PEOPLE),
        "actions": st.lists(st.sampled_from([action.value for action in ACTIONS]), unique=True).map(tuple),
        "target_type": st.sampled_from(TargetType),
        "target_id": st.sampled_from(PEOPLE),
        "outcome": st.sampled_from(Outcome),
        "text": st.sampled_from(["for", "%", "_ S", "STRASSE", "zebra"]),
        "up_to": st.integers(0, 30),
    },
)


def written(session: Session, company_id: UUID, lines: list[dict[str, Any]]) -> None:
    for number, line in enumerate(lines, 1):
        session.add(
            AuditEvent(
                company_id=company_id,
                created_at=NOON + timedelta(minutes=line["minutes"]),  # clocks of several machines: in no order
                sequence=number,
                actor_id=line["actor"],
                action=line["action"].value,
                target_type=TARGETS[line["action"]],
                target_id=line["target"],
                reason=line["reason"],
                outcome=line["outcome"],
                previous_hash=b"",
                hash=b"",
            )
        )
    session.flush()


def expected(lines: list[dict[str, Any]], wanted: AuditWanted) -> list[int]:
    """In plain Python."""
    found = []
    for number, line in enumerate(lines, 1):
        time = NOON + timedelta(minutes=line["minutes"])
        fits = (
            (wanted.since is None or time >= wanted.since)
            and (wanted.until is None or time < wanted.until)
            and (wanted.actor_id is None or line["actor"] == wanted.actor_id)
            and (not wanted.by_nobody or line["actor"] is None)
            and (not wanted.actions or line["action"] in wanted.actions)
            and (wanted.target_type is None or TARGETS[line["action"]] is wanted.target_type)
            and (wanted.target_id is None or line["target"] == wanted.target_id)
            and (wanted.outcome is None or line["outcome"] is wanted.outcome)
            and wanted.text.lower() in line["reason"].lower()
            and (wanted.up_to is None or number <= wanted.up_to)
        )
        if fits:
            found.append((time, number))
    return [number for _, number in sorted(found, reverse=True)]


def walked(lines: AuditLines, wanted: AuditWanted, path: Path, limit: int, looked: int, way: str) -> Iterator[AuditRow]:
    """Page by page, `way` is the side on which the next page is."""
    place = None
    if way == "after":
        place = (NOON - timedelta(days=1), 0)
    while True:
        page = lines.list_page(wanted, path, **{way: place}, limit=limit, looked=looked)
        yield from page.rows
        if len(page.rows) < limit and page.looked_to is None:
            return
        place = page.rows[-1].position if len(page.rows) == limit else page.looked_to


@tried(150)
@given(
    lines=st.lists(drawn, max_size=25),
    given_filters=filters,
    by_nobody=st.booleans(),
    limit=st.integers(1, 6),
    looked=st.integers(1, 9),
)
def test_every_filter_finds_what_plain_python_finds_on_every_path_and_each_row_once(
    database: Database, lines: list[dict[str, Any]], given_filters: dict[str, Any], by_nobody: bool, limit: int,
    looked: int,
) -> None:  # fmt: skip
    with database.transaction() as session:
        place = session.begin_nested()
        company_id, other = make_company(session).id, make_company(session).id
        written(session, company_id, lines)
        written(session, other, lines[:3])
        wanted = AuditWanted(company_id, **given_filters)
        if by_nobody and wanted.actor_id is None:
            wanted = replace(wanted, by_nobody=True)
        found, audit_lines = expected(lines, wanted), AuditLines(session)
        for path in {audit_lines.path_for(wanted), Path("time"), *_paths(wanted)}:
            for way, order in (("before", found), ("after", found[::-1])):
                rows = list(walked(audit_lines, wanted, path, limit, looked, way))
                assert [row.sequence for row in rows] == order, path
        place.rollback()


EVENTS = """
    INSERT INTO audit_events (id, created_at, company_id, sequence, actor_id, action, target_type, target_id, reason,
        outcome, previous_hash, hash)
    SELECT gen_random_uuid(), CAST(:noon AS timestamptz) + n * interval '1 minute', company, n,
        CASE WHEN n % 9 > 0 THEN (CAST(:people AS uuid[]))[1 + n % 3] END,
        CASE WHEN n % 500 = 1 THEN 'user:roles' WHEN n % 2 = 0 THEN 'session:sign_in' ELSE 'room:join' END, 'user',
        gen_random_uuid(), CASE WHEN n % 100 = 0 THEN 'asked for' ELSE '' END,
        CASE WHEN n % 200 = 0 THEN 'refused' ELSE 'done' END, '', ''
    FROM unnest(CAST(:companies AS uuid[])) company, generate_series(1, 4000) n"""


def test_no_filter_reads_the_table_from_end_to_end(database: Database) -> None:
    with database.transaction() as session:
        companies = [make_company(session).id for _ in range(3)]
        session.execute(text(EVENTS), {"noon": NOON, "people": PEOPLE, "companies": companies})
        session.execute(text("ANALYZE audit_events"))
        connection, audit_lines, all_ = session.connection(), AuditLines(session), AuditWanted(companies[0])
        place = (NOON + timedelta(days=1), 1440)
        with seen(connection) as statements:
            for changes in (
                {},
                {"since": NOON, "until": NOON + timedelta(hours=1)},
                {"actor_id": PEOPLE[0]},
                {"by_nobody": True},
                {"actions": ("user:roles",)},
                {"actions": ("room:join", "room:leave", "session:sign_in")},
                {"target_type": TargetType.CONVERSATION},
                {"target_id": new_id()},
                {"outcome": Outcome.REFUSED},
                {"outcome": Outcome.DONE},
                {"text": "zebra"},
                {"actor_id": PEOPLE[1], "actions": ("user:roles",), "outcome": Outcome.DONE, "text": "zebra"},
            ):
                wanted = replace(all_, **changes)
                path = audit_lines.path_for(wanted)
                for before, after in ((None, None), (place, None), (None, place)):
                    audit_lines.list_page(wanted, path, before=before, after=after, looked=50)
            audit_lines.get(companies[0], 7)
        assert len(statements) > 40
        for statement, parameters in statements:
            plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars())
            assert "Seq Scan" not in plan, f"{statement}\n{plan}"
            assert "Bitmap" not in plan or "count(*)" in statement, f"{statement}\n{plan}"
