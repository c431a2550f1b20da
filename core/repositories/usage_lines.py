"""The calls behind a figure, and the names that figures are shown under."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.models import NOBODY, CallPurpose, CallStatus, Kind, Span, UsageSource
from core.repositories.base import Repository

Position = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class CallsWanted:
    """Calls of a company between two moments. Empty collections: all."""

    company_id: UUID
    start: datetime
    end: datetime
    models: Collection[str] = ()
    purposes: Collection[str] = ()
    user_ids: Collection[UUID] = ()
    room_ids: Collection[UUID] = ()


@dataclass(frozen=True, slots=True)
class CallRow:
    """`conversation_id` only where the reader is in it."""

    id: UUID
    created_at: datetime
    user_name: str | None
    model: str
    provider: str
    purpose: CallPurpose
    status: CallStatus
    input_tokens: int | None
    cached_tokens: int | None
    output_tokens: int | None
    usage_source: UsageSource
    cost: Decimal | None
    duration_ms: int
    first_token_ms: int | None
    error_code: str | None
    conversation_id: UUID | None
    conversation_title: str | None

    @property
    def position(self) -> Position:
        return self.created_at, self.id


class UsageLines(Repository):
    def list_calls(
        self, reader_id: UUID, wanted: CallsWanted, *, before: Position | None = None, limit: int = 50
    ) -> list[CallRow]:
        """The newest first. `before`: the position of the last line of the page before."""
        given: dict[str, Any] = {"company": wanted.company_id, "start": wanted.start, "end": wanted.end}
        given |= {"reader": reader_id, "limit": limit}
        where = "company_id = :company AND created_at >= :start AND created_at < :end"
        for column, values in (
            ("model", wanted.models),
            ("purpose", wanted.purposes),
            ("user_id", wanted.user_ids),
            ("room_id", wanted.room_ids),
        ):
            if values:
                where += f" AND {column} = ANY(:{column})"
                given[column] = list(values)
        if before is not None:
            where += " AND (created_at, id) < (:before_time, :before_id)"
            given |= {"before_time": before[0], "before_id": before[1]}
        statement = f"""
            SELECT k.id, k.created_at, u.display_name, k.model, k.provider, k.purpose, k.status, k.input_tokens,
                k.cached_tokens, k.output_tokens, k.usage_source, k.cost, k.duration_ms, k.first_token_ms, k.error_code,
                c.id, c.title
            FROM (SELECT * FROM model_calls WHERE {where} ORDER BY created_at DESC, id DESC LIMIT :limit) k
            LEFT JOIN users u ON u.id = k.user_id
            LEFT JOIN members m ON m.conversation_id = k.conversation_id AND m.user_id = :reader AND m.left_at IS NULL
            LEFT JOIN conversations c ON c.id = m.conversation_id AND c.deleted_at IS NULL
            ORDER BY k.created_at DESC, k.id DESC"""
        return [_row(row) for row in self.session.execute(text(statement), given)]

    def list_models(self, company_id: UUID) -> list[str]:
        """All that were ever called, by name."""
        statement = f"""SELECT DISTINCT model FROM usage_spans
            WHERE company_id = :company AND kind = '{Kind.MODEL}' AND span = '{Span.MONTH}' ORDER BY model"""
        return list(self.session.execute(text(statement), {"company": company_id}).scalars())

    def list_models_of(self, company_id: UUID, user_id: UUID) -> list[str]:
        """All that this person ever called, by name."""
        statement = """SELECT DISTINCT model FROM model_calls
            WHERE company_id = :company AND user_id = :user ORDER BY model"""
        return list(self.session.execute(text(statement), {"company": company_id, "user": user_id}).scalars())

    def list_people(self, company_id: UUID) -> list[tuple[UUID, str]]:
        """Everybody of the company, by name."""
        statement = "SELECT id, display_name FROM users WHERE company_id = :company ORDER BY lower(display_name), id"
        return [tuple(row) for row in self.session.execute(text(statement), {"company": company_id})]

    def list_rooms(self, company_id: UUID, reader_id: UUID) -> list[tuple[UUID, str, str]]:
        """The rooms in which something was asked, with kind and, where this person may know it, title."""
        statement = f"""SELECT DISTINCT subject FROM usage_spans
            WHERE company_id = :company AND kind = '{Kind.ROOM}' AND span = '{Span.MONTH}'"""
        found = self.session.execute(text(statement), {"company": company_id}).scalars()
        return self.names_of_rooms(list(found), reader_id)

    def names_of_people(self, user_ids: Collection[UUID]) -> dict[UUID, str]:
        """Those who are gone are missing."""
        statement = "SELECT id, display_name FROM users WHERE id = ANY(:ids)"
        wanted = [user_id for user_id in user_ids if user_id != NOBODY]
        return {row[0]: row[1] for row in self.session.execute(text(statement), {"ids": wanted})}

    def names_of_rooms(self, room_ids: Collection[UUID], reader_id: UUID) -> list[tuple[UUID, str, str]]:
        """Each with its kind and its title: empty where this person is not in it, unless it is the company's. Rooms
        that are gone are missing.
        """
        may_know = "c.kind = 'company' OR m.user_id IS NOT NULL"
        statement = f"""SELECT c.id, c.kind, CASE WHEN {may_know} THEN c.title ELSE '' END
            FROM conversations c
            LEFT JOIN members m ON m.conversation_id = c.id AND m.user_id = :reader AND m.left_at IS NULL
            WHERE c.id = ANY(:ids) ORDER BY lower(c.title), c.id"""
        given = {"ids": list(room_ids), "reader": reader_id}
        return [tuple(row) for row in self.session.execute(text(statement), given)]


def _row(row: Any) -> CallRow:
    values = list(row)
    values[5], values[6], values[10] = CallPurpose(row[5]), CallStatus(row[6]), UsageSource(row[10])
    return CallRow(*values)
