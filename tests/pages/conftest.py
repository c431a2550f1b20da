from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner.script_cache import ScriptCache

from core import bootstrap
from core.assistant.provider import Assistant
from core.bootstrap import Application
from core.config import Settings
from core.database.engine import Database
from tests.pages.visitor import Desk, DeskWith
from tests.support.models import ScriptedModel


@pytest.fixture(scope="session", autouse=True)
def done_once() -> Iterator[None]:
    """What a served Parley does once. Each new AppTest reads what every installed package says of itself, in search of
    components: a third of a second, for the same answer each time. And each run of it compiles its scripts again.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        patch.setattr("streamlit.testing.v1.app_test.ScriptCache", cache(ScriptCache))
        yield


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
