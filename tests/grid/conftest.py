from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from core.assistant.provider import Assistant
from core.config import Settings
from tests.conftest import rolled_back
from tests.grid.world import Served, World
from tests.support.models import ScriptedModel


@pytest.fixture(scope="module")
def application(worker_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """For all cases of a file, which leave it as they found it; nothing of it is started."""
    settings = Settings(_env_file=None, data_dir=tmp_path_factory.mktemp("data"))  # type: ignore[call-arg]
    assistant = Assistant(settings, model_factory=lambda _: ScriptedModel())
    with rolled_back(worker_engine) as database:
        yield Served(settings, database, assistant)


@pytest.fixture(scope="module")
def world(application: Served) -> World:
    return World(application)
