"""A database that a test had for itself, before another test gets it. See tests/conftest.py."""

from typing import Any

import pytest
from sqlalchemy import Row, text
from sqlalchemy.engine import URL

from core.database.engine import Database
from tests.conftest import autocommit, empty
from tests.support.tables import tables_with
from tests.support.talks import Desk


def test_nothing_is_left_in_it(fresh_database: Database, shape: Row[Any]) -> None:
    desk = Desk(fresh_database)
    desk.talk(desk.me, "Why?")
    assert tables_with(fresh_database, "") > {"messages", "conversations", "users"}
    assert empty(fresh_database.engine.url, shape)
    fresh_database.dispose()  # its connections were ended
    assert tables_with(fresh_database, "") == {"alembic_version"}


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE tasks DROP CONSTRAINT tasks_assignee_id_fkey",
        "ALTER TABLE tasks ADD COLUMN more integer",
        "UPDATE alembic_version SET version_num = '9999'",
        "DELETE FROM alembic_version",
    ],
)
def test_whose_tables_were_changed_is_for_nobody(fresh_url: URL, shape: Row[Any], change: str) -> None:
    with autocommit(fresh_url) as engine, engine.connect() as connection:
        connection.execute(text(change))
    assert not empty(fresh_url, shape)
