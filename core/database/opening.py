from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from core.config import Settings
from core.database.embedded import EmbeddedPostgres
from core.database.engine import Database, connect, postgres_url, refuse_other_zones
from core.database.migrate import migrate


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """The configured database, migrated; the embedded server where none is configured.

    Raises DatabaseUnavailable or Misconfigured, each with a sentence for the operator.
    """
    with open_engine(settings) as engine:
        if settings.is_pooled:
            with open_engine(settings.past_pooler) as direct:
                migrate(direct)
            refuse_other_zones(engine)
        else:
            migrate(engine)
        yield Database(engine)


@contextmanager
def open_engine(settings: Settings) -> Iterator[Engine]:
    """The same, as it is: for Alembic's own command line."""
    server = None
    if settings.database_url:
        url = postgres_url(settings.database_url.get_secret_value())
    else:
        server = EmbeddedPostgres(settings.data_dir)
        url = server.start()
    engine = connect(settings, url).engine
    try:
        yield engine
    finally:
        engine.dispose()
        if server:
            server.stop()
