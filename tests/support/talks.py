"""Conversations as services see them: the people around one, and a chat service without a runner."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.assistant.budgeting import Budgeting
from core.assistant.jobs import Job
from core.assistant.ledger import Call
from core.assistant.provider import Assistant, Usage
from core.assistant.runs import RunStore
from core.database.engine import Database
from core.errors import ModelUnknown, ParleyError
from core.ids import new_id
from core.models import AnswerRun, CallPurpose, CallStatus, Company, Conversation, Member, RunStatus, UsageSource
from core.permissions import Actor, Role
from core.repositories.messages import Messages
from core.services.access_grants import AccessGrantService
from core.services.access_reading import AccessReading
from core.services.chat import ChatService
from core.services.conversations import ConversationService
from core.services.feedback import FeedbackService
from core.services.limits import RateLimiter
from core.services.members import MemberService
from core.services.moderation import ModerationService
from core.services.moderation_message_acts import MessageModeration
from core.services.moderation_messages import ModerationMessages
from core.services.moderation_queue import ModerationQueue
from core.services.purging import PurgeService
from core.services.queue import QueueService
from core.services.reactions import ReactionService
from core.services.reporting import ReportService
from core.services.room_locks import RoomLockService
from core.services.rooms import RoomService
from core.services.steps import StepService
from core.services.suspensions import SuspensionService
from core.services.talk import TalkService
from core.services.transcripts import TranscriptService
from core.services.views import Asked, Queued, Transcript
from tests.support.builders import make_actor, make_company, make_user
from tests.support.models import ScriptedModel
from tests.support.steps import TOOLS
from tests.support.untouched import UNTOUCHED

MODELS = ("small", "large")
USAGE = Usage(3, None, 1, UsageSource.EXACT)
DONE, DENIED, HIDDEN = "done", "NotPermitted", "NotFound"
EDIT_WINDOW = timedelta(minutes=15)
WHO = ("owner", "member", "colleague", "stranger", "owner without the role")


def outcome(act: Callable[[], Any]) -> str:
    """DONE, or the name of the error it was refused with: what the grids of operations are written in."""
    try:
        act()
    except ParleyError as error:
        return type(error).__name__
    return DONE


def without_chat(actor: Actor, role: Role = Role.ANALYST) -> Actor:
    return Actor(actor.user_id, actor.company_id, actor.email, actor.display_name, frozenset({role}))


@dataclass
class Told:
    """What rooms told the rest of the process, in order."""

    conversations: list[UUID] = field(default_factory=list)
    reads: list[UUID] = field(default_factory=list)
    people: list[UUID] = field(default_factory=list)
    rooms: list[UUID] = field(default_factory=list)
    listed: list[UUID] = field(default_factory=list)
    standing: list[UUID] = field(default_factory=list)

    def publish(self, conversation_id: UUID) -> None:
        self.conversations.append(conversation_id)

    def publish_reads(self, conversation_id: UUID) -> None:
        self.reads.append(conversation_id)

    def publish_person(self, user_id: UUID) -> None:
        self.people.append(user_id)

    def publish_listed(self, conversation_id: UUID) -> None:
        self.listed.append(conversation_id)

    def publish_rooms(self, user_id: UUID) -> None:
        self.rooms.append(user_id)

    def publish_standing(self, user_id: UUID) -> None:
        self.standing.append(user_id)


@dataclass
class Desk:
    """The services on one database. Instead of being written by a runner, answers wait for `answer`."""

    database: Database
    started: list[UUID] = field(default_factory=list)
    """Runs handed to the runner."""
    stopped: list[UUID] = field(default_factory=list)
    changed: list[UUID] = field(default_factory=list)
    """Conversations whose readers were told."""
    hints: Told = field(default_factory=Told)
    limits: dict[str, tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        limiter = RateLimiter({"question": (10_000, 60), **self.limits})  # tests ask faster than people
        assistant = Assistant(UNTOUCHED, model_factory=lambda name: ScriptedModel())
        admit = Budgeting(assistant).admit
        told = self.started.append, self.stopped.append, self.changed.append
        self.chat = ChatService(
            self.database, _resolve, *told, limiter=limiter, admit=admit, reported=self.hints.publish_person
        )
        self.feedback = FeedbackService(self.database)
        self.queue = QueueService(self.database, *told, admit=admit, reported=self.hints.publish_person)
        self.store = RunStore(self.database, assistant, new_id(), timedelta(seconds=15), self.hints.publish_person)
        self.conversations = ConversationService(
            self.database, MODELS, 2_000, self.changed.append, self.hints.publish_listed
        )
        self.transcripts = TranscriptService(self.database, EDIT_WINDOW, TOOLS)
        self.steps = StepService(self.database, *told[::2], self.hints.publish_person, admit=admit, tools=TOOLS)
        self.rooms = RoomService(self.database, limiter, self.hints)
        self.members = MemberService(self.database, self.hints)
        self.talks = TalkService(self.database, limiter, self.hints, self.started.append, EDIT_WINDOW, admit=admit)
        self.reactions = ReactionService(self.database, limiter, self.hints)
        self.reports = ReportService(self.database, limiter, self.hints.publish_person)
        self.moderation = ModerationService(self.database, self.hints)
        self.cases = ModerationQueue(self.database)
        self.overseen = ModerationMessages(self.database)
        self.overseeing = MessageModeration(self.database, self.hints)
        self.purging = PurgeService(self.database, self.hints)
        self.suspensions = SuspensionService(self.database, self.hints)
        self.locks = RoomLockService(self.database, self.hints)
        self.grants = AccessGrantService(self.database)
        self.access = AccessReading(self.database, self.hints, lambda _: MODELS[0])
        with self.database.transaction() as session:
            self.company = make_company(session)
        self.me = self.person()

    def person(self, *roles: Role, company: Company | None = None, **fields: Any) -> Actor:
        """Somebody new, of the desk's company unless told otherwise; staff unless given roles."""
        with self.database.transaction() as session:
            user = make_user(session, company or self.company, roles or (Role.STAFF,), **fields)
            return make_actor(user, roles or (Role.STAFF,))

    def stranger(self) -> Actor:
        """Staff of another company."""
        with self.database.transaction() as session:
            company = make_company(session)
        return self.person(company=company)

    def somebody(self, who: str, conversation_id: UUID) -> Actor:
        """One of WHO, as they stand to a conversation of mine."""
        actor = {
            "owner": lambda: self.me,
            "member": self.person,
            "colleague": self.person,
            "stranger": self.stranger,
            "owner without the role": lambda: without_chat(self.me),
        }[who]()
        if who == "member":
            self.join(actor, conversation_id)
        return actor

    def join(self, actor: Actor, conversation_id: UUID) -> None:
        with self.database.transaction() as session:
            kind = session.get_one(Conversation, conversation_id).kind
            session.add(
                Member(conversation_id=conversation_id, user_id=actor.user_id, kind=kind, joined_at=clock.now())
            )

    def leave(self, actor: Actor, conversation_id: UUID) -> None:
        with self.database.transaction() as session:
            session.get_one(Member, (conversation_id, actor.user_id)).left_at = clock.now()

    def ask(self, actor: Actor, text: str, **options: Any) -> Asked:
        """A question whose answer is begun at once."""
        return begun(self.chat.ask(actor, text, **options))

    def queue_up(self, asked: Asked, *texts: str, actor: Actor | None = None) -> list[UUID]:
        """Further questions behind one that is being answered. Their ids."""
        sent = [self.chat.ask(actor or self.me, text, conversation_id=asked.conversation_id) for text in texts]
        return [one.queued_id for one in sent if isinstance(one, Queued)]

    def answer(self, asked: Asked, text: str = "So.", *, error_code: str | None = None) -> Asked:
        """Ends the answer as the runner does, as failed when there is an error code."""
        job = self.store.begin(asked.run_id)
        assert job
        status = RunStatus.FAILED if error_code else RunStatus.COMPLETE
        call = Call(CallPurpose.ANSWER, MODELS[0], USAGE, CallStatus(status.value), 1.0, error_code=error_code)
        following = self.store.finish(job, status, text, [call], error_code)
        self.started += [following] if following else []
        return asked

    def end(self, run_id: UUID, text: str = "So.", status: RunStatus = RunStatus.COMPLETE) -> Job:
        """Ends an answer in a room as the runner does."""
        job = self.store.begin(run_id)
        assert job
        call = Call(CallPurpose.ANSWER, MODELS[0], USAGE, CallStatus(status.value), 1.0)
        following = self.store.finish(job, status, text, [call])
        self.started += [following] if following else []
        return job

    def fail(self, run_id: UUID, text: str = "") -> Job:
        return self.end(run_id, text, RunStatus.FAILED)

    def talk(self, actor: Actor | None = None, *questions: str) -> Asked:
        """Asks and answers in a new conversation. Returns the last question's."""
        first, *others = questions or ("Why?",)
        asked = self.answer(self.ask(actor or self.me, first))
        for question in others:
            asked = self.answer(self.ask(actor or self.me, question, conversation_id=asked.conversation_id))
        return asked

    def read(self, conversation_id: UUID, actor: Actor | None = None) -> Transcript:
        return self.transcripts.read(actor or self.me, conversation_id)

    def waiting(self, conversation_id: UUID) -> list[str]:
        return [question.content for question in self.read(conversation_id).queued]

    def texts(self, conversation_id: UUID) -> list[str]:
        return [message.content for message in self.read(conversation_id).messages]

    def delete_message(self, message_id: UUID) -> None:
        with self.database.transaction() as session:
            message = Messages(session).get(message_id)
            assert message
            Messages(session).delete(message, None)


def begun(sent: Asked | Queued) -> Asked:
    assert isinstance(sent, Asked), "it waits in the queue"
    return sent


def admit_all(_session: Session, _run: AnswerRun) -> None:
    """Where budgets don't matter."""


def ignore(_: UUID) -> None:
    """For what a service tells the rest of a process."""


def _resolve(name: str | None) -> str:
    if name not in (None, *MODELS):
        raise ModelUnknown
    return name or MODELS[0]
