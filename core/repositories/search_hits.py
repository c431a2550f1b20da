"""Candidates of a search become hits: what their reader may read at this moment, in order, with what a list shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from core.models import ConversationKind, MessageRole
from core.permissions import Actor, Permission
from core.repositories.base import Repository


@dataclass(frozen=True, slots=True)
class HitLine:
    message_id: UUID
    conversation_id: UUID
    seq: int
    kind: ConversationKind
    title: str
    """Of a direct chat: the other person's name."""
    role: MessageRole
    sender_name: str | None
    content: str
    said_at: datetime
    is_superseded: bool
    is_edited: bool


@dataclass(frozen=True, slots=True)
class TitleLine:
    conversation_id: UUID
    kind: ConversationKind
    title: str
    last_message_at: datetime
    is_archived: bool


class SearchHits(Repository):
    def ranked(self, keys: Sequence[UUID], words: str) -> list[UUID]:
        """These messages, those that fit a `tsquery` best first."""
        return list(self.session.execute(_RANKED, {"keys": list(keys), "words": words}).scalars().all())

    def list_messages(self, actor: Actor, keys: Sequence[UUID]) -> list[HitLine]:
        """Those of these messages that this person may read now, in the order given."""
        if not keys:
            return []
        rows = self.session.execute(text(_MESSAGES), _given(actor) | {"keys": list(keys)})
        return [
            HitLine(
                row.id, row.conversation_id, row.seq, ConversationKind(row.kind), row.title, MessageRole(row.role),
                row.sender_name, row.content, row.created_at, row.is_superseded, row.is_edited,
            )
            for row in rows
        ]  # fmt: skip

    def list_titles(self, actor: Actor, keys: Sequence[UUID], limit: int) -> list[TitleLine]:
        if not keys:
            return []
        rows = self.session.execute(text(_TITLES), _given(actor) | {"keys": list(keys), "limit": limit})
        return [
            TitleLine(row.id, ConversationKind(row.kind), row.title, row.last_message_at, row.is_archived)
            for row in rows
        ]

    def list_people(self, company_id: UUID, words: Sequence[str]) -> list[tuple[UUID, str, str]]:
        """Id, name and e-mail of whoever in the company may be called by all of these folded words.

        A first sieve only: PostgreSQL does not fold, so of names with letters beyond ASCII it lets all through.
        """
        given = {f"word_{at}": f"%{_escaped(word)}%" for at, word in enumerate(words) if word.isascii()}
        held = " ".join(f"AND (lower(u.display_name || ' ' || u.email) LIKE :{name} OR {_NOT_ASCII})" for name in given)
        rows = self.session.execute(text(_PEOPLE.format(held=held)), given | {"company": company_id})
        return [(row.id, row.display_name, row.email) for row in rows]

    def list_direct(self, actor: Actor, people: Sequence[UUID]) -> list[UUID]:
        """The direct chats that this person has with these."""
        if not people:
            return []
        return list(self.session.execute(_DIRECT, {"me": actor.user_id, "people": list(people)}).scalars())


def _given(actor: Actor) -> dict[str, object]:
    return {
        "me": actor.user_id,
        "company": actor.company_id,
        "chats": actor.may(Permission.CHAT_USE),
        "oversees": actor.may(Permission.ROOMS_OVERSEE),
    }


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


_NOT_ASCII = "octet_length(u.display_name) <> char_length(u.display_name)"
# Who may read a conversation: its members of now, each from where they may see it on, and of company rooms also those
# who oversee them. The same as `readable_by`, and the floor of `Conversation.floor_for`.
_READABLE = """
    LEFT JOIN members me ON me.conversation_id = c.id AND me.user_id = :me AND me.left_at IS NULL AND :chats
    WHERE c.company_id = :company AND c.deleted_at IS NULL
"""
_OVERSEEN = "(:oversees AND c.kind = 'company')"
_TITLE = """CASE WHEN c.kind = 'direct' THEN coalesce((
    SELECT u.display_name FROM members o JOIN users u ON u.id = o.user_id
    WHERE o.conversation_id = c.id AND o.user_id <> :me LIMIT 1), '') ELSE c.title END"""
_RANKED = text(
    """
    SELECT w.message_id FROM message_words w WHERE w.message_id = ANY(:keys)
    ORDER BY ts_rank(w.words, CAST(:words AS tsquery), 1) DESC, w.said_at DESC, w.message_id DESC
    """
)
_MESSAGES = f"""
    SELECT m.id, m.conversation_id, m.seq, c.kind, {_TITLE} AS title, m.role, m.created_at, m.content,
        coalesce(u.display_name, m.extra -> 'imported' -> 'sender' ->> 'name') AS sender_name,
        m.superseded_with_id IS NOT NULL AS is_superseded, m.edited_at IS NOT NULL AS is_edited
    FROM unnest(CAST(:keys AS uuid[])) WITH ORDINALITY AS given (key, place)
    JOIN messages m ON m.id = given.key JOIN conversations c ON c.id = m.conversation_id
    LEFT JOIN users u ON u.id = m.sender_id {_READABLE} AND m.deleted_at IS NULL
    AND (me.user_id IS NOT NULL AND (c.history = 'all' OR m.seq > me.joined_seq) OR {_OVERSEEN})
    ORDER BY given.place
"""
_TITLES = f"""
    SELECT c.id, c.kind, c.title, c.last_message_at, c.archived_at IS NOT NULL AS is_archived
    FROM unnest(CAST(:keys AS uuid[])) WITH ORDINALITY AS given (key, place)
    JOIN conversations c ON c.id = given.key {_READABLE} AND (me.user_id IS NOT NULL OR {_OVERSEEN})
    ORDER BY given.place LIMIT :limit
"""
_PEOPLE = """
    SELECT u.id, u.display_name, u.email FROM users u WHERE u.company_id = :company {held}
    ORDER BY u.id
"""
_DIRECT = text(
    """
    SELECT m.conversation_id FROM members m JOIN members o ON o.conversation_id = m.conversation_id
    WHERE m.user_id = :me AND m.kind = 'direct' AND m.left_at IS NULL AND o.user_id = ANY(:people)
        AND o.user_id <> :me
    """
)
