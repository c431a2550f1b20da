import pytest
from starlette.testclient import TestClient

from core.web.headers import CONTENT_SECURITY_POLICY
from tests.support.web import Inside, StandIn, client_of, site


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ({"database": "ok", "model": "ok"}, 200),
        ({"database": "ok", "model": "No model is installed."}, 503),
        ({}, 200),
    ],
)
@pytest.mark.parametrize("start_error", [None, "Parley is starting."])
def test_health_answers_anybody_at_any_time(
    application: StandIn, client: TestClient, parts: dict[str, str], status: int, start_error: str | None
) -> None:
    application.parts, application.start_error = parts, start_error
    for host in ("testserver", "10.0.0.7:8501", "anything.example"):
        alive = client.get("/healthz", headers={"host": host})
        assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
        ready = client.get("/readyz", headers={"host": host})
        assert (ready.status_code, ready.json()) == (status, parts)
        assert ready.headers["content-security-policy"] == CONTENT_SECURITY_POLICY


def test_the_gate_asks_for_nothing_before_the_start_is_over() -> None:
    class NotYet:
        start_error = "Parley can't reach its database."

        def __getattr__(self, name: str) -> object:
            raise AssertionError(f"{name} isn't there yet")

        def readiness(self) -> dict[str, str]:
            return {"start": self.start_error}

    client = client_of(site(NotYet(), Inside()))  # type: ignore[arg-type]
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").json() == {"start": NotYet.start_error}
    for path in ("/", "/chat", "/account/sign-in", "/static/app.js", "/_stcore/health"):
        answer = client.get(path, headers={"accept": "text/html"})
        assert answer.status_code == 503
        assert "Parley can&#39;t reach its database." in answer.text
        assert '<meta http-equiv="refresh" content="3">' in answer.text
