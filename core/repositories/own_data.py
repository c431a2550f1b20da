"""What there is of one person, page by page, for a file that they take along."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.repositories.base import Repository

Page = Sequence[dict[str, Any]]
FIRST = UUID(int=0)


class OwnData(Repository):
    def profile(self, user_id: UUID) -> dict[str, Any]:
        [row] = self._rows(_PROFILE, {"user": user_id})
        return row

    def sessions(self, user_id: UUID, after: UUID, limit: int) -> Page:
        """Sign-ins, those that ended too, in the order of their keys, which is that of time."""
        return self._page(_SESSIONS, user_id, after, limit)

    def notices(self, user_id: UUID, after: UUID, limit: int) -> Page:
        """What they were told."""
        return self._page(_NOTICES, user_id, after, limit)

    def tasks(self, user_id: UUID, after: UUID, limit: int) -> Page:
        """Those that they own, or are to do."""
        return self._page(_TASKS, user_id, after, limit)

    def calls(self, user_id: UUID, after: tuple[datetime, UUID] | None, limit: int) -> Page:
        """Calls of models that were made for them, the newest first."""
        given = {"user": user_id, "limit": limit}
        if after is None:
            return list(self._rows(_CALLS.format(place=""), given))
        given |= {"at": after[0], "id": after[1]}
        return list(self._rows(_CALLS.format(place="AND (created_at, id) < (:at, :id)"), given))

    def list_conversations(self, user_id: UUID) -> list[UUID]:
        """Those that they are in, and their own chats with the assistant."""
        return list(self.session.execute(text(_CONVERSATIONS), {"user": user_id}).scalars())

    def _page(self, statement: str, user_id: UUID, after: UUID, limit: int) -> Page:
        return list(self._rows(statement, {"user": user_id, "after": after, "limit": limit}))

    def _rows(self, statement: str, given: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for row in self.session.execute(text(statement), given).mappings():
            yield dict(row)


_CONVERSATIONS = """
    SELECT conversation_id FROM members WHERE user_id = :user AND left_at IS NULL
    UNION SELECT id FROM conversations WHERE owner_id = :user AND kind = 'assistant'"""
_PROFILE = """
    SELECT u.id, u.email, u.display_name, c.name AS company,
        ARRAY(SELECT r.role FROM user_roles r WHERE r.user_id = u.id ORDER BY r.role) AS roles,
        u.password_hash IS NOT NULL AS has_password, u.time_zone, u.chosen_time_zone, u.theme, u.created_at,
        u.last_seen_at,
        ARRAY(SELECT jsonb_build_object('issuer', i.issuer, 'subject', i.subject, 'since', i.created_at)
            FROM identities i WHERE i.user_id = u.id ORDER BY i.id) AS known_elsewhere_as
    FROM users u JOIN companies c ON c.id = u.company_id WHERE u.id = :user"""
_SESSIONS = """
    SELECT id, user_agent, provider, created_at, last_used_at, expires_at, revoked_at FROM auth_sessions
    WHERE user_id = :user AND id > :after ORDER BY id LIMIT :limit"""
_NOTICES = """
    SELECT id, kind, text, created_at, read_at FROM notices
    WHERE user_id = :user AND id > :after ORDER BY id LIMIT :limit"""
_LISTS = " UNION ALL ".join(
    f"""(SELECT id, title, description, status, due_on, owner_id = :user AS is_mine, assignee_id = :user AS is_for_me,
        source, created_at, completed_at, deleted_at
    FROM tasks WHERE {whose} AND id > :after ORDER BY id LIMIT :limit)"""
    for whose in (
        "assignee_id = :user AND deleted_at IS NULL",
        "owner_id = :user AND assignee_id <> owner_id AND deleted_at IS NULL",
        "owner_id = :user AND deleted_at IS NOT NULL",
    )
)
_TASKS = f"SELECT * FROM ({_LISTS}) tasks ORDER BY id LIMIT :limit"
"""Three lists, each from its index; no task is in two."""
_CALLS = """
    SELECT id, created_at, purpose, provider, model, status, input_tokens, cached_tokens, output_tokens, usage_source,
        cost, conversation_id
    FROM model_calls WHERE user_id = :user {place} ORDER BY created_at DESC, id DESC LIMIT :limit"""
