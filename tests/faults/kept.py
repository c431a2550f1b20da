"""What PostgreSQL has, read past Parley: by plain SQL over a connection of its own each time."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.engine import URL

from core.models import CallStatus, MessageRole, MessageStatus, UsageSource


@dataclass(frozen=True)
class KeptMessage:
    id: UUID
    conversation_id: UUID
    seq: int
    role: MessageRole
    status: MessageStatus
    content: str
    reply_to_id: UUID | None
    is_shown: bool
    """Not a version that another one replaced."""


@dataclass(frozen=True)
class KeptCall:
    status: CallStatus
    error_code: str | None
    usage_source: UsageSource
    input_tokens: int | None
    output_tokens: int | None


class Kept:
    def __init__(self, url: URL) -> None:
        self._engine = create_engine(
            url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"connect_timeout": 5, "application_name": "faults"},
        )

    def messages(self, conversation_id: UUID) -> list[KeptMessage]:
        """All of them in their order, hidden versions too."""
        rows = self._rows(
            "SELECT id, conversation_id, seq, role, status, content, reply_to_id,"
            " superseded_with_id IS NULL AS is_shown FROM messages WHERE conversation_id = :id ORDER BY seq",
            id=conversation_id,
        )
        return [
            KeptMessage(**row | {"role": MessageRole(row["role"]), "status": MessageStatus(row["status"])})
            for row in rows
        ]

    def questions(self, content: str) -> list[UUID]:
        """The messages of that very text, wherever they are."""
        rows = self._rows("SELECT id FROM messages WHERE role = 'user' AND content = :content", content=content)
        return [row["id"] for row in rows]

    def answers_to(self, content: str) -> list[KeptMessage]:
        """Every version of the answer to the question of that text, the shown one last."""
        rows = self._rows(
            "SELECT DISTINCT conversation_id FROM messages WHERE role = 'user' AND content = :content", content=content
        )
        asked = set(self.questions(content))
        found = [one for row in rows for one in self.messages(row["conversation_id"]) if one.reply_to_id in asked]
        return sorted(found, key=lambda one: one.is_shown)

    def calls(self, content: str) -> list[KeptCall]:
        """The ledger's rows for answers to the question of that text, in the order in which they were made."""
        rows = self._rows(
            "SELECT c.status, c.error_code, c.usage_source, c.input_tokens, c.output_tokens FROM model_calls c"
            " JOIN messages a ON a.id = c.message_id JOIN messages q ON q.id = a.reply_to_id"
            " WHERE q.content = :content AND c.purpose = 'answer' ORDER BY c.id",
            content=content,
        )
        return [
            KeptCall(**row | {"status": CallStatus(row["status"]), "usage_source": UsageSource(row["usage_source"])})
            for row in rows
        ]

    def title(self, conversation_id: UUID) -> str:
        return str(self._rows("SELECT title FROM conversations WHERE id = :id", id=conversation_id)[0]["title"])

    def count(self, table: str) -> int:
        return int(self._rows(f"SELECT count(*) AS n FROM {table}")[0]["n"])

    def make_database(self, name: str) -> URL:
        """A new one on the same server, empty."""
        self._rows(f"CREATE DATABASE {name}")
        return self._engine.url.set(database=name)

    def active_runs(self) -> int:
        return int(self._rows("SELECT count(*) AS n FROM answer_runs WHERE status IN ('queued', 'running')")[0]["n"])

    def gaps(self) -> list[UUID]:
        """Conversations whose messages are not numbered 1, 2, 3 … up to their `last_seq`."""
        rows = self._rows(
            "SELECT c.id FROM conversations c LEFT JOIN messages m ON m.conversation_id = c.id GROUP BY c.id"
            " HAVING count(m.seq) <> c.last_seq OR coalesce(max(m.seq), 0) <> c.last_seq"
            " OR count(DISTINCT m.seq) <> count(m.seq)"
        )
        return [row["id"] for row in rows]

    def backends(self, application_name: str = "parley") -> list[int]:
        """The process ids of its connections."""
        rows = self._rows("SELECT pid FROM pg_stat_activity WHERE application_name = :name", name=application_name)
        return [row["pid"] for row in rows]

    def terminate_backends(self, application_name: str = "parley") -> int:
        """As an administrator ends connections. How many there were."""
        statement = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :name"
        return len(self._rows(statement, name=application_name))

    def setting(self, name: str) -> str:
        return str(self._rows("SELECT current_setting(:name) AS value", name=name)[0]["value"])

    def _rows(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        with self._engine.connect() as connection:
            result = connection.execute(text(statement), values)
            return [dict(row) for row in result.mappings()] if result.returns_rows else []
