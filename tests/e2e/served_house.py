"""The company of tests.support.canaries, served by a process that nobody has visited."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sqlalchemy.engine import URL

from core.assistant.provider import Assistant
from core.bootstrap import Application
from core.config import Settings
from core.database.engine import connect
from tests.e2e.served import NO_MODEL, STREAMLIT, Parley, served
from tests.support.canaries import House
from tests.support.models import ScriptedModel


@contextmanager
def filled(url: URL, folder: Path) -> Iterator[House]:
    settings = Settings(_env_file=None, data_dir=folder)  # type: ignore[call-arg]
    database = connect(settings, url)
    yield House(Application(settings, database, Assistant(settings, model_factory=lambda _: ScriptedModel())))
    database.dispose()


def fresh(url: URL, folder: Path) -> AbstractContextManager[Parley]:
    database = url.render_as_string(hide_password=False)
    parley = Parley(folder, STREAMLIT, DATABASE_URL=database, PARLEY_SHUTDOWN_GRACE="1", **NO_MODEL)
    return served(parley, ready="/account/sign-in")
