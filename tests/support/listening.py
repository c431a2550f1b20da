"""The connections on which processes hear of what happens in others."""

from sqlalchemy import text
from sqlalchemy.engine import URL

from core.database.channel import LINE
from tests.conftest import autocommit


def break_connections(url: URL) -> None:
    """Of those that listen on this database: other tests listen on others of the same server."""
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :name"
    with autocommit(url) as engine, engine.connect() as connection:
        connection.execute(text(f"{ended} AND datname = current_database()"), {"name": LINE})
