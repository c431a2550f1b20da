"""The stand everything is measured on: an own embedded PostgreSQL, its databases, and the progress bars."""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from rich.progress import Progress
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from core.config import Settings
from core.database.embedded import EmbeddedPostgres
from core.database.engine import Database, connect
from core.database.migrate import migrate

KEPT_IN = "PARLEY_BENCH_DIR"
"""Environment variable: a folder in which the larger databases are kept for the next run."""

T = TypeVar("T")


class Stand:
    def __init__(
        self,
        folder: Path,
        server_url: URL,
        progress: Progress,
        *,
        is_quick: bool,
        messages: int | None = None,
        calls: tuple[int, ...] = (),
        events: int | None = None,
    ) -> None:
        """`messages`: how many search is to look through, `calls`: how many the usage page, one ledger after the
        other, `events`: how long the audit's chain is; None, or none: as many as they do by themselves.
        """
        self.folder = folder
        self.server_url = server_url
        self.progress = progress
        self.is_quick = is_quick
        self.messages = messages
        self.calls = calls
        self.events = events
        self.settings = Settings(
            _env_file=None,  # type: ignore[call-arg]
            data_dir=folder,
            database_url=None,
            openai_base_url=None,
            models=[],
            rate_limits="question=100000/60",  # one person asks what hundreds would
            database_statement_timeout=600,  # to fill a database takes longer than anything that people ask for
        )
        self._numbers = count(1)
        self._shared: dict[str, Any] = {}
        self._until_the_end = ExitStack()

    def pick(self, full: int, quick: int) -> int:
        """How much of something: in a full run, or in a quick one."""
        return quick if self.is_quick else full

    def rounds(self, full: int, quick: int, what: str) -> Iterable[int]:
        """Counts with a progress bar."""
        return self.progress.track(range(self.pick(full, quick)), description=what)

    @contextmanager
    def database(self) -> Iterator[Database]:
        """A migrated database of its own with Parley's pool, dropped afterwards."""
        name = f"bench_{next(self._numbers)}"
        # In a folder that is kept, a run that was killed leaves one of that name.
        run(self.server_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")
        database = connect(self.settings, self.server_url.set(database=name))
        try:
            migrate(database.engine)
            yield database
        finally:
            database.dispose()
            run(self.server_url, f"DROP DATABASE {name} WITH (FORCE)")

    def shared(self, name: str, fill: Callable[[Database], T]) -> T:
        """What `fill` made of a database of its own, which the groups that ask for it by that name share."""
        if name not in self._shared:
            self._shared[name] = fill(self._until_the_end.enter_context(self.database()))
        return self._shared[name]  # type: ignore[no-any-return]

    def close(self) -> None:
        """What is shared goes."""
        self._until_the_end.close()

    @contextmanager
    def kept(self, name: str) -> Iterator[Database]:
        """A migrated database that is there again in the next run on the same folder, if that is kept."""
        if KEPT_IN not in os.environ:
            with self.database() as database:
                yield database
            return
        with plain(self.server_url, autocommit=True) as connection:
            if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).rowcount:
                run(self.server_url, f"CREATE DATABASE {name}")
        database = connect(self.settings, self.server_url.set(database=name))
        try:
            migrate(database.engine)
            yield database
        finally:
            database.dispose()


@contextmanager
def stand(
    progress: Progress,
    *,
    is_quick: bool,
    messages: int | None = None,
    calls: tuple[int, ...] = (),
    events: int | None = None,
) -> Iterator[Stand]:
    """In a folder of its own that is gone afterwards, unless KEPT_IN names one."""
    kept = os.environ.get(KEPT_IN)
    temporary = tempfile.TemporaryDirectory(prefix="parley-bench-", ignore_cleanup_errors=True)
    with nullcontext(kept) if kept else temporary as folder:
        server = EmbeddedPostgres(Path(folder))
        url = server.start()
        place = Stand(Path(folder), url, progress, is_quick=is_quick, messages=messages, calls=calls, events=events)
        try:
            yield place
        finally:
            try:
                place.close()
            finally:
                server.stop()


def run(url: URL, *statements: str) -> None:
    """Outside any transaction: VACUUM, CHECKPOINT, CREATE DATABASE."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


@contextmanager
def plain(url: URL, *, autocommit: bool = False) -> Iterator["psycopg.Connection[tuple]"]:
    """The floor's way in: psycopg and nothing else."""
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=autocommit, options="-c timezone=UTC") as connection:
        yield connection
