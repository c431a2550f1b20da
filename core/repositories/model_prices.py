from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select, tuple_, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import col

from core.models import ANY, Kind, ModelPrice, Span, UsageSpan, User
from core.models.base import table_of
from core.repositories.base import Repository

_prices = table_of(ModelPrice)

# Put together once: every answer is booked by it.
_in_force = (
    select(ModelPrice)
    .ext(distinct_on(_prices.c.company_id, _prices.c.model))
    .where(
        tuple_(_prices.c.company_id, _prices.c.model).in_(bindparam("priced", expanding=True)),
        _prices.c.effective_from <= bindparam("at"),
        _prices.c.removed_at.is_(None),
    )
    .order_by(_prices.c.company_id, _prices.c.model, _prices.c.effective_from.desc(), _prices.c.id.desc())
)


class ModelPrices(Repository):
    """Own prices of companies. A row is added, or taken back before it begins, and never changed."""

    def add(self, price: ModelPrice) -> ModelPrice:
        self.session.add(price)
        self.session.flush()
        return price

    def in_force(self, priced: Iterable[tuple[UUID, str]], at: datetime) -> Mapping[tuple[UUID, str], ModelPrice]:
        """The own price that holds at `at` for each of these, a company and a model of it; without those who have none.

        Among them may be one that says that the price list holds again.
        """
        wanted = sorted(set(priced))
        if not wanted:
            return {}
        found = self.session.execute(_in_force, {"priced": wanted, "at": at}).scalars()
        return {(price.company_id, price.model): price for price in found}

    def get(self, company_id: UUID, price_id: UUID) -> ModelPrice | None:
        statement = select(ModelPrice).where(col(ModelPrice.company_id) == company_id, col(ModelPrice.id) == price_id)
        return self.session.execute(statement).scalar_one_or_none()

    def get_beginning(self, company_id: UUID, model: str, at: datetime) -> ModelPrice | None:
        """The one that begins at that very moment and was not taken back."""
        statement = select(ModelPrice).where(
            col(ModelPrice.company_id) == company_id,
            col(ModelPrice.model) == model,
            col(ModelPrice.effective_from) == at,
            col(ModelPrice.removed_at).is_(None),
        )
        return self.session.execute(statement.order_by(col(ModelPrice.id).desc()).limit(1)).scalar_one_or_none()

    def take_back(self, price_id: UUID, now: datetime) -> bool:
        """False if it has begun, or was taken back already."""
        statement = (
            update(_prices)
            .where(_prices.c.id == price_id, _prices.c.removed_at.is_(None), _prices.c.effective_from > now)
            .values(removed_at=now)
        )
        return self.session.connection().execute(statement).rowcount == 1

    def list_all(self, company_id: UUID) -> list[tuple[ModelPrice, str | None]]:
        """All there ever were, those that were taken back included, with who set them: by model, the latest first."""
        statement = (
            select(ModelPrice, col(User.display_name))
            .join(User, col(User.id) == col(ModelPrice.created_by), isouter=True)
            .where(col(ModelPrice.company_id) == company_id)
            .order_by(col(ModelPrice.model), col(ModelPrice.effective_from).desc(), col(ModelPrice.id).desc())
        )
        return [(row[0], row[1]) for row in self.session.execute(statement)]

    def list_used(self, company_id: UUID) -> list[str]:
        """The models that were called for this company, by name."""
        statement = select(col(UsageSpan.model)).where(
            col(UsageSpan.company_id) == company_id,
            col(UsageSpan.kind) == Kind.MODEL,
            col(UsageSpan.span) == Span.MONTH,
            col(UsageSpan.model) != ANY,
        )
        return sorted(self.session.execute(statement.distinct()).scalars())
