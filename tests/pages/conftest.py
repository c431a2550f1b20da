from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from core import bootstrap
from core.assistant.provider import Assistant
from core.bootstrap import Application
from core.config import Settings
from core.database.engine import Database
from tests.pages.visitor import Desk, DeskWith
from tests.support.models import ScriptedModel


@pytest.fixture
def desk(database: Database, settings: Settings) -> Iterator[Desk]:
    """For pages that are read and changed, but ask nothing: the runner stands still, everything is rolled back."""
    application = Application(settings, database, Assistant(settings, model_factory=lambda _: ScriptedModel()))
    bootstrap.install(application)
    yield Desk(application)
    bootstrap.install(None)


@pytest.fixture
def desk_with(fresh_database: Database, settings: Settings) -> Iterator[DeskWith]:
    """For pages that ask: the runner runs, and the given model answers. `settings` of its own may name models."""
    with ExitStack() as ending:

        def make(model: ScriptedModel, settings: Settings = settings) -> Desk:
            application = Application(settings, fresh_database, Assistant(settings, model_factory=lambda _: model))
            application.start()
            ending.callback(application.stop)
            bootstrap.install(application)
            return Desk(application)

        yield make
        bootstrap.install(None)
