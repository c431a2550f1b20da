"""What the web side needs of the application; `core.bootstrap` has the real one."""

from collections.abc import Mapping
from typing import Protocol

from core.assistant.runner import Runner
from core.config import Settings
from core.database.events import Events
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


class Application(Protocol):
    @property
    def settings(self) -> Settings: ...

    @property
    def accounts(self) -> AccountService: ...

    @property
    def invites(self) -> InviteService: ...

    @property
    def password_links(self) -> PasswordLinkService: ...

    @property
    def sso(self) -> SsoService: ...

    @property
    def presence(self) -> PresenceService: ...

    @property
    def watching(self) -> WatchService: ...

    @property
    def uploads(self) -> Uploads: ...

    @property
    def exporting(self) -> ExportService: ...

    @property
    def own_data(self) -> OwnDataService: ...

    @property
    def audit_exports(self) -> AuditExports: ...

    @property
    def refusals(self) -> Refusals: ...

    @property
    def usage_exports(self) -> UsageExports: ...

    @property
    def measures(self) -> Measures: ...

    @property
    def runner(self) -> Runner: ...

    @property
    def events(self) -> Events: ...

    @property
    def start_error(self) -> str | None:
        """The sentence that says why Parley can't serve yet; None when it can."""

    def readiness(self) -> Mapping[str, str]:
        """Each part with "ok" or a sentence for the operator. May block."""
