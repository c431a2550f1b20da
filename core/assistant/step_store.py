"""The transactions of an answer's steps: kept before their calls are made, and again when something came of them."""

from collections.abc import Callable, Iterable, Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from core import clock
from core.assistant.budgeting import Budgeting, spend_holds
from core.assistant.counting import book
from core.assistant.jobs import Job
from core.assistant.ledger import Call, rows_of
from core.assistant.provider import Assistant
from core.assistant.steps import STATUS, Step
from core.assistant.tools.registry import Caller
from core.database.engine import Database
from core.repositories.answer_runs import AnswerRuns, Arrived
from core.repositories.conversations import Conversations
from core.repositories.steps import Steps
from core.repositories.users import Users


class StepStore:
    def __init__(
        self, database: Database, assistant: Assistant, worker_id: UUID, told_person: Callable[[UUID], None]
    ) -> None:
        """`told_person` tells somebody's pages that something of theirs is different."""
        self.database = database
        self.provider = assistant.provider
        self.budgeting = Budgeting(assistant)
        self.worker_id = worker_id
        self.told_person = told_person

    def begin(self, job: Job, text: str, steps: Sequence[Step], calls: Sequence[Call]) -> list[Step] | None:
        """Keeps the answer so far, the calls that the model wants, as steps, and what it cost to want them.

        The steps with the keys that they are kept under. None when the run is not this worker's any more: then nothing
        is to be called.
        """
        with self.database.transaction() as session:
            conversation = Conversations(session).lock(job.origin.conversation_id)
            runs = AnswerRuns(session)
            if conversation is None or not runs.keep(self.worker_id, [Arrived(job.run_id, 0, text)]):
                return None
            runs.go_on_from(job.run_id, len(text))
            rows = rows_of(session, self.provider, [(job.origin, call) for call in calls])
            spend_holds(session, rows)
            book(session, rows)
            before = _kept_before(session, steps)  # the acknowledgement of a first time was lost
            kept = before or [_added(session, conversation.id, step) for step in steps]
            Conversations(session).touch(conversation)
            return kept

    def end(self, steps: Iterable[Step]) -> None:
        """Keeps what came of calls."""
        with self.database.transaction() as session:
            for step in steps:
                found = Steps(session).get(step.id)
                conversation = Conversations(session).lock(found.conversation_id) if found else None
                message = Steps(session).get(step.id, lock=True)
                if conversation is None or message is None or message.purged_at is not None:
                    continue  # the conversation is gone, or a moderator removed the answer for good
                Steps(session).put(message, content=step.shown, status=STATUS[step.state], extra=step.extra())
                Conversations(session).touch(conversation)

    def caller(self, job: Job, step: Step) -> Caller | None:
        """For whom a call is made, with the rights that they have at this moment. None: they may not come in."""
        now = clock.now()
        with self.database.reading() as session:
            actor = Users(session).get_welcome(job.origin.user_id, now)
        if actor is None:
            return None
        return Caller(
            database=self.database,
            actor=actor,
            now=now.astimezone(ZoneInfo(job.time_zone)),
            client_key=step.client_key,
            undo=step.undo,
            conversation_id=job.origin.conversation_id,
            message_id=job.question_id,
            is_room=job.origin.room_id is not None,
            told_person=self.told_person,
        )

    def admit(self, job: Job, model: str, prompt: int) -> None:
        """Whether budgets have enough left to send so many tokens and have an answer to them. Raises BudgetSpent."""
        with self.database.transaction() as session:
            self.budgeting.admit_again(session, job.origin, model, prompt)


def _kept_before(session: Session, steps: Sequence[Step]) -> list[Step]:
    """Those of the same round of the same run."""
    first = steps[0]
    kept = map(Step.of, Steps(session).list_of([first.answer_id]).get(first.answer_id, ()))
    return [one for one in kept if (one.run_id, one.round) == (first.run_id, first.round)]


def _added(session: Session, conversation_id: UUID, step: Step) -> Step:
    message = Steps(session).add(
        conversation_id, step.answer_id, content=step.shown, status=STATUS[step.state], extra=step.extra()
    )
    return Step.of(message)
