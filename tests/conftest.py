"""One real PostgreSQL for the run; a migrated template cloned per worker; a savepoint per test."""

import gc
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, Row, create_engine, text
from sqlalchemy.engine import URL

from core.config import Settings
from core.database.embedded import EmbeddedPostgres
from core.database.engine import Database, connect
from core.database.migrate import migrate
from tests.support.untouched import UNTOUCHED

TEMPLATE = "parley_template"
TEMPLATE_LOCK = 42

YOUNG = 10_000
"""Objects made before garbage is looked for among them."""
FILLED = 32_000_000
"""Bytes, of which an empty database has a third."""
# Whatever triggers and foreign keys say to it.
EMPTY = """
    DO $$ DECLARE name text; BEGIN
        SET LOCAL session_replication_role = replica;
        SET LOCAL lock_timeout = '30s';
        FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
            EXECUTE format('DELETE FROM %I', name);
        END LOOP;
        FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
            EXECUTE format('ALTER SEQUENCE %I RESTART', name);
        END LOOP;
    END $$"""
SHAPE = """
    SELECT (SELECT sum(oid::bigint) FROM pg_class), (SELECT sum(oid::bigint) FROM pg_constraint),
        (SELECT sum(oid::bigint) FROM pg_proc), (SELECT sum(oid::bigint) FROM pg_trigger),
        (SELECT count(*) FROM pg_attribute), (SELECT string_agg(version_num, ' ') FROM alembic_version)"""
END_OTHERS = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What importing and collecting make stays to the end: no search for garbage there, as in a served Parley."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(YOUNG)
        gc.enable()


@pytest.fixture(scope="session")
def server_url(testrun_uid: str) -> Iterator[URL]:
    """The maintenance database of the run's own embedded server, shared by all workers.

    Not in pytest's folder: as root, PostgreSQL runs as somebody else, from whom the next pytest to start locks it up.
    """
    folder = Path(tempfile.gettempdir()) / f"parley-tests-{testrun_uid}"
    server = EmbeddedPostgres(folder)
    yield server.start()
    server.stop()
    if not (server.folder / "postmaster.pid").exists():  # the last worker
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def autocommit(url: URL) -> Iterator[Engine]:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.fixture(scope="session")
def template(server_url: URL) -> str:
    """The name of a migrated, empty database."""
    with autocommit(server_url) as engine, engine.connect() as connection:
        connection.execute(text(f"SELECT pg_advisory_lock({TEMPLATE_LOCK})"))
        known = connection.execute(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": TEMPLATE}).scalar()
        if not known:
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
            connection.execute(text("SELECT pg_reload_conf()"))
            connection.execute(text(f"CREATE DATABASE {TEMPLATE}_draft"))
            draft = create_engine(server_url.set(database=f"{TEMPLATE}_draft"))
            migrate(draft)
            draft.dispose()
            connection.execute(text(f"ALTER DATABASE {TEMPLATE}_draft RENAME TO {TEMPLATE}"))
        connection.execute(text(f"SELECT pg_advisory_unlock({TEMPLATE_LOCK})"))
    return TEMPLATE


def clone(server_url: URL, template: str) -> URL:
    """A database made from the template; it goes with the server, if nobody drops it before."""
    name = f"test_{uuid4().hex}"
    with autocommit(server_url) as engine, engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    return server_url.set(database=name)


@contextmanager
def cloned(server_url: URL, template: str) -> Iterator[URL]:
    """A database of its own, made from the template and dropped afterwards."""
    url = clone(server_url, template)
    try:
        yield url
    finally:
        with autocommit(server_url) as engine, engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {url.database} WITH (FORCE)"))


def empty(url: URL, shape: Row[Any]) -> bool:
    """Takes away all that a test wrote into it. False: it filled it, or changed its tables or their revision; nobody is
    to get it.
    """
    with autocommit(url) as engine, engine.connect() as connection:
        connection.execute(text(END_OTHERS))
        size = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
        if size > FILLED or connection.execute(text(SHAPE)).one() != shape:
            return False
        connection.execute(text(EMPTY))
    return True


@pytest.fixture(scope="session")
def worker_engine(server_url: URL, template: str) -> Iterator[Engine]:
    with cloned(server_url, template) as url:
        engine = create_engine(url, connect_args={"options": "-c timezone=UTC"})
        yield engine
        engine.dispose()


@contextmanager
def rolled_back(engine: Engine) -> Iterator[Database]:
    """A Database whose every commit is a savepoint of one transaction, which is rolled back at the end."""
    with engine.connect() as connection:
        outer = connection.begin()
        yield Database(connection)
        outer.rollback()


@pytest.fixture
def database(worker_engine: Engine) -> Iterator[Database]:
    """What the test does with it is rolled back."""
    with rolled_back(worker_engine) as database:
        yield database


@pytest.fixture(scope="session")
def shape(worker_engine: Engine) -> Row[Any]:
    """Of a database whose tables nobody changed, with their revision."""
    with worker_engine.connect() as connection:
        return connection.execute(text(SHAPE)).one()


@pytest.fixture(scope="session")
def left() -> list[URL]:
    """Databases that tests emptied: a tenth of the work of making one."""
    return []


@pytest.fixture
def fresh_url(server_url: URL, template: str, left: list[URL], shape: Row[Any]) -> Iterator[URL]:
    """A migrated database without a row, which the test has for itself."""
    url = left.pop() if left else clone(server_url, template)
    yield url
    if empty(url, shape):
        left.append(url)


@pytest.fixture(scope="session")
def pools() -> dict[str, Database]:
    """By where they lead and how: what was compiled for one need not be compiled for the next test that has it."""
    return {}


@pytest.fixture
def fresh_database(fresh_url: URL, settings: Settings, pools: dict[str, Database]) -> Iterator[Database]:
    """A pooled Database of its own: for threads, races and whatever must really commit."""
    database = pools.setdefault(
        f"{fresh_url} {settings.model_dump(exclude={'data_dir'})}", connect(settings, fresh_url)
    )
    yield database
    database.dispose()


@pytest.fixture
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    # Not by mktemp, which looks through all folders of the run for the next free number.
    data_dir = tmp_path_factory.getbasetemp() / f"data-{uuid4().hex}"
    data_dir.mkdir()
    return UNTOUCHED.model_copy(update={"data_dir": data_dir})
