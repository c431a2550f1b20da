"""Budgets as admins set them, and what they were raised by."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy import delete, select
from sqlmodel import col

from core.models import Budget, BudgetRaise
from core.models.base import table_of
from core.repositories.base import Repository

_budgets = table_of(Budget)


class Budgets(Repository):
    def add(self, budget: Budget) -> Budget:
        self.session.add(budget)
        self.session.flush()
        return budget

    def get(self, company_id: UUID, budget_id: UUID, *, lock: bool = False) -> Budget | None:
        statement = select(Budget).where(_budgets.c.id == budget_id, _budgets.c.company_id == company_id)
        return self.session.execute(statement.with_for_update() if lock else statement).scalar_one_or_none()

    def update(self, budget: Budget, *, amount: Decimal, marks: Sequence[int]) -> None:
        budget.amount, budget.marks = amount, list(marks)
        self.add(budget)

    def remove(self, budget: Budget) -> None:
        self.session.execute(delete(_budgets).where(_budgets.c.id == budget.id))

    def add_raise(self, more: BudgetRaise) -> BudgetRaise:
        self.session.add(more)
        self.session.flush()
        return more

    def get_raise(self, company_id: UUID, raise_id: UUID) -> tuple[BudgetRaise, Budget] | None:
        """With its budget, both locked."""
        statement = (
            select(BudgetRaise, Budget)
            .join(Budget, col(BudgetRaise.budget_id) == _budgets.c.id)
            .where(col(BudgetRaise.id) == raise_id, _budgets.c.company_id == company_id)
            .with_for_update()
        )
        row = self.session.execute(statement).one_or_none()
        return (row[0], row[1]) if row else None
