"""Decisions, each read only through its owner. It would be core/repositories/decisions.py."""

from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, select

from core.permissions import Actor
from core.repositories.base import Repository
from tests.assistant.second_record.model import Decision, table


class Decisions(Repository):
    def add(self, decision: Decision) -> Decision:
        self.session.add(decision)
        self.session.flush()
        return decision

    def get_by_client_key(self, client_key: UUID) -> Decision | None:
        return self.session.execute(select(Decision).where(table.c.client_key == client_key)).scalar_one_or_none()

    def list_of(self, actor: Actor, limit: int) -> list[Decision]:
        statement = select(Decision).where(_readable_by(actor)).order_by(table.c.id.desc()).limit(limit)
        return list(self.session.execute(statement).scalars())

    def remove(self, actor: Actor, decision_id: UUID) -> bool:
        """Whether it was there."""
        statement = delete(table).where(table.c.id == decision_id, _readable_by(actor)).returning(table.c.id)
        return self.session.execute(statement).scalar_one_or_none() is not None


def _readable_by(actor: Actor) -> ColumnElement[bool]:
    return and_(table.c.company_id == actor.company_id, table.c.owner_id == actor.user_id)
