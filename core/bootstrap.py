"""The composition root: settings become a database, an assistant, a runner and the services that use them.

One `Application` per process. Pages and routes reach it through `current()`; tests `install()` their own.
"""

from datetime import timedelta
from uuid import UUID

from core.assistant.budgeting import Budgeting
from core.assistant.local_model import LocalModel
from core.assistant.provider import Assistant
from core.assistant.runner import Runner
from core.assistant.runs import RunStore
from core.assistant.step_store import StepStore
from core.config import Settings
from core.database.engine import Database, events_url
from core.database.events import Events
from core.database.migrate import is_behind
from core.database.replica import replica_of
from core.errors import ParleyError
from core.ids import new_id
from core.services.access_grants import AccessGrantService
from core.services.access_reading import AccessReading
from core.services.accounts import AccountService
from core.services.audit import AuditService
from core.services.audit_checking import AuditChecks
from core.services.audit_exporting import AuditExports
from core.services.audit_refusals import Refusals
from core.services.browse import BrowseService
from core.services.budgets import BudgetService
from core.services.chat import ChatService
from core.services.commands import CommandService
from core.services.companies import CompanyService
from core.services.company_limits import CompanyLimits
from core.services.company_models import CompanyModels
from core.services.conversations import ConversationService
from core.services.exporting import ExportService
from core.services.feedback import FeedbackService
from core.services.importing import ImportService
from core.services.indexing import SearchIndexer
from core.services.invites import InviteService
from core.services.limits import RateLimiter
from core.services.measuring import Measures
from core.services.members import MemberService
from core.services.moderation import ModerationService
from core.services.moderation_message_acts import MessageModeration
from core.services.moderation_messages import ModerationMessages
from core.services.moderation_queue import ModerationQueue
from core.services.own_data import OwnDataService
from core.services.password_links import PasswordLinkService
from core.services.people import PeopleService
from core.services.people_looking import PeopleLooking
from core.services.presence import PresenceService
from core.services.prices import PriceService
from core.services.profile import ProfileService
from core.services.purging import PurgeService
from core.services.queue import QueueService
from core.services.reactions import ReactionService
from core.services.reporting import ReportService
from core.services.retention import RetentionService
from core.services.retention_keeping import RetentionKeeper
from core.services.room_locks import RoomLockService
from core.services.rooms import RoomService
from core.services.rules import RuleService
from core.services.search import SearchService
from core.services.session_ending import SessionEnding
from core.services.spending import SpendingService
from core.services.sso import SsoService
from core.services.steps import StepService
from core.services.suspensions import SuspensionService
from core.services.talk import TalkService
from core.services.tasks import TaskService
from core.services.transcripts import TranscriptService
from core.services.uploads import Uploads
from core.services.usage import UsageService
from core.services.usage_exporting import UsageExports
from core.services.usage_keeping import UsageKeeper
from core.services.watching import WatchService

MODEL_PATIENCE = 10.0
"""Seconds; without a model Parley serves all the same and says so."""
NOT_MIGRATED = "The database lacks migrations of this version. Restart Parley: it migrates when it starts."


