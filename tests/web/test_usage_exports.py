"""Figures of usage as files, over the real ASGI application and the real PostgreSQL."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest
from sqlalchemy import func, select
from sqlmodel import col
from starlette.testclient import TestClient

from core.config import Settings
from core.database.engine import Database
from core.models import AuditEvent, CallPurpose
from core.permissions import Actor, Role
from core.repositories.users import Users
from core.services import usage_exporting
from core.services.accounts import AccountService
from core.services.usage import UsageService
from core.services.usage_exporting import CALL_COLUMNS, UsageExports, columns_of, rows_of
from core.services.usage_query import Query
from core.services.usage_views import Chart, Table, Wanted
from core.web.application import Application
from core.web.cookies import SESSION
from core.web.lifespan import Host
from core.web.usage_exports import USAGE
from tests.support.passwords import QuickPasswords
from tests.support.talks import Desk
from tests.support.usage import book, make_call
from tests.support.web import HTML, Inside, StandIn, client_of, set_up, site

NOON = datetime(2026, 5, 12, 12, tzinfo=UTC)
DAYS = {"from": "2026-05-01", "to": "2026-05-31"}
WANTED = Wanted(NOON.date().replace(day=1), NOON.date().replace(day=31), ZoneInfo("UTC"))
FORMULA = "=HYPERLINK(1)"
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture
def application(database: Database, settings: Settings) -> StandIn:
    accounts = AccountService(database, settings, QuickPasswords())
    set_up(accounts)
    return StandIn(settings, accounts, usage_exports=UsageExports(database, UsageService(database)))


@pytest.fixture
def desk(database: Database, application: StandIn) -> Desk:
    """Beside the company of the first admin, which has to be the first."""
    return Desk(database)


@pytest.fixture
def ana(application: StandIn, signed_in: TestClient, desk: Desk) -> Actor:
    """Signed in as the analyst."""
    return with_roles(application, signed_in, desk, Role.ANALYST)


def with_roles(application: StandIn, client: TestClient, desk: Desk, *roles: Role) -> Actor:
    identity = application.accounts.resolve(client.cookies[SESSION])
    assert identity
    with desk.database.transaction() as session:
        Users(session).set_roles(identity.user_id, list(roles))
    return application.accounts.actor(identity.session_id)


def spent(desk: Desk, who: Actor, times: int = 1, **fields: Any) -> None:
    with desk.database.transaction() as session:
        whose = fields.pop("user_id", who.user_id)
        calls = [
            make_call(who.company_id, whose, NOON - timedelta(seconds=number), **fields) for number in range(times)
        ]
        book(session, *calls)


def audited(desk: Desk) -> list[dict[str, Any]]:
    with desk.database.reading() as session:
        found = select(col(AuditEvent.after)).where(col(AuditEvent.action) == "usage:export")
        in_order = found.order_by(col(AuditEvent.sequence))
        return [dict(row or {}) for row in session.execute(in_order).scalars()]


def get(client: TestClient, table: str, format_: str = "csv", **query: Any) -> Any:
    answer = client.get(USAGE, params={"table": table, "format": format_, **DAYS, **query})
    assert answer.status_code == 200, answer.text
    return answer


def records(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


def cells(content: bytes) -> list[list[tuple[str, str]]]:
    """The sheet's rows: each cell with its type ("n" or "inlineStr") and its text. A formula would have another."""
    with ZipFile(io.BytesIO(content)) as archive:
        sheet = ET.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    assert not list(sheet.iter(f"{SHEET}f"))
    return [
        [(cell.get("t", "n"), "".join(cell.itertext())) for cell in row.iter(f"{SHEET}c")]
        for row in sheet.iter(f"{SHEET}row")
    ]


def test_the_host_hands_on_all_that_routes_ask_for() -> None:
    wanted = {name for name in vars(Application) if not name.startswith("_")}
    assert wanted - {"start_error"} <= set(dir(Host))  # that one is set while it starts


def test_each_table_is_the_frame_of_the_view(desk: Desk, ana: Actor, signed_in: TestClient) -> None:
    spent(desk, ana, 3)
    spent(desk, ana, 2, model="small", cost=None, cached_tokens=None)
    usage = UsageService(desk.database)
    for table in set(Table) - {Table.CALLS}:
        frame = usage.table(ana, WANTED, table)
        columns, rows = columns_of(frame), [row for batch in rows_of(frame) for row in batch]
        found = records(get(signed_in, table.value))
        assert list(found[0]) if found else True
        assert len(found) == len(frame) == int(get(signed_in, table.value).headers["x-parley-rows"])
        for number, record in enumerate(found):
            assert list(record) == [column.name for column in columns] == list(frame.columns)
            given = ["" if value is None else value for value in rows[number]]
            for text, value in zip(record.values(), given, strict=True):
                assert text == (value.isoformat() if hasattr(value, "isoformat") else str(value))
        parquet = pq.read_table(io.BytesIO(get(signed_in, table.value, "parquet").content)).to_pandas()
        assert list(parquet.columns) == list(frame.columns) and len(parquet) == len(frame)
        if "cost" in frame:
            assert parquet["cost"].sum() == pytest.approx(frame["cost"].sum())
        sheet = cells(get(signed_in, table.value, "xlsx").content)
        assert len(sheet) == len(frame) + 1


