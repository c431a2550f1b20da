"""The audit trail as a file, over the real ASGI application and the real PostgreSQL."""

import csv
import io
import json
import tracemalloc
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from starlette.testclient import TestClient

from core.config import Settings
from core.database.engine import Database
from core.errors import NotPermitted
from core.ids import new_id
from core.models import AuditAction, BudgetScope, Outcome, TargetType
from core.permissions import Actor, Role
from core.repositories.audit import Audit
from core.services import audit_exporting
from core.services.accounts import AccountService
from core.services.audit import AuditService
from core.services.audit_exporting import AuditExports
from core.services.audit_query import AuditQuery
from core.services.audit_views import AuditLine
from core.web.audit_exports import AUDIT
from core.web.cookies import SESSION
from tests.support.passwords import QuickPasswords
from tests.support.properties import tried
from tests.support.talks import Desk
from tests.support.web import HTML, Inside, StandIn, client_of, set_up, site
from tests.web.test_usage_exports import with_roles

ZONE = ZoneInfo("UTC")
ODD = ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\tx", "plain", 'quo"ted, "x"\nline', ""]


@pytest.fixture
def application(database: Database, settings: Settings) -> StandIn:
    accounts = AccountService(database, settings, QuickPasswords())
    set_up(accounts)
    return StandIn(settings, accounts, audit_exports=AuditExports(database))


@pytest.fixture
def desk(database: Database, application: StandIn) -> Desk:
    return Desk(database)


@pytest.fixture
def ada(application: StandIn, signed_in: TestClient, desk: Desk) -> Actor:
    """Signed in as the admin of a company in which a few things happened."""
    actor = with_roles(application, signed_in, desk, Role.ADMIN, Role.STAFF)
    with desk.database.transaction() as session:
        for number, reason in enumerate(ODD):
            Audit(session).record(
                AuditAction.BUDGET_RAISED if number % 2 else AuditAction.ROLES_CHANGED,
                actor=actor if number % 3 else None,
                company_id=actor.company_id,
                target_type=TargetType.BUDGET if number % 2 else TargetType.USER,
                target_id=actor.user_id if number % 4 else new_id(),
                before={"roles": ["staff"], "scope": BudgetScope.COMPANY},
                after={"roles": ["staff", "admin"], "more": "é"},
                reason=reason,
                outcome=Outcome.REFUSED if number == 5 else Outcome.DONE,
            )
    return actor


def shown(desk: Desk, actor: Actor, query: AuditQuery = AuditQuery()) -> list[AuditLine]:  # noqa: B008 - frozen
    return list(AuditService(desk.database).list_page(actor, query, ZONE, limit=500).lines)


def exported(desk: Desk, company_id: UUID) -> list[dict[str, Any]]:
    with desk.database.reading() as session:
        return [dict(one.after or {}) for one in Audit(session).list_recent(company_id) if one.action == "audit:export"]


def read(content: bytes, format_: str) -> list[dict[str, Any]]:
    if format_ == "json":
        return list(json.loads(content))
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


@tried(30)
@given(
    batch=st.integers(1, 9),
    format_=st.sampled_from(["csv", "json"]),
    query=st.builds(
        AuditQuery,
        actions=st.sampled_from([(), ("user",), ("budget:raise",), ("user:roles", "budget"), ("room",)]),
        by_nobody=st.booleans(),
        target_type=st.sampled_from([None, TargetType.USER]),
        outcome=st.sampled_from([None, *Outcome]),
        text=st.sampled_from(["", "X", "zebra"]),
    ),
)
def test_a_file_holds_what_the_page_lists(
    desk: Desk, ada: Actor, signed_in: TestClient, batch: int, format_: str, query: AuditQuery
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit_exporting, "BATCH", batch)
        lines = shown(desk, ada, query)
        answer = signed_in.get(AUDIT, params=query.params() | {"format": format_})
    assert answer.status_code == 200
    found = read(answer.content, format_)
    assert [int(one["sequence"]) for one in found] == [line.sequence for line in lines]
    assert [one["target"] for one in found] == [line.target for line in lines]


def test_cells_are_harmless_and_objects_are_whole(desk: Desk, ada: Actor, signed_in: TestClient) -> None:
    rows = read(signed_in.get(AUDIT, params={"format": "csv", "zone": "Asia/Tokyo"}).content, "csv")
    reasons = {row["reason"] for row in rows}
    assert {f"'{reason}" for reason in ODD[:5]} | set(ODD[5:]) == reasons
    assert all(row["created_at"].endswith("+09:00") for row in rows)
    objects = {one["sequence"]: one for one in read(signed_in.get(AUDIT, params={"format": "json"}).content, "json")}
    for line in shown(desk, ada):
        if line.action == AuditAction.AUDIT_EXPORTED:
            continue
        found = objects[line.sequence]
        assert (found["reason"], found["before"], found["after"]) == (line.reason, line.before, line.after)
        assert (found["id"], found["actor_id"]) == (str(line.id), line.actor_id and str(line.actor_id))
        [row] = [row for row in rows if int(row["sequence"]) == line.sequence]
        assert (json.loads(row["before"]) if row["before"] else None) == line.before
    empty = signed_in.get(AUDIT, params={"format": "json", "reason": "zebra"})
    assert empty.json() == [] and "audit.json" in empty.headers["content-disposition"]


