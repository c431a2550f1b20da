"""Starts that can't succeed say why, in one sentence; and what a crash leaves behind is taken up again."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from core.errors import DatabaseUnavailable
from tests.e2e.browsing import NO_BROWSER, chromium
from tests.e2e.served import SERVE, STREAMLIT, Parley, free_port, run, served
from tests.support.waiting import until

pytestmark = pytest.mark.e2e

NOWHERE = "postgresql://nobody@127.0.0.1:9/nothing"
SECRET = "correct horse battery staple, and more of it"


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield int(listening.getsockname()[1])


def refusal(tmp_path: Path, **variables: str) -> str:
    """What `python -m core serve` says on its way out."""
    data = {"PARLEY_DATA_DIR": str(tmp_path / "data"), "STREAMLIT_SERVER_PORT": str(free_port())}
    done = run(SERVE, data | variables)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.strip()


def get(address: str, **more: Any) -> httpx2.Response:
    return httpx2.get(address, timeout=60, **more)


def test_a_port_in_use(tmp_path: Path, taken_port: int) -> None:
    assert refusal(tmp_path, STREAMLIT_SERVER_PORT=str(taken_port)) == (
        f"Parley can't listen on 127.0.0.1:{taken_port}: Address already in use. "
        f"Stop what uses it, or choose another: STREAMLIT_SERVER_PORT={taken_port + 1} make run"
    )
    assert not (tmp_path / "data").exists()


@pytest.mark.long
@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        (
            {"PARLEY_ENVIRONMENT": "production"},
            "PARLEY_SECRET_KEY is missing: production needs one, made with "
            '`python3 -c "import secrets; print(secrets.token_urlsafe(48))"`.',
        ),
        (
            {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"},
            "PARLEY_MODELS is missing: OPENAI_BASE_URL needs the names of its models, separated by commas.",
        ),
    ],
    ids=["secret", "models"],
)
def test_a_setting_that_cannot_be(tmp_path: Path, variables: dict[str, str], sentence: str) -> None:
    assert refusal(tmp_path, **variables) == sentence


@pytest.mark.long
def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    said = refusal(tmp_path, DATABASE_URL=NOWHERE.replace("nobody", "nobody:s3cr3t-word"))
    assert said == DatabaseUnavailable.sentence or ("127.0.0.1" in said and "DATABASE_URL" in said)
    assert "s3cr3t-word" not in said


@pytest.mark.long
def test_the_plain_streamlit_way_says_on_a_page_what_is_missing(tmp_path: Path) -> None:
    parley = Parley(tmp_path, STREAMLIT, DATABASE_URL=NOWHERE, PARLEY_SECRET_KEY=SECRET)
    with served(parley, ready="/healthz"):
        until(lambda: "not_serving" in parley.log, patience=60)
        page = get(parley.url, headers={"accept": "text/html"})
        assert page.status_code == 503
        assert "reach its database" in page.text and "Traceback" not in page.text
        assert 'http-equiv="refresh"' in page.text
        assert "content-security-policy" in page.headers
        assert get(f"{parley.url}/chat").status_code == 503
        ready = get(f"{parley.url}/readyz")
        assert ready.status_code == 503 and "reach its database" in ready.json()["start"]
        assert get(f"{parley.url}/healthz").json() == {"status": "ok"}
    assert "Traceback" not in parley.log


@pytest.mark.long
def test_after_a_kill_nothing_is_left_running_and_the_next_start_goes_on(tmp_path: Path) -> None:
    """The plain Streamlit way: database, migrations, model and the gate come up by themselves, twice."""
    with served(Parley(tmp_path, STREAMLIT)) as parley:
        answer = get(parley.url, headers={"accept": "text/html"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/account/sign-in")
        link = parley.set_up_link
        killed = parley.model_server
        parley.kill()
        assert psutil.wait_procs([killed], timeout=30)[0] == [killed]

        parley.start()
        assert set(get(f"{parley.url}/readyz").json().values()) == {"ok"}
        assert get(link).status_code == 200
        stopped = parley.model_server
        parley.stop()
        assert psutil.wait_procs([stopped], timeout=30)[0] == [stopped]
    assert "Traceback" not in parley.log


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_without_a_browser_the_browser_tests_say_what_to_install(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    """A newcomer's run goes on without them; the check that a change has to pass does not."""
    monkeypatch.setattr("tests.e2e.browsing.CANDIDATES", ())
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome) as raised:
        chromium()
    assert str(raised.value) == NO_BROWSER