class Application:
    """Everything one process needs to serve people. Build it, then `start()` and at the end `stop()` the workers."""

    def __init__(
        self, settings: Settings, database: Database, assistant: Assistant, local_model: LocalModel | None = None
    ) -> None:
        """`local_model`: the child process behind the assistant, when the embedded model is used and installed."""
        self.settings = settings
        self.database = database
        self.assistant = assistant
        self.local_model = local_model
        self.events = Events(events_url(settings, database), connect_timeout=settings.database_connect_timeout)
        worker_id, told_person = new_id(), self.events.publish_person
        store = RunStore(database, assistant, worker_id, timedelta(seconds=settings.lost_after), told_person)
        steps = StepStore(database, assistant, worker_id, self.events.publish_tasks)
        self.runner = Runner(store, steps, assistant, grace=settings.shutdown_grace, changed=self._changed)
        limiter, budgeting = RateLimiter(settings.limits), Budgeting(assistant)
        self._keep_people(settings, limiter)
        self._keep_watch()
        self._talk(limiter, budgeting)
        self._find_and_carry(settings)
        self._act(limiter, budgeting)
        self._oversee(limiter)

    def _keep_people(self, settings: Settings, limiter: RateLimiter) -> None:
        """Who may come in, what people say of themselves, and their company."""
        database, events = self.database, self.events
        self.accounts = AccountService(database, settings)
        self.sso = SsoService(database, settings, events)
        self.companies = CompanyService(database, self.assistant.instruction_tokens)
        self.company_models = CompanyModels(database, self.assistant.models)
        self.company_limits = CompanyLimits(database, limiter)
        self.people = PeopleService(database, hints=events)
        self.people_looking = PeopleLooking(database)
        self.invites = InviteService(database, settings, limiter=limiter)
        self.password_links = PasswordLinkService(database, settings, events)
        self.session_ending = SessionEnding(database, events)
        self.profile = ProfileService(database)

    def _keep_watch(self) -> None:
        """The trail, what things come to, and how long they are kept."""
        database, assistant = self.database, self.assistant
        self.audit = AuditService(database)
        self.audit_checks = AuditChecks(database)
        self.audit_exports = AuditExports(database)
        self.refusals = Refusals(database)
        self.measures = Measures(database)
        self.prices = PriceService(database, assistant.provider, assistant.models)
        self.replica = replica_of(self.settings, database)
        self.usage = UsageService(self.replica)
        self.budgets = BudgetService(database)
        self.spending = SpendingService(database)
        self.usage_keeper = UsageKeeper(database)
        self.usage_exports = UsageExports(database, self.usage)
        self.retention = RetentionService(database)
        self.retention_keeper = RetentionKeeper(database, self._changed, self.events.publish_listed)

    def _talk(self, limiter: RateLimiter, budgeting: Budgeting) -> None:
        """Chats with the assistant, and rooms."""
        database, assistant, events = self.database, self.assistant, self.events
        minutes = self.settings.edit_minutes
        edit_window = timedelta(minutes=minutes) if minutes else None
        self.conversations = ConversationService(
            database, assistant.models, assistant.instruction_tokens, self._changed, events.publish_listed
        )
        self.transcripts = TranscriptService(database, edit_window, assistant.tools)
        self.rooms = RoomService(database, limiter, events)
        self.members = MemberService(database, events)
        self.talk = TalkService(database, limiter, events, self.runner.submit, edit_window, admit=budgeting.admit)
        self.reactions = ReactionService(database, limiter, events)
        self.presence = PresenceService(database, new_id(), events.publish_presence)
        self.watching = WatchService(database, self.presence)
        self.chat = ChatService(
            database,
            assistant.resolve_model,
            self.runner.submit,
            self.runner.stop_run,
            self._changed,
            limiter=limiter,
            admit=budgeting.admit,
            reported=events.publish_person,
        )
        self.feedback = FeedbackService(database)
        self.queue = QueueService(
            database,
            self.runner.submit,
            self.runner.stop_run,
            self._changed,
            admit=budgeting.admit,
            reported=events.publish_person,
        )

    def _find_and_carry(self, settings: Settings) -> None:
        """Finding what was said, and carrying it in and out."""
        database = self.database
        self.browse = BrowseService(database, self.conversations, self.company_models.default_for)
        self.search = SearchService(database)
        self.indexer = SearchIndexer(database)
        self.exporting = ExportService(database)
        self.own_data = OwnDataService(database, self.exporting, self.audit_exports)
        self.importing = ImportService(database, self.events.publish_listed)
        self.uploads = Uploads(settings.data_dir / "imports", settings.import_megabytes)

    def _act(self, limiter: RateLimiter, budgeting: Budgeting) -> None:
        """Tasks, and what the assistant and commands do."""
        database, tools, told_person = self.database, self.assistant.tools, self.events.publish_tasks
        self.tasks = TaskService(database, told_person)
        self.commands = CommandService(database, limiter, told_person, tools=tools)
        self.steps = StepService(
            database, self.runner.submit, self._changed, told_person, admit=budgeting.admit, tools=tools
        )

    def _oversee(self, limiter: RateLimiter) -> None:
        """What people report, and what moderators do."""
        database, events = self.database, self.events
        self.reports = ReportService(database, limiter, events.publish_person)
        self.moderation = ModerationService(database, events)
        self.moderation_queue = ModerationQueue(database)
        self.moderation_messages = ModerationMessages(database)
        self.message_moderation = MessageModeration(database, events)
        self.purging = PurgeService(database, events)
        self.suspensions = SuspensionService(database, events)
        self.room_locks = RoomLockService(database, events)
        self.rules = RuleService(database)
        self.access_grants = AccessGrantService(database)
        self.access_reading = AccessReading(database, events, self.company_models.default_for)

    def _changed(self, conversation_id: UUID) -> None:
        """Something is new in a conversation."""
        self.events.publish(conversation_id)

    def start(self) -> None:
        """Starts the model and the runner; the database is open already. Waits a little for the model."""
        if self.local_model:
            self.local_model.start()
            self.local_model.wait_ready(MODEL_PATIENCE)
        if not self.settings.local_passwords:
            self.session_ending.end_by_password()
        self.events.start()
        self.runner.start()
        self.indexer.start()
        self.usage_keeper.start()
        self.retention_keeper.start()

    def stop(self) -> None:
        self.retention_keeper.stop()
        self.usage_keeper.stop()
        self.indexer.stop()
        self.runner.stop()
        self.presence.stop()
        self.events.stop()
        if self.replica is not self.database:
            self.replica.dispose()
        if self.local_model:
            self.local_model.stop()

    def readiness(self) -> dict[str, str]:
        """Each part that people depend on: "ok", or a sentence for the operator."""
        return {
            **self._database_states(),
            "runner": "ok" if self.runner.is_running else "The answer runner is not running.",
            "model": self.assistant.problem() or "ok",
        }

    def _database_states(self) -> dict[str, str]:
        try:
            behind = is_behind(self.database)
        except ParleyError as error:
            return {"database": str(error), "migrations": "Unknown while the database is away."}
        return {"database": "ok", "migrations": NOT_MIGRATED if behind else "ok"}


def build(settings: Settings, database: Database) -> Application:
    """The application as configured, nothing of it started."""
    weights = LocalModel.find_weights() if settings.is_embedded_model else None
    local_model = (
        LocalModel(weights, threads=settings.embedded_threads, log_path=settings.data_dir / "model.log")
        if weights
        else None
    )
    return Application(settings, database, Assistant(settings, local_model), local_model)


class _Slot:
    application: Application | None = None


_slot = _Slot()


def install(application: Application | None) -> None:
    """Makes this the process's application."""
    _slot.application = application


def current() -> Application:
    """The process's application, which the lifespan or the command line installed."""
    if _slot.application is None:
        raise RuntimeError("no application is installed; the lifespan does it, or tests with install()")
    return _slot.application
