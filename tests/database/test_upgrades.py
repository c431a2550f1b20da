"""A database with something in every table, at each migration: on to the newest and back, and nothing is lost."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from core.database.migrate import alembic_config, migrate
from tests.conftest import autocommit, cloned
from tests.database.test_migrations import catalogue
from tests.support.filled import Rows, fill, look, lost

pytestmark = pytest.mark.xdist_group("upgrades")

REVISIONS = [one.revision for one in ScriptDirectory.from_config(alembic_config()).walk_revisions()][::-1]
# What a migration changes on purpose. Table, column, and what is there then.
CHANGED_UP = {
    "0012": ("reports", "comment", ""),  # a comment goes with the message that it was about
}
NOT_VALID = """
    SELECT conname FROM pg_constraint WHERE NOT convalidated
    UNION ALL SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid
"""


@pytest.fixture(scope="module")
def at_each(server_url: URL, template: str) -> Iterator[dict[str, str]]:
    """The name of a database at each revision, empty: made in one walk."""
    walk = f"walk_{uuid4().hex}"
    with autocommit(server_url) as server, server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {walk} TEMPLATE template0"))
        names = {revision: f"{walk}_{revision}" for revision in REVISIONS}
        for revision, name in names.items():
            engine = create_engine(server_url.set(database=walk))
            migrate(engine, revision)
            engine.dispose()
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {walk}"))
        yield names
        for name in (walk, *names.values()):
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.mark.long
@pytest.mark.parametrize("revision", REVISIONS)
def test_what_was_there_is_there_at_the_newest_and_again_back_where_it_was(
    server_url: URL, at_each: dict[str, str], template: str, revision: str
) -> None:
    with cloned(server_url, template) as newest_url, cloned(server_url, at_each[revision]) as url:
        newest, engine = create_engine(newest_url), create_engine(url)
        with engine.begin() as connection:
            fill(connection)
            before = look(connection)
        assert all(before.values()), [table for table, rows in before.items() if not rows]
        migrate(engine)
        with engine.connect() as connection, newest.connect() as wanted:
            assert [loss for loss in lost(before, look(connection)) if not is_meant(loss, revision, before)] == []
            assert connection.execute(text(NOT_VALID)).scalars().all() == []
            assert catalogue(connection) == catalogue(wanted)
        with engine.connect() as connection:
            command.downgrade(alembic_config(connection), revision)
            connection.commit()
            assert [loss for loss in lost(before, look(connection)) if not is_meant(loss, revision, before)] == []
        engine.dispose()
        newest.dispose()


def is_meant(loss: tuple, revision: str, before: Rows) -> bool:
    """Of a change: whether a migration after that one says that it makes it."""
    table, column, _, now = loss
    return any((table, column, now) == change for at, change in CHANGED_UP.items() if at > revision)
