from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from core.models import ModelCall
from core.models.base import table_of
from core.repositories.base import Repository

_calls = table_of(ModelCall)


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
