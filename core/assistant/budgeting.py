"""Whether a budget admits a call, before it is made."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.assistant.budget_marks import Refusal, tell_reached
from core.assistant.budget_words import refused
from core.assistant.jobs import load_job
from core.assistant.ledger import Origin
from core.assistant.prices import price_in_force
from core.assistant.provider import Assistant
from core.assistant.stream import ATTEMPTS, Usage
from core.errors import BudgetSpent
from core.ids import derived_id
from core.models import AnswerRun, BudgetHold, Conversation, ModelCall, UsageSource
from core.repositories.model_calls import ModelCalls
from core.repositories.standings import Asker, Cost, Standings

TITLES_LAST = timedelta(minutes=10)
"""A title that was not booked by then never will be."""


class Budgeting:
    """Holds back what a call may at most come to, so that calls made at the same time can't overrun a budget together.

    What it may come to is the prompt, by our own estimate, as often as it may have to be sent, and the longest answer.
    Where nobody knows the model's price, that is nothing in USD.
    """

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant

    def admit(self, session: Session, run: AnswerRun) -> None:
        """In the transaction that adds the run. Raises BudgetSpent. Where no budget applies it is one query."""
        conversation = session.get(Conversation, run.conversation_id)
        assert conversation is not None  # held by a foreign key
        room_id = conversation.id if conversation.kind.is_room else None
        asker = Asker(conversation.company_id, run.asked_by, room_id)
        if not Standings(session).list_applying(asker, clock.now()):
            return
        job = load_job(session, run, self.assistant)
        if job.model is None:
            return  # no model will be called: the answer fails, and says why
        model = self.assistant.resolve_model(job.model)
        prompt, answer = self.assistant.prompt_tokens(job.prompt), self.assistant.answer_tokens(job.model)
        most = self._most(session, asker, model, prompt, answer)
        self._hold(session, asker, run.id, most, expires_at=clock.now())

    def admit_again(self, session: Session, origin: Origin, model: str, prompt: int) -> None:
        """The same for a run that has to ask its model once more, with what its tools have found."""
        asker = _asker(origin)
        if not Standings(session).list_applying(asker, clock.now()):
            return
        most = self._most(session, asker, model, prompt, self.assistant.answer_tokens(model))
        Standings(session).release(origin.run_id)
        self._hold(session, asker, origin.run_id, most, expires_at=clock.now() + self.assistant.longest)

    def admits_title(self, session: Session, origin: Origin, model: str, prompt: int, answer: int) -> bool:
        """Whether there is enough left for a title, of at most so many tokens; then it is held."""
        asker = _asker(origin)
        if not Standings(session).list_applying(asker, clock.now()):
            return True
        most = self._most(session, asker, model, prompt, answer)
        try:
            self._hold(session, asker, title_of(origin.run_id), most, expires_at=clock.now() + TITLES_LAST)
        except BudgetSpent:
            return False
        return True

    def _most(self, session: Session, asker: Asker, model: str, prompt: int, answer: int) -> Cost:
        """An attempt that failed may have cost its prompt; the last one costs the answer as well."""

        def cost(written: int) -> Decimal:
            usage = Usage(prompt, None, written, UsageSource.ESTIMATED)
            price = price_in_force(session, asker.company_id, self.assistant.provider, model, usage, at=clock.now())
            return price.cost or Decimal()

        return Cost(cost(answer) + (ATTEMPTS - 1) * cost(0), ATTEMPTS * prompt + answer)

    def _hold(self, session: Session, asker: Asker, hold_id: UUID, most: Cost, *, expires_at: datetime) -> None:
        standings, now = Standings(session), clock.now()
        applying = standings.list_applying(asker, now)
        standings.lock(applying)
        found = standings.list_standings(asker.company_id, applying, now)
        if short := [one for one in found if not one.admits(most.of(one.budget.unit))]:
            last = max(short, key=lambda one: one.resets_at)  # until then it is of no use to try again
            said = refused(last, most.of(last.budget.unit))
            raise BudgetSpent(said, last.resets_at, Refusal(asker, tuple(short), most))
        assert asker.user_id is not None  # whoever asks is somebody
        hold = BudgetHold(
            id=hold_id,
            company_id=asker.company_id,
            user_id=asker.user_id,
            room_id=asker.room_id,
            usd=most.usd,
            tokens=most.tokens,
            expires_at=expires_at,
        )
        standings.hold(hold, now)

    def tell(self, session: Session, origin: Origin) -> None:
        """Tells those concerned of each mark that was reached, once a period. In the transaction that booked calls."""
        tell_reached(session, _asker(origin))


def spend_holds(session: Session, rows: list[ModelCall]) -> None:
    """What is booked now and was not before was among what is held back: it would count twice."""
    known = ModelCalls(session).list_known([row.id for row in rows])
    spent: dict[UUID, Cost] = {}
    for row in rows:
        if row.run_id and row.id not in known:
            so_far = spent.get(row.run_id, Cost())
            tokens = (row.input_tokens or 0) + (row.output_tokens or 0)
            spent[row.run_id] = Cost(so_far.usd + (row.cost or 0), so_far.tokens + tokens)
    Standings(session).spend(spent)


def title_of(run_id: UUID) -> UUID:
    """The key of what is held for the title that follows a run."""
    return derived_id("title", str(run_id))


def _asker(origin: Origin) -> Asker:
    return Asker(origin.company_id, origin.user_id, origin.room_id)