def test_each_file_is_one_line_in_the_trail_and_not_in_itself(desk: Desk, ada: Actor, signed_in: TestClient) -> None:
    before = len(shown(desk, ada))
    asked = {"format": "csv", "who": str(ada.user_id), "action": ["user", "budget:raise"], "reason": "x"}
    assert signed_in.head(AUDIT, params=asked).content == b""
    assert exported(desk, ada.company_id) == []
    assert signed_in.get(AUDIT, params=asked).status_code == 200
    assert exported(desk, ada.company_id) == [
        {
            "format": "csv",
            "of": "everybody",
            "filter": {"who": str(ada.user_id), "action": ["user", "budget:raise"]},
        }
    ]
    assert len(read(signed_in.get(AUDIT, params={"format": "csv"}).content, "csv")) == before + 1
    assert len(shown(desk, ada)) == before + 2


def test_only_for_who_may_and_refusals_are_kept(
    desk: Desk, ada: Actor, signed_in: TestClient, application: StandIn, inside: Inside
) -> None:
    stranger = client_of(site(application, inside))
    assert stranger.get(AUDIT).status_code == 401
    assert stranger.get(AUDIT, headers=HTML).status_code == 303
    assert signed_in.get(AUDIT, headers={"origin": "https://elsewhere.example"}).status_code == 403
    for params, sentence in (
        ({"format": "pdf"}, "Choose CSV or JSON."),
        ({"who": "0' OR 1=1"}, "“who=0' OR 1=1” in the address can't be used and was left out."),
    ):
        answer = signed_in.get(AUDIT, params=params)
        assert (answer.status_code, answer.text) == (422, sentence)
    with_roles(application, signed_in, desk, Role.STAFF)
    found = read(signed_in.get(AUDIT, params={"format": "json"}).content, "json")
    assert found and {one["actor_id"] for one in found} == {str(ada.user_id)}
    assert exported(desk, ada.company_id)[0]["of"] == "own acts"
    for _ in range(3):
        refused = signed_in.get(AUDIT, params={"who": "nobody"})
        assert (refused.status_code, refused.text) == (
            403,
            "Seeing what everybody did needs the role moderator or admin.",
        )
    [kept] = shown(desk, ada, AuditQuery(actions=("permission",)))
    assert (kept.actor_id, kept.after) == (ada.user_id, {"permission": "audit:view"})


def test_rights_that_are_taken_away_end_it(
    desk: Desk, ada: Actor, application: StandIn, signed_in: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_exporting, "BATCH", 2)
    identity = application.accounts.resolve(signed_in.cookies[SESSION])
    assert identity
    exports, actor = application.audit_exports, application.accounts.actor(identity.session_id)
    blocks = exports.write(actor, exports.plan(actor, AuditQuery(), "csv"))
    assert next(blocks)
    with_roles(application, signed_in, desk, Role.STAFF)
    with pytest.raises(NotPermitted, match="needs the role moderator or admin"):
        list(blocks)


MANY = """
    INSERT INTO audit_events (id, created_at, company_id, sequence, action, target_type, reason, outcome, previous_hash,
        hash)
    SELECT gen_random_uuid(), now() - n * interval '1 second', :company, 1000 + n, 'user:roles', 'user',
        repeat('x', 200), 'done', '', '' FROM generate_series(1, :count) n"""


def test_memory_does_not_grow_with_the_file(desk: Desk, ada: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_exporting, "BATCH", 200)
    with desk.database.transaction() as session:
        session.execute(text(MANY), {"company": ada.company_id, "count": 12_000})
        session.execute(text("UPDATE audit_heads SET sequence = 20000"))
    exports = AuditExports(desk.database)
    plan = exports.plan(ada, AuditQuery(text="xx"), "json")
    sent, peaks = 0, []
    tracemalloc.start()
    for number, block in enumerate(exports.write(ada, plan)):
        sent += len(block)
        if number in (10, 50):
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.reset_peak()
    tracemalloc.stop()
    assert sent > 12_000 * 300
    assert peaks[1] < peaks[0] * 1.5 and max(peaks) < sent / 2