def test_the_chart_is_the_one_of_the_view(desk: Desk, ana: Actor, signed_in: TestClient) -> None:
    spent(desk, ana, 3)
    for chart in Chart:
        found = records(get(signed_in, "chart", chart=chart.value))
        column = "people" if chart is Chart.PEOPLE else "answers"
        assert sum(int(record[column]) for record in found) == (1 if chart is Chart.PEOPLE else 3)
        name = get(signed_in, "chart", chart=chart.value).headers["content-disposition"]
        assert name.endswith(f"filename*=UTF-8''usage-{chart.value}-2026-05-01-to-2026-05-31.csv")


@pytest.mark.parametrize("format_", ["csv", "xlsx", "parquet"])
def test_calls_are_all_of_them_however_many(
    desk: Desk, ana: Actor, signed_in: TestClient, format_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.services.usage.EXPORT_PAGE", 7)
    spent(desk, ana, 40, cost=Decimal("0.12345678"))
    spent(desk, ana, 1, model=FORMULA, cost=None, cached_tokens=None)
    answer = get(signed_in, "calls", format_)
    assert answer.headers["x-parley-rows"] == "41"
    names = [column.name for column in CALL_COLUMNS]
    if format_ == "parquet":
        table = pq.read_table(io.BytesIO(answer.content))
        assert table.column_names == names and table.num_rows == 41
        assert sum(cost or 0 for cost in table["cost"].to_pylist()) == Decimal("4.9382712")
        assert FORMULA in table["model"].to_pylist() and table["cached_tokens"].null_count == 1
        assert table["created_at"].to_pylist()[0] == NOON
    elif format_ == "csv":
        found = records(answer)
        assert len(found) == 41 and list(found[0]) == names
        assert sum(Decimal(record["cost"] or 0) for record in found) == Decimal("4.9382712")
        [odd] = [record for record in found if not record["cost"]]
        assert odd["model"] == f"'{FORMULA}" and odd["cached_tokens"] == ""
        assert found[0]["created_at"] == "2026-05-12T12:00:00+00:00" and found[0]["purpose"] == "answer"
    else:
        sheet = cells(answer.content)
        assert [text for _, text in sheet[0]] == ["id", "created_at (UTC)", *names[2:]]
        assert len(sheet) == 42 and ("inlineStr", FORMULA) in [cell for row in sheet for cell in row]
        assert sum(float(text) for row in sheet for kind, text in row if text == "0.12345678") == pytest.approx(
            4.9382712
        )
    assert audited(desk)[-1]["rows"] == 41


def test_a_point_of_the_chart_and_the_filters_narrow_it(desk: Desk, ana: Actor, signed_in: TestClient) -> None:
    spent(desk, ana, 3)
    spent(desk, ana, 2, model="small")
    spent(desk, ana, 5, purpose=CallPurpose.TITLE)
    other = desk.person()
    for query, number in (
        ({}, 10),
        ({"model": "small"}, 2),
        ({"model": ["small", "large"], "purpose": "answer"}, 5),
        ({"of": "large"}, 8),
        ({"of": ["title"], "chart": "cost-by-purpose"}, 5),
        ({"at": "2026-05-12T00:00:00Z", "of": "small"}, 2),
        ({"at": "2026-05-13T00:00:00Z"}, 0),
        ({"person": str(ana.user_id)}, 10),
        ({"person": str(other.user_id)}, 0),
        ({"mine": "1"}, 10),
    ):
        answer = get(signed_in, "calls", **query)
        assert len(records(answer)) == number == int(answer.headers["x-parley-rows"]), query


def test_days_and_times_are_those_of_the_zone(desk: Desk, ana: Actor, signed_in: TestClient) -> None:
    spent(desk, ana)
    [record] = records(get(signed_in, "calls", zone="Asia/Tokyo"))
    assert record["created_at"] == "2026-05-12T21:00:00+09:00"
    sheet = cells(get(signed_in, "calls", "xlsx", zone="Asia/Tokyo").content)
    assert sheet[0][1][1] == "created_at (Asia/Tokyo)"
    assert float(sheet[1][1][1]) % 1 == pytest.approx(21 / 24)


def test_head_says_whether_one_may_and_writes_nothing(desk: Desk, ana: Actor, signed_in: TestClient) -> None:
    spent(desk, ana, 2)
    for params, status, sentence in (
        ({"table": "calls", **DAYS}, 200, ""),
        ({"table": "secrets", **DAYS}, 422, "Choose what to export"),
        ({**DAYS}, 422, "Choose what to export"),
        ({"table": "calls"}, 422, "Say from and to which day."),
        ({"table": "calls", "from": "2026-05-09", "to": "2026-05-01"}, 422, "The period begins on 9 May 2026"),
        ({"table": "calls", "from": "x", "to": "2026-05-01"}, 422, "“from=x” in the address can't be used"),
        ({"table": "calls", "zone": "Middle/Earth", **DAYS}, 422, "“zone=Middle/Earth” in the address"),
        ({"table": "calls", "person": "0' OR 1=1", **DAYS}, 422, "“person="),
        ({"table": "calls", "format": "pdf", **DAYS}, 422, "Choose CSV, XLSX or Parquet."),
        ({"table": "calls", "at": "2020-01-01T00:00:00Z", **DAYS}, 422, "That part of the chart"),
    ):
        asked = signed_in.head(USAGE, params=params)
        assert (asked.status_code, asked.content) == (status, b"")
        if status != 200:
            answer = signed_in.get(USAGE, params=params)
            assert answer.status_code == status and answer.text.startswith(sentence), answer.text
    assert signed_in.head(USAGE, params={"table": "calls", **DAYS}).headers["x-parley-rows"] == "2"
    assert audited(desk) == []


def test_only_for_who_is_signed_in_and_only_their_own(
    desk: Desk, ana: Actor, signed_in: TestClient, application: StandIn, inside: Inside
) -> None:
    other = desk.person()
    spent(desk, ana, 2)
    with desk.database.transaction() as session:
        book(session, *[make_call(ana.company_id, other.user_id, NOON) for _ in range(3)])
    stranger = client_of(site(application, inside))
    params = {"table": "calls", **DAYS}
    assert stranger.get(USAGE, params=params).status_code == 401
    assert stranger.get(USAGE, params=params, headers=HTML).status_code == 303
    assert signed_in.get(USAGE, params=params, headers={"origin": "https://elsewhere.example"}).status_code == 403
    assert signed_in.post(USAGE, params=params).status_code in (403, 405)
    assert len(records(get(signed_in, "calls"))) == 5
    with_roles(application, signed_in, desk, Role.STAFF)
    assert len(records(get(signed_in, "calls"))) == 2
    assert audited(desk)[-1]["is_mine"] is True
    refused = signed_in.get(USAGE, params={**params, "person": str(other.user_id)})
    assert (refused.status_code, refused.text) == (403, "Seeing what everybody uses needs the role analyst or admin.")
    with_roles(application, signed_in, desk)
    assert signed_in.get(USAGE, params=params).status_code == 403


def test_more_than_a_sheet_has_room_for_is_refused_in_a_sentence(
    desk: Desk, ana: Actor, signed_in: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage_exporting, "MOST", 3)
    spent(desk, ana, 4)
    answer = signed_in.get(USAGE, params={"table": "calls", **DAYS})
    assert answer.status_code == 422
    assert answer.text == "These are 4 calls. A file takes up to 3: choose fewer days, or filter them."


def test_rights_that_are_taken_away_end_it(
    desk: Desk, ana: Actor, application: StandIn, signed_in: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.services.usage.EXPORT_PAGE", 2)
    spent(desk, ana, 6)
    exports = application.usage_exports
    query = Query(first=WANTED.first, last=WANTED.last, shows_calls=True)
    blocks = exports.write(ana, exports.plan(ana, query, Table.CALLS, "csv"))
    assert next(blocks)
    with_roles(application, signed_in, desk, Role.STAFF)
    with pytest.raises(Exception, match="needs the role analyst or admin"):
        list(blocks)


def test_each_file_is_in_the_trail_without_content(desk: Desk, ana: Actor, signed_in: TestClient) -> None:
    spent(desk, ana)
    get(signed_in, "models", "xlsx", model="large")
    get(signed_in, "calls", zone="Asia/Tokyo", chart="answers", at="2026-05-11T15:00:00Z", of=["large", "small"])
    models, calls = audited(desk)
    assert models == {
        "table": "models", "format": "xlsx", "rows": 1, "from": "2026-05-01", "to": "2026-05-31", "zone": "UTC",
        "is_mine": False, "models": ["large"], "purposes": [], "people": [], "rooms": [],
    }  # fmt: skip
    assert calls == models | {
        "table": "calls", "format": "csv", "zone": "Asia/Tokyo", "models": [], "chart": "answers",
        "at": "2026-05-11T15:00:00+00:00", "of": ["large", "small"],
    }  # fmt: skip
    with desk.database.reading() as session:
        assert session.execute(select(func.count()).select_from(AuditEvent)).scalar_one() > 0


def test_texts_that_a_spreadsheet_would_run_begin_with_an_apostrophe(
    desk: Desk, ana: Actor, signed_in: TestClient
) -> None:
    starts = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"]
    for model in [*starts, "plain-model", 'quo"ted, "x"\nline']:
        spent(desk, ana, model=model)
    found = {record["model"] for record in records(get(signed_in, "models"))}
    assert {f"'{text}" for text in starts} <= found and {"plain-model", 'quo"ted, "x"\nline'} <= found
    assert not [text for text in found if re.match(r"[=+\-@\t\r]", text)]
