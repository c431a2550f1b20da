import threading

import anyio
import pytest
from alembic.script import ScriptDirectory
from pydantic import SecretStr
from sqlalchemy import text
from starlette.testclient import TestClient

from core import bootstrap
from core.assistant.provider import Assistant
from core.config import Settings
from core.database.engine import Database
from core.database.migrate import alembic_config
from core.errors import ModelMissing
from core.web.headers import CONTENT_SECURITY_POLICY
from core.web.health import GOOD_FOR, NOT_OK, Readiness
from tests.support.web import Inside, StandIn, client_of, site

TOKEN = "a-scraper-0f-parley-that-has-its-word"
WHERE = "Parley can't reach its database at postgresql://parley@db.internal/parley."


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ({"database": "ok", "model": "ok"}, 200),
        ({"database": WHERE, "model": "No model is installed."}, 503),
        ({}, 200),
    ],
)
@pytest.mark.parametrize("start_error", [None, "Parley is starting."])
def test_health_answers_anybody_at_any_time_and_says_why_to_the_operator_alone(
    application: StandIn, client: TestClient, parts: dict[str, str], status: int, start_error: str | None
) -> None:
    application.parts, application.start_error = parts, start_error
    application.settings.metrics_token = SecretStr(TOKEN)
    for host in ("testserver", "10.0.0.7:8501", "anything.example"):
        alive = client.get("/healthz", headers={"host": host})
        assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
        for sent in (None, "Bearer ", f"Bearer {TOKEN}x", f"Basic {TOKEN}"):
            ready = client.get("/readyz", headers={"host": host} | ({"authorization": sent} if sent else {}))
            told = {part: state if state == "ok" else NOT_OK for part, state in parts.items()}
            expected = (503, {"start": start_error}) if start_error else (status, told)
            assert (ready.status_code, ready.json()) == expected
            assert ready.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        why = client.get("/readyz", headers={"host": host, "authorization": f"Bearer {TOKEN}"})
        assert why.json() == ({"start": start_error} if start_error else parts)


def test_the_gate_asks_for_nothing_before_the_start_is_over() -> None:
    class NotYet:
        start_error = "Parley can't reach its database."

        def __getattr__(self, name: str) -> object:
            raise AssertionError(f"{name} isn't there yet")

    client = client_of(site(NotYet(), Inside()))  # type: ignore[arg-type]
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").json() == {"start": NotYet.start_error}
    assert client.get("/metrics").status_code == 503
    for path in ("/", "/chat", "/account/sign-in", "/static/app.js", "/_stcore/health"):
        answer = client.get(path, headers={"accept": "text/html"})
        assert answer.status_code == 503
        assert "Parley can&#39;t reach its database." in answer.text
        assert '<meta http-equiv="refresh" content="3">' in answer.text


async def looked(application: StandIn, probes: int) -> None:
    readiness = Readiness(application)
    async with anyio.create_task_group() as group:
        for _ in range(probes):
            group.start_soon(readiness.parts)


def test_however_many_probes_there_are_one_looks(application: StandIn) -> None:
    looks: list[int] = []

    class Slow(StandIn):
        def readiness(self) -> dict[str, str]:
            looks.append(threading.get_ident())
            return {"database": "ok"}

    slow = Slow(application.settings, application.accounts)
    anyio.run(looked, slow, 200)
    assert len(looks) == 1 and GOOD_FOR >= 1


def test_a_process_that_ends_meanwhile_tells_strangers_no_more(application: StandIn, inside: Inside) -> None:
    class Ending(StandIn):
        def readiness(self) -> dict[str, str]:
            self.start_error = "Parley is being restarted."
            return {"database": WHERE}

    client = client_of(site(Ending(application.settings, application.accounts), inside))
    assert client.get("/readyz").json() == {"database": NOT_OK}
    assert client.get("/readyz").json() == {"start": "Parley is being restarted."}


def test_each_part_is_asked_for_itself(fresh_database: Database, settings: Settings) -> None:
    parley = bootstrap.Application(settings, fresh_database, Assistant(settings, None))
    assert parley.readiness() == {
        "database": "ok",
        "migrations": "ok",
        "runner": "The answer runner is not running.",
        "model": ModelMissing.sentence,
    }


@pytest.mark.parametrize(
    ("revision", "is_ok"), [("oldest", False), (None, False), ("of_a_newer_parley", True)], ids=["old", "none", "newer"]
)
def test_a_schema_that_lacks_migrations_is_not_ready_and_a_newer_one_is(
    fresh_database: Database, settings: Settings, revision: str | None, is_ok: bool
) -> None:
    """While a newer Parley is being rolled out, the older processes go on."""
    oldest = ScriptDirectory.from_config(alembic_config()).get_base()
    with fresh_database.transaction() as session:
        session.execute(text("DELETE FROM alembic_version"))
        if revision:
            session.execute(
                text("INSERT INTO alembic_version VALUES (:revision)"),
                {"revision": oldest if revision == "oldest" else revision},
            )
    parley = bootstrap.Application(settings, fresh_database, Assistant(settings, None))
    states = parley.readiness()
    assert states["database"] == "ok"
    assert (states["migrations"] == "ok") is is_ok
    assert is_ok or "Restart Parley" in states["migrations"]
