from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy.engine import URL

from core.config import Settings
from core.database.engine import connect
from tests.conftest import cloned
from tests.support.large_tables import Filled, fill


@pytest.fixture(scope="session")
def filled_template(server_url: URL, template: str) -> Iterator[tuple[Filled, URL]]:
    """Filled once: a module takes a clone of it."""
    with cloned(server_url, template) as url:
        database = connect(Settings(_env_file=None), url)  # type: ignore[call-arg]
        filled = fill(database)
        database.dispose()  # nobody clones what somebody is connected to
        yield filled, url


@pytest.fixture(scope="module")
def filled(server_url: URL, filled_template: tuple[Filled, URL]) -> Iterator[Filled]:
    filled, source = filled_template
    assert source.database
    with cloned(server_url, source.database) as url:
        database = connect(Settings(_env_file=None), url)  # type: ignore[call-arg]
        try:
            yield replace(filled, database=database)
        finally:
            database.dispose()
