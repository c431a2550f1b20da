"""Writing down what was decided. It would be core/services/decisions.py."""

from datetime import date
from uuid import UUID

from core.database.engine import Database
from core.errors import NotFound
from core.models import AuditAction
from core.permissions import Actor, Permission
from core.services.records import record_change
from core.services.texts import required_text
from tests.assistant.second_record.model import Decision
from tests.assistant.second_record.repository import Decisions

KIND = "decision"


class DecisionService:
    def __init__(self, database: Database) -> None:
        self.database = database

    def write_down(self, actor: Actor, text: str, decided_on: date, client_key: UUID | None = None) -> Decision:
        """The same `client_key` again gives the decision that it gave the first time. Raises Invalid."""
        actor.require(Permission.RECORDS_KEEP)
        text = required_text(text, field="The decision", limit=500)
        with self.database.transaction() as session:
            if client_key and (earlier := Decisions(session).get_by_client_key(client_key)):
                return earlier
            decision = Decisions(session).add(
                Decision(
                    company_id=actor.company_id,
                    owner_id=actor.user_id,
                    text=text,
                    decided_on=decided_on,
                    client_key=client_key,
                )
            )
            after = {"text_length": len(text)}
            record_change(session, actor, AuditAction.RECORD_CREATED, KIND, decision.id, after=after)
        return decision

    def list_mine(self, actor: Actor, limit: int = 20) -> list[Decision]:
        actor.require(Permission.RECORDS_KEEP)
        with self.database.reading() as session:
            return Decisions(session).list_of(actor, limit)

    def remove(self, actor: Actor, decision_id: UUID) -> None:
        """Raises NotFound."""
        actor.require(Permission.RECORDS_KEEP)
        with self.database.transaction() as session:
            if not Decisions(session).remove(actor, decision_id):
                raise NotFound
            record_change(session, actor, AuditAction.RECORD_DELETED, KIND, decision_id)
