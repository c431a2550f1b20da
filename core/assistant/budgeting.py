"""Whether a budget admits a call, before it is made, and who is told when one comes to its end."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.assistant.jobs import load_job
from core.assistant.ledger import Origin
from core.assistant.prices import price_in_force
from core.assistant.provider import Assistant
from core.assistant.stream import Usage
from core.errors import BudgetSpent
from core.ids import derived_id
from core.models import (
    AnswerRun,
    BudgetHold,
    BudgetPeriod,
    BudgetScope,
    BudgetUnit,
    Conversation,
    UsageSource,
)
from core.repositories.budgets import Asker, Budgets, Cost, Standing
from core.repositories.notices import Notices
from core.repositories.users import Users

BUDGET_NOTICE = "budget"
TITLES_LAST = timedelta(minutes=10)
"""A title that was not booked by then never will be."""
WHOSE = {
    BudgetScope.PERSON: "Your budget",
    BudgetScope.ROLE: "Your budget",
    BudgetScope.ROOM: "This room's budget",
    BudgetScope.COMPANY: "The company's budget",
}
THIS = {BudgetPeriod.DAY: "today", BudgetPeriod.WEEK: "this week", BudgetPeriod.MONTH: "this month"}


class Budgeting:
    """Holds back what a call may at most come to, so that calls made at the same time can't overrun a budget together.

    What it may come to is the prompt, by our own estimate, and the longest answer. Where nobody knows the model's
    price, that is nothing in USD.
    """

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant

    def admit(self, session: Session, run: AnswerRun) -> None:
        """In the transaction that adds the run. Raises BudgetSpent. Where no budget applies it is one query."""
        conversation = session.get(Conversation, run.conversation_id)
        assert conversation is not None  # held by a foreign key
        room_id = conversation.id if conversation.kind.is_room else None
        asker = Asker(conversation.company_id, run.asked_by, room_id)
        if not Budgets(session).list_applying(asker, clock.now()):
            return
        job = load_job(session, run, self.assistant)
        model = self.assistant.resolve_model(job.model)
        most = self._most(session, asker, model, job.prompt.tokens, self.assistant.answer_tokens(job.model))
        self._hold(session, asker, run.id, most, expires_at=clock.now())

    def admits_title(self, session: Session, origin: Origin, model: str, prompt: int, answer: int) -> bool:
        """Whether there is enough left for a title, of at most so many tokens; then it is held."""
        asker = _asker(origin)
        if not Budgets(session).list_applying(asker, clock.now()):
            return True
        most = self._most(session, asker, model, prompt, answer)
        try:
            self._hold(session, asker, title_of(origin.run_id), most, expires_at=clock.now() + TITLES_LAST)
        except BudgetSpent:
            return False
        return True

    def _most(self, session: Session, asker: Asker, model: str, prompt: int, answer: int) -> Cost:
        usage = Usage(prompt, None, answer, UsageSource.ESTIMATED)
        price = price_in_force(session, asker.company_id, self.assistant.provider, model, usage, at=clock.now())
        return Cost(price.cost or Decimal(), prompt + answer)

    def _hold(self, session: Session, asker: Asker, hold_id: UUID, most: Cost, *, expires_at: datetime) -> None:
        budgets, now = Budgets(session), clock.now()
        applying = budgets.list_applying(asker, now)
        budgets.lock(applying)
        for standing in budgets.list_standings(asker, applying, now):
            if not standing.admits(wanted := most.of(standing.budget.unit)):
                raise BudgetSpent(refusal(standing, wanted))
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
        budgets.hold(hold, now)

    def tell(self, session: Session, origin: Origin) -> None:
        """Tells those concerned of each mark that was reached, once a period. In the transaction that booked calls."""
        asker, budgets, now = _asker(origin), Budgets(session), clock.now()
        applying = budgets.list_applying(asker, now)
        for standing in budgets.list_standings(asker, applying, now):
            reached = [mark for mark in standing.budget.marks if standing.used * 100 >= standing.limit * mark]
            if reached:
                _tell_mark(session, asker, standing, max(reached), now)


def title_of(run_id: UUID) -> UUID:
    """The key of what is held for the title that follows a run."""
    return derived_id("title", str(run_id))


def _asker(origin: Origin) -> Asker:
    return Asker(origin.company_id, origin.user_id, origin.room_id)


def _tell_mark(session: Session, asker: Asker, standing: Standing, mark: int, now: datetime) -> None:
    budget, notices = standing.budget, Notices(session)
    concerned = _concerned(notices, standing)
    key = f"budget:{budget.budget_id}:{budget.holder_id}:{budget.period.first_day(now)}:{mark}"
    figures = f"{amount(standing.used, budget.unit)} of {amount(standing.limit, budget.unit)}"
    said = f"has reached {mark} %: {figures} used {THIS[budget.period]}. {_again(standing)}"
    admins = set(notices.list_admins(asker.company_id)) - set(concerned)
    whose = {WHOSE[budget.scope]: concerned, _whose_for_admins(session, standing): admins}
    for name, people in whose.items():
        notices.tell(people, key=key, kind=BUDGET_NOTICE, text=f"{name} {said}", ends_at=standing.resets_at)


def _concerned(notices: Notices, standing: Standing) -> list[UUID]:
    """Those whose budget it is; the company's is the admins'."""
    if standing.budget.scope is BudgetScope.COMPANY:
        return []
    if standing.budget.scope is BudgetScope.ROOM:
        return notices.list_owners(standing.budget.holder_id)
    return [standing.budget.holder_id]


def _whose_for_admins(session: Session, standing: Standing) -> str:
    if standing.budget.scope is BudgetScope.COMPANY:
        return "The budget of the company"
    if standing.budget.scope is BudgetScope.ROOM:
        return "The budget of a room"
    person = Users(session).get(standing.budget.holder_id)
    return f"The budget of {person.display_name}" if person else "A person's budget"


def refusal(standing: Standing, wanted: Decimal) -> str:
    """What is used, what is left, when it begins again, and who can help."""
    unit = standing.budget.unit
    held = f", {amount(standing.held, unit)} held for answers under way" if standing.held else ""
    return (
        f"{WHOSE[standing.budget.scope]} {THIS[standing.budget.period]} is {amount(standing.limit, unit)}:"
        f" {amount(standing.used, unit)} used{held}, {amount(standing.left, unit)} left,"
        f" and this may take up to {amount(wanted, unit)}. {_again(standing)} An admin can raise it."
    )


def _again(standing: Standing) -> str:
    return f"It begins again on {standing.resets_at.astimezone(UTC):%-d %B, %H:%M} UTC."


def amount(quantity: Decimal, unit: BudgetUnit) -> str:
    """In words that are exact enough to compare."""
    if unit is BudgetUnit.TOKENS:
        return f"{int(quantity):,} tokens"
    return f"${quantity:,.4f}" if 0 < quantity < 1 else f"${quantity:,.2f}"
