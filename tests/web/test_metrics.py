"""`/metrics`: for nobody without the token, and the numbers of what has happened."""

from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from pydantic import SecretStr
from sqlalchemy import URL, event
from starlette.testclient import TestClient

from core.assistant.counting import book
from core.assistant.ledger import Call, rows_of
from core.assistant.stream import Usage
from core.config import Settings
from core.database.engine import Database, connect
from core.models import CallPurpose, CallStatus, RunStatus, UsageSource
from core.services.measuring import Measures
from core.telemetry import counted
from core.telemetry.exposition import exposition
from tests.assistant.test_spending import Booking
from tests.support.scrapes import Series, scraped
from tests.support.web import EMAIL, HTML, StandIn, sign_in

TOKEN = "a-scraper-0f-parley-that-has-its-word"


@pytest.fixture
def scraper(application: StandIn, client: TestClient) -> TestClient:
    application.settings.metrics_token = SecretStr(TOKEN)
    application.measures = Measures(application.accounts.database)
    return client


def scrape(client: TestClient) -> dict[Series, float]:
    answer = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}", "host": "10.0.0.7:8501"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return scraped(answer.text)


def test_without_the_setting_there_is_no_such_page(client: TestClient) -> None:
    for sent in ({}, {"authorization": "Bearer "}, {"authorization": "Bearer None"}):
        answer = client.get("/metrics", headers=sent)
        assert (answer.status_code, answer.text) == (404, "Not found.")
    sign_in(client)
    assert client.get("/metrics").status_code == 404


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}{TOKEN}",
        f"Basic {TOKEN}",
        TOKEN,
        "Bearer ü",
    ],
)
def test_without_the_token_nothing_is_said(scraper: TestClient, sent: str | None) -> None:
    sign_in(scraper)  # an admin's session is no token
    answer = scraper.get("/metrics", headers={b"authorization": sent.encode()} if sent is not None else {})  # type: ignore[dict-item]
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert "parley_" not in answer.text


def test_requests_are_counted_by_the_route_that_answered(scraper: TestClient) -> None:
    before = scrape(scraper)
    scraper.get("/account/sign-in?next=/chat", headers=HTML)
    scraper.get("/chat/3fa85f64-5717-4562-b3fc-2c963f66afa6", headers=HTML)
    sign_in(scraper, email=EMAIL, password="wrong")
    scraper.delete("/api/import/3fa85f64-5717-4562-b3fc-2c963f66afa6", headers={"origin": "http://testserver"})
    after = scrape(scraper)

    def more(route: str, status: str) -> float:
        series = ("parley_http_requests_total", (("route", route), ("status", status)))
        return after.get(series, 0) - before.get(series, 0)

    assert (more("/account/sign-in", "2xx"), more("/account/sign-in", "4xx")) == (2, 1)
    assert more("none", "3xx") == 1  # the gate's own answer
    assert more("none", "4xx") == 1
    assert not any("3fa85f64" in str(labels) or EMAIL in str(labels) for _, labels in after)


def test_the_database_is_asked_once_for_many_scrapes(scraper: TestClient, application: StandIn) -> None:
    assert scrape(scraper)["parley_database_up", ()] == 1
    statements: list[str] = []
    bind = application.accounts.database.bind
    event.listen(bind, "before_cursor_execute", lambda *passed: statements.append(passed[2]))
    for _ in range(5):
        assert scrape(scraper)["parley_queued_questions", ()] == 0
    assert statements == []


def test_connections_are_told_and_those_who_wait_for_one(fresh_url: URL, settings: Settings) -> None:
    database = connect(settings.model_copy(update={"database_pool_size": 1, "database_max_overflow": 1}), fresh_url)
    pool, measures = database.engine.pool, Measures(database)
    try:
        assert scraped(measures.exposition())["parley_database_pool_in_use", ()] == 0
        before, held = counted.pool_waits.value(), [pool.connect(), pool.connect()]
        told = scraped(Measures(database).exposition())  # and does not wait in the same queue
        names = ("size", "in_use", "idle", "overflow")
        assert [told[f"parley_database_pool_{name}", ()] for name in names] == [1, 2, 0, 1]
        assert "parley_database_up" not in {name for name, _ in told}
        assert counted.pool_waits.value() == before
        with ThreadPoolExecutor(1) as thread:
            waiting = thread.submit(pool.connect)
            assert not wait([waiting], timeout=0.05).done
            held.pop().close()
            waiting.result(10).close()
        assert counted.pool_waits.value() == before + 1
        assert counted.pool_wait_seconds.value() >= 0.05
        held.pop().close()
    finally:
        database.dispose()


def test_calls_are_counted_when_they_are_committed_and_runs_when_they_end(database: Database) -> None:
    booking = Booking(database)
    model = "gpt-4o-mini"
    job = booking.begin()
    call = Call(CallPurpose.ANSWER, model, Usage(1_000, 200, 50, UsageSource.EXACT), CallStatus.COMPLETE, 2.0, 0.3)
    meters = (
        lambda: counted.model_calls.value(model, "answer", "complete"),
        lambda: counted.tokens.value(model, "input"),
        lambda: counted.tokens.value(model, "cached"),
        lambda: counted.tokens.value(model, "output"),
    )
    before, cost = [meter() for meter in meters], counted.cost.value(model)
    with pytest.raises(RuntimeError), database.transaction() as session:
        book(session, rows_of(session, "openai", [(job.origin, call)]))
        raise RuntimeError("rolled back")
    assert [meter() for meter in meters] == before
    booking.store.finish(job, RunStatus.COMPLETE, "So.", [call])
    assert [meter() - was for meter, was in zip(meters, before, strict=True)] == [1, 1_000, 200, 50]
    assert counted.cost.value(model) - cost == pytest.approx(float(booking.booked()[1]))
    found = scraped(exposition([counted.first_token_seconds.family(), counted.answer_seconds.family()]))
    assert found["parley_first_token_seconds_count", (("model", model),)] >= 1
    assert found["parley_answer_seconds_count", (("model", model),)] >= 1
