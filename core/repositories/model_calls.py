import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, func, select, text, update
from sqlmodel import col

from core.models import Conversation, ModelCall, User
from core.models.base import table_of
from core.repositories.base import Repository
from core.repositories.usage_rollups import booking

_calls, _conversations = table_of(ModelCall), table_of(Conversation)


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


@dataclass(frozen=True, slots=True)
class Spending:
    """What calls came to: tokens read and written, and USD, each as far as it is known."""

    tokens: int = 0
    cost: Decimal = Decimal()


@dataclass(frozen=True, slots=True)
class Booked:
    """The rows that are new in the ledger, and what they came to."""

    spending: Spending = Spending()
    ids: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class MessageUsage:
    """What the calls for one message came to, as far as it is known."""

    tokens: int
    cost: Decimal
    unpriced: int
    """Calls whose cost nobody knows."""
    models: tuple[str, ...]


TOKENS = func.coalesce(_calls.c.input_tokens, 0) + func.coalesce(_calls.c.output_tokens, 0)

_BOOKING = text(booking())

# Put together once: SQLAlchemy takes longer for that than PostgreSQL to answer.
_of_page = (
    select(
        _calls.c.message_id,
        func.sum(TOKENS),
        func.coalesce(func.sum(_calls.c.cost), 0),
        func.count().filter(_calls.c.cost.is_(None)),
        func.array_agg(_calls.c.model.distinct()),
    )
    .where(_calls.c.message_id == any_(bindparam("messages", type_=ARRAY(Uuid()))))
    .group_by(_calls.c.message_id)
)


class ModelCalls(Repository):
    """The ledger. Rows are added, never changed."""

    def add_all(self, calls: Sequence[ModelCall]) -> Booked:
        """A row that is there already stays as it is. Those that were not; the sums over the ledger count them in the
        same statement.
        """
        if not calls:
            return Booked()
        rows = json.dumps([call.model_dump(mode="json") for call in calls])
        tokens, cost, ids = self.session.execute(_BOOKING, {"rows": rows}).one()
        return Booked(Spending(tokens, cost), frozenset(ids))

    def list_known(self, call_ids: Collection[UUID]) -> set[UUID]:
        """Those of them that are there already."""
        if not call_ids:
            return set()
        return set(self.session.execute(select(_calls.c.id).where(_calls.c.id.in_(call_ids))).scalars())

    def sum_of_run(self, message_id: UUID, run_id: UUID) -> Spending:
        """What one run came to that wrote on this message."""
        statement = select(func.coalesce(func.sum(TOKENS), 0), func.coalesce(func.sum(_calls.c.cost), 0))
        found = self.session.execute(statement.where(_calls.c.message_id == message_id, _calls.c.run_id == run_id))
        return Spending(*tuple(found.one()))

    def count(self, conversation_id: UUID, spending: Spending) -> None:
        """Keeps `Conversation.tokens` and `spent` the sums over its rows: once for each row, under its lock."""
        if spending == Spending():
            return
        self.session.execute(
            update(_conversations)
            .where(_conversations.c.id == conversation_id)
            .values(tokens=_conversations.c.tokens + spending.tokens, spent=_conversations.c.spent + spending.cost)
        )

    def sum_by_message(self, message_ids: Collection[UUID]) -> dict[UUID, MessageUsage]:
        """What each of these messages came to, all its versions in time together: one query for a whole page."""
        if not message_ids:
            return {}
        found = self.session.execute(_of_page, {"messages": list(message_ids)})
        return {row[0]: MessageUsage(row[1], row[2], row[3], tuple(row[4])) for row in found}

    def list_by_person(self, conversation_id: UUID, *, since: datetime | None = None) -> list[PersonUsage]:
        """What a conversation came to, by who asked; the dearest first. `since`: None for all there was."""
        cost = func.coalesce(func.sum(_calls.c.cost), 0)
        statement = (
            select(
                col(User.display_name),
                func.count(),
                func.sum(TOKENS),
                cost,
                func.count().filter(_calls.c.cost.is_(None)),
            )
            .join_from(ModelCall, User, col(User.id) == _calls.c.user_id, isouter=True)
            .where(_calls.c.conversation_id == conversation_id)
            .group_by(_calls.c.user_id, col(User.display_name))
            .order_by(cost.desc(), func.sum(TOKENS).desc(), col(User.display_name))
        )
        if since is not None:
            statement = statement.where(_calls.c.created_at >= since)
        return [PersonUsage(*tuple(row)) for row in self.session.execute(statement)]
