"""What the targets of the audit trail are called, as far as its reader may know."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from core.models import ConversationKind
from core.repositories.base import Repository


@dataclass(frozen=True, slots=True)
class Place:
    """A conversation. `title`: empty where this person may not read it."""

    kind: ConversationKind
    title: str


# What is deleted can be read by those who may bring it back.
MAY_READ = """(m.user_id IS NOT NULL AND (c.deleted_at IS NULL OR m.role = 'owner')
    OR c.kind = 'company' AND c.deleted_at IS NULL)"""
OF_READER = "LEFT JOIN members m ON m.conversation_id = c.id AND m.user_id = :reader AND m.left_at IS NULL"


class AuditNames(Repository):
    """Each by id; what is gone, or another company's, is missing."""

    def of_people(self, company_id: UUID, ids: Collection[UUID]) -> dict[UUID, str]:
        if not ids:
            return {}
        statement = "SELECT id, display_name FROM users WHERE id = ANY(:ids) AND company_id = :company"
        found = self.session.execute(text(statement), {"ids": list(ids), "company": company_id})
        return {row[0]: row[1] for row in found}

    def of_conversations(self, company_id: UUID, ids: Collection[UUID], reader_id: UUID) -> dict[UUID, Place]:
        statement = f"""SELECT c.id, c.kind, CASE WHEN {MAY_READ} THEN c.title ELSE '' END
            FROM conversations c {OF_READER} WHERE c.id = ANY(:ids) AND c.company_id = :company"""
        return self._places(statement, company_id, ids, reader_id)

    def of_messages(self, company_id: UUID, ids: Collection[UUID], reader_id: UUID) -> dict[UUID, Place]:
        """The conversations that they are in."""
        statement = f"""SELECT t.id, c.kind, CASE WHEN {MAY_READ} THEN c.title ELSE '' END
            FROM messages t JOIN conversations c ON c.id = t.conversation_id {OF_READER}
            WHERE t.id = ANY(:ids) AND c.company_id = :company"""
        return self._places(statement, company_id, ids, reader_id)

    def _places(self, statement: str, company_id: UUID, ids: Collection[UUID], reader_id: UUID) -> dict[UUID, Place]:
        if not ids:
            return {}
        given = {"ids": list(ids), "company": company_id, "reader": reader_id}
        found = self.session.execute(text(statement), given)
        return {row[0]: Place(ConversationKind(row[1]), row[2]) for row in found}
