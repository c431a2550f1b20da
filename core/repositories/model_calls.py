from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from core.models import ModelCall
from core.repositories.base import Repository


class ModelCalls(Repository):
    """The ledger. Rows are added, never changed."""

    def add_all(self, calls: list[ModelCall]) -> None:
        self.session.add_all(calls)
        self.session.flush()

    def list_of_message(self, message_id: UUID) -> list[ModelCall]:
        statement = select(ModelCall).where(col(ModelCall.message_id) == message_id).order_by(col(ModelCall.id))
        return list(self.session.execute(statement).scalars())
