from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from core.models import ModelCall, User
from core.models.base import table_of
from core.repositories.base import Repository

_calls = table_of(ModelCall)


@dataclass(frozen=True, slots=True)
class PersonUsage:
    """What one person's questions came to."""

    name: str | None
    """None for somebody who is gone."""
    calls: int
    tokens: int
    """Read and written, as far as they are known."""
    cost: Decimal
    """USD, as far as it is known."""
    unpriced: int
    """Calls whose cost nobody knows."""


class ModelCalls(Repository):
    """The ledger. Rows are added, never changed."""

    def add_all(self, calls: list[ModelCall]) -> None:
        """A row that is there already stays as it is."""
        if calls:
            rows = [call.model_dump() for call in calls]
            self.session.execute(insert(_calls).values(rows).on_conflict_do_nothing(index_elements=["id"]))

    def list_of_message(self, message_id: UUID) -> list[ModelCall]:
        statement = select(ModelCall).where(col(ModelCall.message_id) == message_id).order_by(col(ModelCall.id))
        return list(self.session.execute(statement).scalars())

    def list_by_person(self, conversation_id: UUID, *, since: datetime | None = None) -> list[PersonUsage]:
        """What a conversation came to, by who asked; the dearest first. `since`: None for all there was."""
        tokens = func.coalesce(_calls.c.input_tokens, 0) + func.coalesce(_calls.c.output_tokens, 0)
        cost = func.coalesce(func.sum(_calls.c.cost), 0)
        statement = (
            select(
                col(User.display_name),
                func.count(),
                func.sum(tokens),
                cost,
                func.count().filter(_calls.c.cost.is_(None)),
            )
            .join_from(ModelCall, User, col(User.id) == _calls.c.user_id, isouter=True)
            .where(_calls.c.conversation_id == conversation_id)
            .group_by(_calls.c.user_id, col(User.display_name))
            .order_by(cost.desc(), func.sum(tokens).desc(), col(User.display_name))
        )
        if since is not None:
            statement = statement.where(_calls.c.created_at >= since)
        return [PersonUsage(*tuple(row)) for row in self.session.execute(statement)]
