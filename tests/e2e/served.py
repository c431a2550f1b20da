"""Parley as people run it: a process of its own with its own data folder, embedded PostgreSQL and embedded model."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2
import psutil

from core.config import ROOT, Settings
from core.database.engine import Database
from core.database.opening import open_database
from core.web.addresses import SIGN_IN
from core.web.cookies import SESSION
from tests.support.passwords import GOOD
from tests.support.waiting import until
from tests.support.web import hidden_fields

PATIENCE = 120.0
"""Seconds a start may take, on a machine that does other things as well."""
OURS = ("PARLEY_", "STREAMLIT_", "DATABASE_", "LISTEN_", "ANALYTICS_", "OPENAI_")
SERVE = (sys.executable, "-m", "core", "serve")
STREAMLIT = (sys.executable, "-m", "streamlit", "run", "Home.py")
NO_MODEL = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_API_KEY": "sk-test", "PARLEY_MODELS": "small"}
"""Where nobody asks it, no embedded one need start."""
MODEL_SERVER = "core.assistant.local_model_server"

STARTED: list["Parley"] = []
"""All that `served` ever had, for who looks at their logs."""


class Parley:
    def __init__(self, folder: Path, command: Sequence[str] = SERVE, **variables: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.command = command
        self.variables = {
            "PARLEY_DATA_DIR": str(folder / "data"),
            "STREAMLIT_SERVER_PORT": str(self.port),
            "PARLEY_RATE_LIMITS": "question=10000/60",  # tests ask faster than people
            **variables,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._log = folder / "log"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def logged(self, since: int) -> str:
        """What its log has behind that many bytes."""
        if not self._log.exists():
            return ""
        with self._log.open("rb") as log:
            log.seek(since)
            return log.read().decode(errors="replace")

    @property
    def log_size(self) -> int:
        """In bytes."""
        return self._log.stat().st_size if self._log.exists() else 0

    @property
    def set_up_link(self) -> str:
        """As it was printed."""
        return re.findall(r"http://\S+/account/set-up\?token=\S+", self.log)[-1]

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None, "not started"
        return self._process

    def start(self, *, ready: str = "/readyz") -> None:
        """Returns as soon as `ready` answers 200; no page has been asked for by then."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=environment(self.variables),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until(lambda: self._is_answering(ready), patience=PATIENCE)

    def _is_answering(self, path: str) -> bool:
        assert self.process.poll() is None, f"it ended: {self.log}"
        try:
            # Each look would read all certificates anew, which it needs none of.
            return httpx2.get(self.url + path, verify=False, timeout=5).status_code == 200
        except httpx2.TransportError:
            return False

    def stop(self) -> None:
        """As a supervisor does it."""
        self.process.terminate()
        self.process.wait(PATIENCE)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)

    def start_again(self) -> None:
        """Unless it runs."""
        if self.process.poll() is not None:
            self.start()

    def restart(self) -> None:
        self.stop()
        self.start()

    @property
    def model_server(self) -> psutil.Process:
        [child] = [one for one in psutil.Process(self.process.pid).children() if MODEL_SERVER in one.cmdline()]
        return child

    def command_line(self, *words: str, typed: str = "") -> str:
        """`python -m core …` beside the running server. What it printed."""
        done = run([sys.executable, "-m", "core", *words], self.variables, typed=typed)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def set_up(self, email: str, name: str) -> str:
        """The first person, through the link that the first start printed. The token of their session."""
        names = {"company_name": "Engines", "display_name": name}
        return self._submit(self.set_up_link.removeprefix(self.url), email, names)

    def sign_in(self, email: str) -> str:
        """A new session by the form. Its token."""
        return self._submit(SIGN_IN, email, {})

    def _submit(self, form: str, email: str, more: Mapping[str, str]) -> str:
        with httpx2.Client(base_url=self.url, timeout=PATIENCE, headers={"accept": "text/html"}) as client:
            fields = {**hidden_fields(client.get(form).text), "email": email, "password": GOOD, **more}
            answer = client.post(form.partition("?")[0], data=fields, headers={"origin": self.url})
            assert answer.status_code == 303, answer.text
            return str(client.cookies[SESSION])

    @property
    def settings(self) -> Settings:
        return Settings(_env_file=None, data_dir=self.folder / "data")  # type: ignore[call-arg]

    @contextmanager
    def database(self) -> Iterator[Database]:
        """The one that the server has open."""
        with open_database(self.settings) as database:
            yield database


@contextmanager
def served(parley: Parley, *, ready: str = "/readyz") -> Iterator[Parley]:
    """The same, started and in the end stopped however it went."""
    STARTED.append(parley)
    try:
        parley.start(ready=ready)
        yield parley
    finally:
        if parley.process.poll() is None:
            parley.stop()


def run(command: Sequence[str], variables: Mapping[str, str], typed: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        check=False,
        cwd=ROOT,
        env=environment(variables),
        input=typed,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """This process's own without what a developer's terminal may have set of Parley's and Streamlit's."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)} | dict(variables)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
