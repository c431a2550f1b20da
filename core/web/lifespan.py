"""What happens around serving: the application opens in the background, so that a page can say what is missing."""

import asyncio
import gc
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

from core import bootstrap
from core.assistant.runner import Runner
from core.config import Settings, load_settings
from core.database.events import Events
from core.database.opening import open_database
from core.errors import DatabaseUnavailable, ParleyError
from core.services.accounts import AccountService
from core.services.audit_exporting import AuditExports
from core.services.audit_refusals import Refusals
from core.services.exporting import ExportService
from core.services.invites import InviteService
from core.services.measuring import Measures
from core.services.own_data import OwnDataService
from core.services.password_links import PasswordLinkService
from core.services.presence import PresenceService
from core.services.sso import SsoService
from core.services.uploads import Uploads
from core.services.usage_exporting import UsageExports
from core.services.watching import WatchService
from core.telemetry import logs
from core.web.stopping import on_stop_signal

log = logging.getLogger(__name__)

STARTING = "Parley is starting. This page opens by itself in a moment."
RETRY_SECONDS = 3.0
COLLECT_SECONDS = 30.0


class Host:
    """This process's application as the web sees it: starting, serving, or unable to and saying why."""

    def __init__(self) -> None:
        self.start_error: str | None = STARTING
        self.address = ""
        self._application: bootstrap.Application | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._open, name="host", daemon=True)

    @property
    def settings(self) -> Settings:
        return self._opened.settings

    @property
    def accounts(self) -> AccountService:
        return self._opened.accounts

    @property
    def invites(self) -> InviteService:
        return self._opened.invites

    @property
    def password_links(self) -> PasswordLinkService:
        return self._opened.password_links

    @property
    def own_data(self) -> OwnDataService:
        return self._opened.own_data

    @property
    def sso(self) -> SsoService:
        return self._opened.sso

    @property
    def presence(self) -> PresenceService:
        return self._opened.presence

    @property
    def watching(self) -> WatchService:
        return self._opened.watching

    @property
    def uploads(self) -> Uploads:
        return self._opened.uploads

    @property
    def exporting(self) -> ExportService:
        return self._opened.exporting

    @property
    def audit_exports(self) -> AuditExports:
        return self._opened.audit_exports

    @property
    def refusals(self) -> Refusals:
        return self._opened.refusals

    @property
    def usage_exports(self) -> UsageExports:
        return self._opened.usage_exports

    @property
    def measures(self) -> Measures:
        return self._opened.measures

    @property
    def runner(self) -> Runner:
        return self._opened.runner

    @property
    def events(self) -> Events:
        return self._opened.events

    @property
    def _opened(self) -> bootstrap.Application:
        assert self._application is not None  # the gate lets nothing through while `start_error` is set
        return self._application

    def readiness(self) -> dict[str, str]:
        return {"start": self.start_error} if self.start_error else self._opened.readiness()

    def start(self, address: str) -> None:
        self.address = address
        self._thread.start()

    def hang_up(self) -> None:
        """Ends the event streams, which the server would otherwise wait for."""
        if self._application:
            self._application.events.hang_up()

    def stop(self) -> None:
        self._ending.set()
        self._thread.join()

    def _open(self) -> None:
        """Serves until the process ends; whatever keeps it from that is said and tried again."""
        said = ""
        while not self._ending.is_set():
            try:
                settings = load_settings()
                logs.set_up(settings.log_level, is_json=settings.is_production)
                with open_database(settings) as database:
                    self._serve(bootstrap.build(settings, database))
            except ParleyError as error:
                if str(error) != said:
                    log.error("not_serving reason=%s", error)
                said = str(error)
                # Where the database is concerns the operator, who has the log; the page is open to everybody.
                self.start_error = error.sentence if isinstance(error, DatabaseUnavailable) else said
            except Exception:
                log.exception("not_serving")
                self.start_error = "Parley could not start. Its log says why."
            self._ending.wait(RETRY_SECONDS)

    def _serve(self, application: bootstrap.Application) -> None:
        application.start()
        try:
            self._serve_started(application)
        finally:
            application.stop()

    def _serve_started(self, application: bootstrap.Application) -> None:
        bootstrap.install(application)
        self._application = application
        # What is loaded by now stays: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        self._announce(application)
        self.start_error = None
        self._ending.wait()
        self.start_error = "Parley is being restarted. This page comes back by itself."

    def _announce(self, application: bootstrap.Application) -> None:
        address = application.settings.public_url or self.address
        lines = [f"Parley is ready: {address}"]
        if problem := application.assistant.problem():
            lines.append(problem)
        if application.accounts.needs_setup() and not application.settings.local_passwords:
            lines.append("First time here? Run `python -m core set-up` to name your company and its first admin.")
        elif application.accounts.needs_setup():
            token = application.accounts.issue_setup_link()
            lines.append(
                "First time here? This link, good for one use within a day, names your company and its first admin:"
            )
            lines.append(f"{address}/account/set-up?token={token}")
        with suppress(OSError):  # nobody reads it any more, which is no reason not to serve
            print("", *(f"  {line}" for line in lines), "", sep="\n", flush=True)


def lifespan_of(host: Host, address: Callable[[], str]) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    """`address` tells where the server listens, once that is known."""

    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        host.start(address())
        collecting = asyncio.create_task(_collect_for_ever())
        try:
            with on_stop_signal(host.hang_up):
                yield
        finally:
            collecting.cancel()
            await asyncio.to_thread(host.stop)

    return lifespan


async def _collect_for_ever() -> None:
    """Streamlit would do this after every rerun (`runner.postScriptGC`), at forty times the rerun's own cost."""
    while True:
        await asyncio.sleep(COLLECT_SECONDS)
        await asyncio.to_thread(gc.collect)
