"""The embedded server, as a process on this machine."""

import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.waiting import until

START = """
import signal, sys
from pathlib import Path
from core.database.embedded import EmbeddedPostgres
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests in the background ignores it
EmbeddedPostgres(Path(sys.argv[1])).start()
"""


@pytest.mark.long
def test_who_is_told_to_stop_while_it_starts_leaves_no_server_running() -> None:
    """Not in pytest's folder: as root, PostgreSQL runs as somebody else."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as place:
        subprocess.run([sys.executable, "-c", START, place], check=True)  # whose first one makes the folder
        noted = Path(place, "postgres", "postmaster.pid")
        starting = subprocess.Popen([sys.executable, "-c", START, place], stderr=subprocess.PIPE)
        until(noted.exists)
        starting.send_signal(signal.SIGINT)
        _, said = starting.communicate(timeout=60)
        assert said.strip().endswith(b"KeyboardInterrupt")
        assert not noted.exists()
