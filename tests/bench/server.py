"""A served Streamlit: a real process on a free port, ended afterwards."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2

from core.config import ROOT

PATIENCE = 120.0
OURS = ("PARLEY_", "STREAMLIT_", "DATABASE_", "LISTEN_", "ANALYTICS_", "OPENAI_")


@contextmanager
def served(
    script: Path, *, ready: str, log: Path, settings: Mapping[str, str] | None = None
) -> Iterator[tuple[str, int]]:
    """`streamlit run script` in the script's folder, answering at `ready`. Gives its address and process id.

    `settings` are environment variables; what this terminal has of Parley's and Streamlit's is left out.
    """
    port = _free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    environment = kept | {"PYTHONPATH": str(ROOT), "STREAMLIT_LOGGER_LEVEL": "warning"} | dict(settings or {})
    command = [sys.executable, "-m", "streamlit", "run", script.name, "--server.port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=script.parent, env=environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL
        )
    try:
        address = f"127.0.0.1:{port}"
        _wait(f"http://{address}{ready}", process, log)
        yield address, process.pid
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx2.get(url, timeout=2).status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"{url} did not answer: {log.read_text(errors='replace')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
