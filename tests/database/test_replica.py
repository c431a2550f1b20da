"""The usage page reads from a replica, and from the original while that one is away or far behind."""

import logging
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from core import clock
from core.config import Settings
from core.database import replica
from core.database.engine import Database, connect
from core.database.programs import folder as programs
from core.database.replica import Replica
from tests.e2e.served import free_port
from tests.faults.kept import Kept
from tests.faults.postgres import Postgres
from tests.support.waiting import until

COUNT = text("SELECT count(*) FROM said")


def count(database: Database) -> int:
    with database.snapshot() as session:
        return int(session.execute(COUNT).scalar_one())


def is_copy(database: Database) -> bool:
    with database.reading() as session:
        return bool(session.execute(text("SELECT pg_is_in_recovery()")).scalar_one())


def say(database: Database) -> None:
    with database.transaction() as session:
        session.execute(text("INSERT INTO said VALUES (1)"))


class Standby:
    """A real one, that streams from that server."""

    def __init__(self, of: URL, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self._as = "pgserver" if os.geteuid() == 0 else None
        if self._as:
            shutil.chown(folder, self._as, self._as)
        self._run(
            "pg_basebackup", "-h", str(of.query["host"]), "-U", "postgres", "-D", f"{folder}/data", "-R", "-c", "fast"
        )
        self.url = of.set(query={"host": str(folder)}, port=self.port, database="postgres")
        self.start()

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses= -c hot_standby=on"
        self._control("start", "-o", options, "-l", f"{self.folder}/log")

    def stop(self) -> None:
        self._control("stop", "-m", "immediate")

    def promote(self) -> None:
        self._control("promote")

    def _control(self, *words: str) -> None:
        self._run("pg_ctl", "-w", "-D", f"{self.folder}/data", *words)

    def _run(self, name: str, *words: str) -> None:
        # Into no pipe: the server would keep its other end.
        done = subprocess.run(
            [programs() / name, *words], check=False, user=self._as, stdout=subprocess.DEVNULL, cwd="/"
        )
        assert done.returncode == 0, (self.folder / "log").read_text() if (self.folder / "log").exists() else name


@pytest.fixture
def original(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Iterator[Database]:
    postgres = Postgres(tmp_path_factory.mktemp("original"))
    Kept(postgres.url)._rows("CREATE TABLE said (number int)")
    database = connect(settings, postgres.url)
    yield database
    database.dispose()
    postgres.stop()


@pytest.fixture
def standby(original: Database) -> Iterator[Standby]:
    """Not in pytest's folder, where as root nobody but root may look: there PostgreSQL runs as somebody else."""
    with tempfile.TemporaryDirectory(prefix="parley-standby-") as folder:
        standby = Standby(original.engine.url, Path(folder))
        yield standby
        standby.stop()


@pytest.mark.long
def test_it_reads_from_the_copy_while_that_will_do(
    original: Database, standby: Standby, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "LOOK_AGAIN", 0.0)
    database = Replica(connect(settings, standby.url), original)
    try:
        say(database)
        until(lambda: count(database) == 1)
        assert is_copy(database)
        with database.snapshot() as session:
            assert clock.now() - database.as_of(session) < timedelta(seconds=5)

        with database.reading() as session:
            session.execute(text("SELECT pg_wal_replay_pause()"))
        say(original)
        until(lambda: not is_ahead(database))
        assert count(database) == 1  # a little behind is what a copy may be, and it says so
        monkeypatch.setattr(replica, "MOST_BEHIND", timedelta(0))
        assert not is_copy(database)
        assert count(database) == 2

        monkeypatch.undo()
        monkeypatch.setattr(replica, "LOOK_AGAIN", 0.0)
        standby.stop()
        assert count(database) == 2
        standby.start()
        until(lambda: is_copy(database) and count(database) == 2)

        standby.promote()
        say(original)
        assert count(database) == 3  # which the other never hears of
    finally:
        database.dispose()


def is_ahead(database: Database) -> bool:
    """Whether the copy knows everything, as it says."""
    with database.reading() as session:
        got = "SELECT pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()"
        return bool(session.execute(text(got)).scalar_one())


@pytest.mark.parametrize("cause", ["away", "no_replica"])
def test_without_the_copy_the_original_is_read_and_the_copy_left_in_peace_for_a_while(
    cause: str, fresh_database: Database, server_url: URL, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """`no_replica`: another database that takes writes of its own, as one does that was promoted."""
    nowhere = URL.create("postgresql+psycopg", "parley", host="127.0.0.1", port=9, database="parley")
    database = Replica(connect(settings, nowhere if cause == "away" else server_url), fresh_database)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            with database.snapshot() as session:
                assert (
                    session.execute(text("SELECT current_database()")).scalar_one()
                    == fresh_database.engine.url.database
                )
                assert clock.now() - database.as_of(session) < timedelta(seconds=5)
    assert [record.getMessage() for record in caplog.records if "replica" in record.message] == [
        f"replica_not_used cause={cause}"
    ]
    database.dispose()
