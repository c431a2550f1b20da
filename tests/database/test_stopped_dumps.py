"""A dump that is broken off: what it leaves is nothing, or nothing that anybody could take for a dump."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL

from core.config import ROOT
from core.database import copying
from core.database.migrate import head_revision
from core.errors import Conflict, Invalid
from tests.support.loopback import running
from tests.support.stalled import stalled
from tests.support.waiting import until

NAME, DRAFT = "parley.dump", ".parley.dump.part"


@pytest.fixture
def engine(fresh_url: URL) -> Iterator[Engine]:
    engine = create_engine(fresh_url)
    yield engine
    engine.dispose()


@contextmanager
def begun(url: URL, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """`python -m core database dump`, ended afterwards."""
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    program = subprocess.Popen(
        [sys.executable, "-m", "core", "database", "dump", str(folder / NAME)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=os.environ | {"DATABASE_URL": address},
    )  # fmt: skip
    with program, running(program):
        yield program


@contextmanager
def heard(number: signal.Signals) -> Iterator[None]:
    """What is begun in the block hears it, also where whoever started the tests had it ignored."""
    before = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
def test_told_to_stop_it_leaves_nothing(number: signal.Signals, fresh_url: URL, tmp_path: Path) -> None:
    with heard(number), stalled(fresh_url) as held, begun(fresh_url, tmp_path) as program:
        held.wait()
        program.send_signal(number)
        said, _ = program.communicate(timeout=90)
        assert program.returncode != 0 and b"Traceback" not in said
        assert list(tmp_path.iterdir()) == []
        until(lambda: held.count() == 0)


def test_what_is_left_of_a_killed_one_is_no_dump_and_gives_way_to_the_next(
    engine: Engine, fresh_url: URL, tmp_path: Path
) -> None:
    with stalled(fresh_url) as held, begun(fresh_url, tmp_path) as program:
        held.wait()
        with pytest.raises(Conflict, match=r"Another process is writing \.parley\.dump\.part"):
            copying.dump(engine, tmp_path / NAME)
        program.kill()
        program.wait()
        assert [one.name for one in tmp_path.iterdir()] == [DRAFT]
        with pytest.raises(Invalid, match="can't be restored"):
            copying.restore(engine, tmp_path / DRAFT)
        held.end_all()
    assert copying.dump(engine, tmp_path / NAME).revision == head_revision()
    assert [one.name for one in tmp_path.iterdir()] == [NAME]
