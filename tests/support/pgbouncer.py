"""A real PgBouncer in transaction mode on loopback, with the configuration of docs/operations.md."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError

from tests.e2e.served import free_port
from tests.support.loopback import running
from tests.support.nginx import DOCUMENT
from tests.support.waiting import until

NO_PGBOUNCER = "This test needs PgBouncer: install it (on Debian `apt-get install pgbouncer`)."
SERVERS = 4
"""Connections to PostgreSQL: far fewer than Parley opens, so that they change hands."""


def program() -> str:
    if found := shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
        return found
    if os.environ.get("CI"):
        pytest.fail(NO_PGBOUNCER, pytrace=False)
    pytest.skip(NO_PGBOUNCER)


def role_settings() -> list[str]:
    """What the document has an operator tell the role."""
    return re.findall(r"^ALTER ROLE parley IN .*(?=;$)", DOCUMENT.read_text(), re.MULTILINE)


@contextmanager
def pooled(folder: Path, database: URL, *, run_as: str = "pgserver") -> Iterator[URL]:
    """The address of that database through PgBouncer, which as root runs as somebody else."""
    pgbouncer, port = program(), free_port()
    [block] = re.findall(r"^```ini\n(.*?)^```", DOCUMENT.read_text(), re.DOTALL | re.MULTILINE)
    for theirs, ours in {
        "host=127.0.0.1 port=5432 dbname=parley": f"host={database.query['host']} dbname={database.database}",
        "listen_port = 6432": f"listen_port = {port}\nunix_socket_dir =",
        "default_pool_size = 20": f"default_pool_size = {SERVERS}",
        "auth_type = scram-sha-256": "auth_type = trust",
        "/etc/pgbouncer/userlist.txt": f"{folder}/userlist.txt",
    }.items():
        assert theirs in block, f"{DOCUMENT.name} says nothing of {theirs}"
        block = block.replace(theirs, ours)
    folder.mkdir()
    (folder / "userlist.txt").write_text('"parley" ""\n')
    (folder / "pgbouncer.ini").write_text(block)
    configuration = [f"{folder}/pgbouncer.ini"]
    if os.geteuid() == 0:
        configuration = ["--user", run_as, *configuration]
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, run_as)
    url = URL.create("postgresql", "parley", host="127.0.0.1", port=port, database="parley")
    process = subprocess.Popen(
        [pgbouncer, *configuration], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder
    )
    with running(process):
        until(lambda: answers(url, process))
        yield url


def answers(url: URL, process: "subprocess.Popen[bytes]") -> bool:
    assert process.poll() is None, "PgBouncer ended"
    engine = create_engine(url.set(drivername="postgresql+psycopg"))
    try:
        engine.connect().close()
    except OperationalError:
        return False
    finally:
        engine.dispose()
    return True
