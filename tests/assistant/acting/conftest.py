from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.assistant.provider import Assistant
from core.bootstrap import Application
from core.config import Settings
from core.database.engine import Database
from core.permissions import Actor
from tests.support.acting import (
    MODEL,
    TOOLS,
    Serve,
)
from tests.support.builders import make_actor, make_company, make_user
from tests.support.openai_server import OpenAIServer


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path, shutdown_grace=0)  # type: ignore[call-arg]


@pytest.fixture
def me(fresh_database: Database) -> Actor:
    with fresh_database.transaction() as session:
        return make_actor(make_user(session, make_company(session), display_name="Ada"))


@pytest.fixture
def serve(server: OpenAIServer, fresh_database: Database, settings: Settings) -> Iterator[Serve]:
    running: list[Application] = []

    def start(**changes: Any) -> Application:
        service = {"openai_base_url": server.base_url, "models": [MODEL]}
        configured = settings.model_copy(update=service | changes)
        application = Application(configured, fresh_database, Assistant(configured, tools=TOOLS))
        application.start()
        running.append(application)
        return application

    yield start
    for application in running:
        if application.runner.is_running:
            application.stop()
