"""A desk with an admin who sets budgets, and answers that come to as much as a test wants."""

import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import text

from core.assistant.ledger import Call
from core.assistant.provider import Usage
from core.database.engine import Database
from core.errors import ParleyError
from core.models import BudgetPeriod, BudgetScope, BudgetUnit, CallPurpose, CallStatus, RunStatus, UsageSource
from core.permissions import Actor, Role
from core.services.budgets import BudgetService, WantedBudget
from core.services.spending import SpendingService
from core.services.views import Asked
from tests.support.talks import Desk

DAY, WEEK, MONTH = BudgetPeriod.DAY, BudgetPeriod.WEEK, BudgetPeriod.MONTH
TOKENS, USD = BudgetUnit.TOKENS, BudgetUnit.USD


class Till:
    """A desk with an admin who sets budgets."""

    def __init__(self, database: Database) -> None:
        self.desk = Desk(database)
        self.budgets = BudgetService(database)
        self.spending = SpendingService(database)
        self.admin = self.desk.person(Role.ADMIN)
        self.me = self.desk.me

    def set(self, amount: object, scope: BudgetScope = BudgetScope.PERSON, **given: Any) -> Any:
        who = {"user_id": self.me.user_id} if scope is BudgetScope.PERSON else {}
        wanted = {"period": DAY, "unit": TOKENS, **who, **given}
        return self.budgets.set(self.admin, WantedBudget(scope, amount=str(amount), **wanted))

    def most(self) -> int:
        """What a first question may come to in tokens, as it is held."""
        budget_id = self.set(10_000_000, BudgetScope.COMPANY, period=BudgetPeriod.WEEK)
        asked = self.desk.ask(self.me, "How much?")
        held = self.one("SELECT tokens FROM budget_holds")
        self.desk.chat.stop(self.me, asked.conversation_id)
        self.finish(asked, tokens=0)
        self.budgets.remove(self.admin, budget_id)
        return int(held)

    def finish(self, asked: Asked, *, tokens: int, status: RunStatus = RunStatus.COMPLETE) -> None:
        job = self.desk.store.begin(asked.run_id)
        assert job
        self.desk.store.finish(job, status, "So.", [self.call(tokens, CallStatus(status.value))])

    @staticmethod
    def call(tokens: int, status: CallStatus = CallStatus.COMPLETE) -> Call:
        return Call(CallPurpose.ANSWER, "m", Usage(tokens, 0, 0, UsageSource.EXACT), status, 1.0)

    def one(self, statement: str) -> Any:
        with self.desk.database.reading() as session:
            return session.execute(text(statement)).scalar_one()

    def all(self, statement: str) -> list[Any]:
        with self.desk.database.reading() as session:
            return [tuple(row) for row in session.execute(text(statement))]

    def told(self, actor: Actor) -> list[str]:
        return [notice.text for notice in self.spending.notices(actor)]


def at_once(count: int, act: Callable[[int], Any]) -> list[str]:
    """What became of each."""
    found, start = [""] * count, threading.Barrier(count)

    def run(number: int) -> None:
        start.wait()
        try:
            act(number)
            found[number] = "done"
        except ParleyError as error:
            found[number] = type(error).__name__

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
